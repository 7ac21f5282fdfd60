"""What an installation serves and what its index holds, against a build from nothing by the plain script."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

import numpy as np

from bench.index import Index, read_index
from bench.ingest.floor import Built
from bench.installation import Installation
from lethe.adapters.embedding.free import FreeEmbedder
from lethe.ports.embedding import InputKind

SETTLE_SECONDS = 120.0
"""How long replaced and deleted versions may take to leave the index."""

Place = tuple[str, int]
"""A file's name and a chunk's ordinal."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Zero of each is right.

    ``missing`` and ``foreign``: chunks that only the fresh build or only Lethe has. ``stale``: objects of the index
    that no served chunk accounts for. ``holes``: served chunks without an object. ``wrong_vectors``: objects whose
    vector is not that of their text; looked at with the free embedder only, which is quick enough to ask twice.
    """

    missing: int
    foreign: int
    stale: int
    holes: int
    wrong_vectors: int = 0

    @property
    def is_none(self) -> bool:
        return self == Difference(0, 0, 0, 0)


_TOLERANCE = 1e-5


def compared(installation: Installation, fresh: Mapping[str, Sequence[Built]], *, is_free: bool) -> Difference:
    """The installation against a fresh build, once its index has settled."""
    wanted = {(name, chunk.draft.ordinal): chunk for name, chunks in fresh.items() for chunk in chunks}
    served: dict[str, tuple[str, int]] = {}
    foreign = 0
    for document in installation.documents():
        name = PurePosixPath(document["source_uri"]).name
        for chunk in installation.chunks(document["id"]):
            place = (name, int(chunk["ordinal"]))
            served[chunk["id"]] = place
            draft = wanted[place].draft if place in wanted else None
            foreign += draft is None or (chunk["section"], chunk["text"]) != (draft.section, draft.text)
    index = _settled(installation, set(served))
    vectors = _wrong_vectors(index, served, wanted) if is_free else 0
    return Difference(
        missing=len(set(wanted) - set(served.values())),
        foreign=foreign,
        stale=len(set(index) - set(served)),
        holes=len(set(served) - set(index)),
        wrong_vectors=vectors,
    )


def _settled(installation: Installation, served: set[str]) -> Index:
    deadline = time.monotonic() + SETTLE_SECONDS
    index = read_index(installation)
    while set(index) != served and time.monotonic() < deadline:
        time.sleep(2)
        index = read_index(installation)
    return index


def _wrong_vectors(index: Index, served: Mapping[str, Place], wanted: Mapping[Place, Built]) -> int:
    known = [chunk_id for chunk_id, place in served.items() if chunk_id in index and place in wanted]
    texts = [wanted[served[chunk_id]].embedded for chunk_id in known]
    right = asyncio.run(FreeEmbedder().embed(texts, InputKind.DOCUMENT))
    held = np.array([index[chunk_id] for chunk_id in known], np.float32).reshape(right.shape)
    return int((np.abs(held - right).max(axis=1, initial=0) > _TOLERANCE).sum())
