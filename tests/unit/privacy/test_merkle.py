"""The Merkle tree: against an implementation of others, against the RFC's own words, and against edits."""

import hashlib
import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymerkle import InmemoryTree

from cli import verify_erasure as verifier
from lethe.privacy.certificates.merkle import (
    EMPTY_ROOT,
    MerkleTree,
    leaf_hash,
    node_hash,
    verify_consistency,
)

LARGEST = 70


def _entry(number: int) -> bytes:
    return f"entry {number}".encode()


def _is_included(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """As whoever is handed a certificate finds it."""
    try:
        return verifier.root_from(leaf, index, size, proof) == root
    except verifier.NotValid:
        return False


@pytest.fixture(scope="module")
def tree() -> MerkleTree:
    return MerkleTree([leaf_hash(_entry(number)) for number in range(LARGEST)])


@pytest.fixture(scope="module")
def oracle() -> InmemoryTree:
    theirs = InmemoryTree(algorithm="sha256")
    for number in range(LARGEST):
        theirs.append_entry(_entry(number))
    return theirs


def test_roots_are_those_of_another_implementation(tree: MerkleTree, oracle: InmemoryTree) -> None:
    assert [tree.root(size) for size in range(LARGEST + 1)] == [oracle.get_root(size) for size in range(LARGEST + 1)]


def test_inclusion_proofs_are_those_of_another_implementation(tree: MerkleTree, oracle: InmemoryTree) -> None:
    for size in range(1, LARGEST + 1):
        for index in range(size):
            proof = tree.inclusion(index, size)
            # Theirs begins with the leaf itself and counts from one.
            assert proof == oracle.prove_inclusion(index + 1, size).path[1:]
            assert _is_included(leaf_hash(_entry(index)), index, size, proof, tree.root(size))


def test_consistency_is_what_another_implementation_proves(tree: MerkleTree, oracle: InmemoryTree) -> None:
    for new in range(2, LARGEST + 1):
        for old in range(1, new):
            # Its proofs are laid out in another way than the RFC's; what they prove of our roots is the same.
            theirs = oracle.prove_consistency(old, new)
            theirs.verify(tree.root(old), tree.root(new))
            assert verify_consistency(old, new, tree.root(old), tree.root(new), tree.consistency(old, new))


def test_the_rfc_definitions(tree: MerkleTree) -> None:
    """RFC 9162, 2.1.1 and 2.1.4.1, word by word."""

    def half(size: int) -> int:
        return 1 << ((size - 1).bit_length() - 1)

    def mth(leaves: list[bytes]) -> bytes:
        if not leaves:
            return hashlib.sha256(b"").digest()
        if len(leaves) == 1:
            return leaf_hash(leaves[0])
        k = half(len(leaves))
        return node_hash(mth(leaves[:k]), mth(leaves[k:]))

    def subproof(m: int, leaves: list[bytes], *, is_whole: bool) -> list[bytes]:
        n = len(leaves)
        if m == n:
            return [] if is_whole else [mth(leaves)]
        k = half(n)
        if m <= k:
            return [*subproof(m, leaves[:k], is_whole=is_whole), mth(leaves[k:])]
        return [*subproof(m - k, leaves[k:], is_whole=False), mth(leaves[:k])]

    entries = [_entry(number) for number in range(40)]
    for size in range(1, 41):
        assert tree.root(size) == mth(entries[:size])
        for old in range(1, size):
            assert tree.consistency(old, size) == subproof(old, entries[:size], is_whole=True)


def test_the_empty_tree() -> None:
    assert MerkleTree().root() == EMPTY_ROOT
    one = MerkleTree([leaf_hash(b"a")])
    assert verify_consistency(0, 1, EMPTY_ROOT, one.root(), one.consistency(0, 1))
    assert not verify_consistency(0, 1, one.root(), one.root(), [])
    with pytest.raises(ValueError):
        one.inclusion(1, 1)
    with pytest.raises(ValueError):
        one.consistency(2, 1)


@given(size=st.integers(2, 400), seed=st.integers(0, 2**32))
def test_a_changed_proof_is_refused(size: int, seed: int) -> None:
    chance = random.Random(seed)
    tree = MerkleTree([leaf_hash(_entry(number)) for number in range(size)])
    index, old = chance.randrange(size), chance.randrange(1, size)
    inclusion, consistency = tree.inclusion(index, size), tree.consistency(old, size)
    leaf, root = leaf_hash(_entry(index)), tree.root()

    assert _is_included(leaf, index, size, inclusion, root)
    assert not _is_included(leaf, size, size, inclusion, root)
    assert not _is_included(leaf, index, size, [*inclusion, root], root)
    assert not _is_included(leaf, index, size, inclusion[:-1], root)
    assert not _is_included(leaf_hash(b"other"), index, size, inclusion, root)
    assert not _is_included(leaf, index, size, _flipped(inclusion, chance), root)
    if index != size - 1:
        assert not _is_included(leaf, index + 1, size, inclusion, root)

    assert verify_consistency(old, size, tree.root(old), root, consistency)
    assert not verify_consistency(old, size, tree.root(old), root, consistency[:-1])
    assert not verify_consistency(old, size, tree.root(old), root, [*consistency, root])
    assert not verify_consistency(old, size, tree.root(old), root, _flipped(consistency, chance))
    assert not verify_consistency(old, size, leaf_hash(b"other"), root, consistency)
    assert not verify_consistency(size, old, root, tree.root(old), consistency)


def test_a_fork_is_refused() -> None:
    ours = MerkleTree([leaf_hash(_entry(number)) for number in range(20)])
    forked = MerkleTree([leaf_hash(_entry(number)) for number in range(12)])
    for number in range(100, 108):
        forked.append(leaf_hash(_entry(number)))
    assert verify_consistency(12, 20, ours.root(12), forked.root(), forked.consistency(12, 20))
    for old in range(13, 20):
        assert not verify_consistency(old, 20, ours.root(old), forked.root(), forked.consistency(old, 20))
        assert not verify_consistency(old, 20, ours.root(old), forked.root(), ours.consistency(old, 20))


def _flipped(proof: list[bytes], chance: random.Random) -> list[bytes]:
    which, bit = chance.randrange(len(proof)), chance.randrange(256)
    changed = (int.from_bytes(proof[which]) ^ 1 << bit).to_bytes(32)
    return [*proof[:which], changed, *proof[which + 1 :]]
