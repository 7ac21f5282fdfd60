"""The chunks before and after what was found: a sentence's sense may begin in the one and end in the other."""

from collections.abc import Sequence

from lethe.model.ids import Id, chunk_id
from lethe.ports.search import Passage


def neighbours(passages: Sequence[Passage], reach: int) -> dict[Id, float]:
    """Ids of the chunks at most ``reach`` away that are not among the passages, with the score of what they adjoin.

    A document's first chunk has none before it and its last none after it; that is found out when they are opened.
    """
    held = {passage.chunk_id for passage in passages}
    found: dict[Id, float] = {}
    for passage in passages:
        for ordinal in range(max(0, passage.ordinal - reach), passage.ordinal + reach + 1):
            beside = chunk_id(passage.version_id, ordinal)
            if beside not in held:
                found[beside] = max(passage.score, found.get(beside, 0.0))
    return found
