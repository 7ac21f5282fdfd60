"""Atoms packed into chunks that keep to their section, hold tables and lists whole, and overlap by whole sentences."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from lethe.ingestion.characters import starts_cluster
from lethe.ingestion.chunking.atoms import Atom
from lethe.ingestion.chunking.plan import ChunkSizes
from lethe.ports.embedding import Tokenizer
from lethe.ports.parsing import ElementKind

_TOP_SHARE: Final = 8
"""A new top-level section begins a new chunk once the current one holds an eighth of the target..."""
_DEEP_SHARE: Final = 2
"""...a deeper one once it holds half: smaller sections share a chunk."""
_BLOCK_SHARE: Final = 4
"""A table or list that fits a chunk of its own, but not the rest of this one, begins a new one from a quarter on."""
_FLOWING: Final = frozenset({ElementKind.TEXT, ElementKind.LIST_ITEM})
"""Only prose overlaps: a table's row or a line of code stands alone."""


def pack(pieces: Sequence[Atom], top: int, text: str, tokenizer: Tokenizer, sizes: ChunkSizes) -> Iterator[list[Atom]]:
    """Runs of atoms that are consecutive in the text, each at most the target size by the weight of its atoms.

    ``top`` is the level of the document's main sections.
    """
    blocks: Counter[int | None] = Counter()
    for piece in pieces:
        blocks[piece.block] += piece.weight
    current: list[Atom] = []
    for atom in pieces:
        held = sum(piece.weight for piece in current)
        end = _without_last_titles(current)
        before, titles = current[:end], current[end:]
        if before and _begins_section(atom, titles) and held * _share(atom, top) >= sizes.target:
            yield current
            current = []
        elif before and _stands_alone(current[-1], atom, held, blocks[atom.block], sizes.target):
            yield before
            current = titles
        elif before and held + atom.weight > sizes.target:
            yield before
            current = titles or _overlap(before, atom, text, tokenizer, sizes)
        if current and sum(piece.weight for piece in current) + atom.weight > sizes.target:
            yield current
            current = []
        current.append(atom)
    if current:
        yield current


def _begins_section(atom: Atom, titles: Sequence[Atom]) -> bool:
    return atom.kind is ElementKind.TITLE and not titles


def _share(atom: Atom, top: int) -> int:
    return _TOP_SHARE if atom.level <= top else _DEEP_SHARE


def _stands_alone(last: Atom, atom: Atom, held: int, block: int, target: int) -> bool:
    """Whether a chunk ends before the atom: at the ends of a row that is cut into parts, and before a block that would
    be cut though it need not be. ``block`` is the weight of the atom's block.
    """
    if last.row != atom.row:
        return True
    begins_block = atom.block is not None and atom.block != last.block
    return begins_block and block <= target < held + block and held * _BLOCK_SHARE >= target


def _without_last_titles(current: Sequence[Atom]) -> int:
    """How many atoms stand before the last titles: a title stays with what follows it."""
    end = len(current)
    while end > 0 and current[end - 1].kind is ElementKind.TITLE:
        end -= 1
    return end


def _overlap(done: Sequence[Atom], following: Atom, text: str, tokenizer: Tokenizer, sizes: ChunkSizes) -> list[Atom]:
    """The last sentences of a chunk that the next one repeats; the end of the last one if it alone is too long."""
    room = min(sizes.overlap, sizes.target - following.weight)
    repeated: list[Atom] = []
    for atom in reversed(done[1:]):
        if atom.weight > room or atom.path != following.path or not {atom.kind, following.kind} <= _FLOWING:
            break
        repeated.insert(0, atom)
        room -= atom.weight
    if repeated or room <= 0 or done[-1].path != following.path or not {done[-1].kind, following.kind} <= _FLOWING:
        return repeated
    return _last_words(done[-1], text, tokenizer, room)


def _last_words(atom: Atom, text: str, tokenizer: Tokenizer, room: int) -> list[Atom]:
    offsets = tokenizer.offsets(text[atom.start : atom.end].rstrip())
    if len(offsets) <= room:
        return []
    for number in range(len(offsets) - room, len(offsets)):
        start = atom.start + offsets[number][0]
        if text[start - 1].isspace() and starts_cluster(text, start):
            return [replace(atom, start=start, weight=len(offsets) - number)]
    return []
