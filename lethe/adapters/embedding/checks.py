"""What every embedder checks of its vendor's answer."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from lethe.errors import EmbeddingInvalid
from lethe.ports.embedding import Vectors


def checked(vectors: NDArray[np.floating], *, count: int, dims: int) -> Vectors:
    """Vectors of shape (count, dims), each made of norm 1.

    Raises EmbeddingInvalid for another shape, a value that is not finite, or a vector of length 0.
    """
    if vectors.shape != (count, dims):
        raise EmbeddingInvalid(f"expected {count} vectors of {dims} dimensions, got shape {vectors.shape}")
    with np.errstate(over="ignore", invalid="ignore"):
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    # The norm of a row is finite and positive exactly if every value is finite and one is not zero.
    if not (np.isfinite(norms).all() and (norms > 0).all()):
        raise EmbeddingInvalid("a vector has a value that is not finite, or has length 0")
    return np.asarray(vectors / norms, dtype=np.float32)


def in_order(items: Iterable[tuple[object, object]], *, count: int, dims: int) -> Vectors:
    """A vendor's (position, vector) pairs in the order of the texts, as `checked` gives them: shape (count, dims).

    Raises EmbeddingInvalid unless every position is there exactly once, and for what `checked` refuses.
    """
    by_place = dict(_numbered(items))
    if sorted(by_place) != list(range(count)):
        raise EmbeddingInvalid(f"expected the vectors of {count} texts, got {len(by_place)} positions")
    try:
        # Doubles: a number too large for a float would only warn, and be infinite.
        vectors = np.asarray([by_place[place] for place in range(count)], dtype=np.float64)
    except (TypeError, ValueError):
        raise EmbeddingInvalid("a vector is not a list of numbers, or they differ in length") from None
    return checked(vectors, count=count, dims=dims)


def _numbered(items: Iterable[tuple[object, object]]) -> Iterable[tuple[int, object]]:
    seen: set[int] = set()
    for place, vector in items:
        if not isinstance(place, int) or place in seen:
            raise EmbeddingInvalid("a position is missing, or there twice")
        seen.add(place)
        yield place, vector
