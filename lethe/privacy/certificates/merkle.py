"""An append-only Merkle tree (RFC 6962 section 2, RFC 9162 section 2.1), without a place to keep it.

A node is (level, number): it covers the leaves [number << level, (number + 1) << level). Only nodes whose leaves are
all there are kept; whatever else a root or proof names is folded from those. So a caller asks which nodes are needed,
reads them in one go from wherever they are, and lets this module compute.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from typing import Final, NamedTuple

HASH_BYTES: Final = 32
EMPTY_ROOT: Final = hashlib.sha256(b"").digest()


class Node(NamedTuple):
    """A subtree of 2**level leaves."""

    level: int
    number: int


class Span(NamedTuple):
    """The leaves [begin, end) below one hash of a root or proof."""

    begin: int
    end: int


Hashes = Mapping[Node, bytes]


def leaf_hash(data: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def nodes_of(span: Span) -> list[Node]:
    """The kept nodes that make up a span, left to right: they shrink, as the spans of roots and proofs do."""
    found: list[Node] = []
    begin = span.begin
    while begin < span.end:
        level = (span.end - begin).bit_length() - 1
        found.append(Node(level, begin >> level))
        begin += 1 << level
    return found


def span_hash(span: Span, hashes: Hashes) -> bytes:
    """Raises KeyError if a node is missing."""
    parts = [hashes[node] for node in nodes_of(span)]
    return reduce(lambda right, left: node_hash(left, right), reversed(parts)) if parts else EMPTY_ROOT


def root(size: int, hashes: Hashes) -> bytes:
    return span_hash(Span(0, size), hashes)


def siblings(index: int) -> list[Node]:
    """The nodes that must be known to append the leaf of this index: the left ones of the pairs it completes."""
    completed = ((index + 1) & -(index + 1)).bit_length() - 1
    return [Node(level, (index >> level) - 1) for level in range(completed)]


def appended(index: int, leaf: bytes, hashes: Hashes) -> list[bytes]:
    """The hashes of the nodes that this leaf completes, by level: the first is the leaf itself."""
    done = [leaf]
    for sibling in siblings(index):
        done.append(node_hash(hashes[sibling], done[-1]))
    return done


def inclusion_spans(index: int, size: int) -> list[Span]:
    """The proof that the leaf is in the tree of this size, leaf to root (RFC 9162, 2.1.3.1)."""
    if not 0 <= index < size:
        raise ValueError("no such leaf")
    return [other for _, other in _descent(index, size)][::-1]


def consistency_spans(old: int, new: int) -> list[Span]:
    """The proof that the tree of the old size is the beginning of the new one (RFC 9162, 2.1.4.1)."""
    if not 0 <= old <= new:
        raise ValueError("no such sizes")
    if old in {0, new}:
        return []
    spans: list[Span] = []
    whole = Span(0, new)
    for mine, other in _descent(old - 1, new):
        if whole.end == old:
            break
        spans.append(other)
        whole = mine
    # The old tree's own right edge is left out where it is the whole of it: the verifier has that hash.
    return [*([] if whole.begin == 0 else [whole]), *reversed(spans)]


def _descent(index: int, size: int) -> Iterator[tuple[Span, Span]]:
    """From the root to the leaf: the half that holds it, and the other."""
    begin, end = 0, size
    while end - begin > 1:
        middle = begin + (1 << ((end - begin - 1).bit_length() - 1))
        left, right = Span(begin, middle), Span(middle, end)
        mine, other = (left, right) if index < middle else (right, left)
        yield mine, other
        begin, end = mine


def verify_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """RFC 9162, 2.1.4.2; the empty tree is the beginning of every other."""
    if not 0 <= old <= new:
        return False
    if old == new:
        return not proof and old_root == new_root
    if old == 0:
        return not proof and old_root == EMPTY_ROOT
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    if not path:
        return False
    number, last = old - 1, new - 1
    while number & 1:
        number, last = number >> 1, last >> 1
    first = second = path[0]
    for part in path[1:]:
        if last == 0:
            return False
        if number & 1 or number == last:
            first, second = node_hash(part, first), node_hash(part, second)
            while not number & 1 and number:
                number, last = number >> 1, last >> 1
        else:
            second = node_hash(second, part)
        number, last = number >> 1, last >> 1
    return last == 0 and first == old_root and second == new_root


class MerkleTree:
    """A tree in memory."""

    def __init__(self, leaves: Sequence[bytes] = ()) -> None:
        """``leaves`` are leaf hashes."""
        self.size = 0
        self._hashes: dict[Node, bytes] = {}
        for leaf in leaves:
            self.append(leaf)

    def grown(self, leaves: Sequence[bytes]) -> "MerkleTree":
        """Another tree, with these leaves behind its own."""
        other = MerkleTree()
        other.size, other._hashes = self.size, dict(self._hashes)
        for leaf in leaves:
            other.append(leaf)
        return other

    def append(self, leaf: bytes) -> int:
        """Returns the index of the leaf (hash)."""
        index = self.size
        for level, done in enumerate(appended(index, leaf, self._hashes)):
            self._hashes[Node(level, index >> level)] = done
        self.size += 1
        return index

    def root(self, size: int | None = None) -> bytes:
        return root(self.size if size is None else size, self._hashes)

    def inclusion(self, index: int, size: int) -> list[bytes]:
        return self._proof(inclusion_spans(index, size))

    def consistency(self, old: int, new: int) -> list[bytes]:
        return self._proof(consistency_spans(old, new))

    def _proof(self, spans: Sequence[Span]) -> list[bytes]:
        return [span_hash(span, self._hashes) for span in spans]
