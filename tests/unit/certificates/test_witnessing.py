"""A witness sees one history of a log, and keeps what it was given through restarts."""

from pathlib import Path

import pytest

from lethe.adapters.fakes.witness import FakeWitness
from lethe.adapters.signing_keys import signing_seed
from lethe.adapters.witness.journal import FileJournal
from lethe.errors import CheckpointRefused, ConfigurationError, EnvironmentMismatch, LogForked, WitnessUnavailable
from lethe.ports.witness import Advance, Tombstone
from lethe.privacy.certificates.merkle import MerkleTree, leaf_hash
from lethe.privacy.certificates.notes import Checkpoint, Note, NoteSigner, VerifierKey, b64
from lethe.privacy.certificates.witnessing import Journal, WitnessState
from lethe.settings import Environment
from tests.unit.certificates.made import LOG, ORIGIN, SECONDS, WITNESS, cosigned


def leaves(count: int, fork_at: int = 10**6) -> list[bytes]:
    return [leaf_hash(f"{'other ' if n >= fork_at else ''}{n}".encode()) for n in range(count)]


def advance(old: int, new: int, log: NoteSigner = LOG, fork_at: int = 10**6, origin: str = ORIGIN) -> Advance:
    tree = MerkleTree(leaves(new, fork_at))
    return Advance(
        log_key=log.key.text,
        old=old,
        proof=tuple(b64(part) for part in (tree.consistency(old, new) if old <= new else ())),
        leaves=tuple(b64(leaf) for leaf in leaves(new, fork_at)[old:]),
        checkpoint=log.sign(Checkpoint(origin, new, tree.root()).text).text,
    )


def state(journal: Journal) -> WitnessState:
    return WitnessState(WITNESS, journal, lambda: SECONDS)


@pytest.fixture
def witness() -> WitnessState:
    return FakeWitness(WITNESS).state


def test_what_follows_is_cosigned(witness: WitnessState):
    for old, new in ((0, 3), (3, 3), (3, 8), (8, 21)):
        asked = advance(old, new)
        note = Note.parse(asked.checkpoint).with_line(witness.cosign(asked))
        assert note.is_signed_by(LOG.key)
        assert note.is_signed_by(VerifierKey.parse(WITNESS.key.text))
    head = witness.head(ORIGIN)
    assert (head.size, head.key, head.log_key) == (21, WITNESS.key.text, LOG.key.text)
    assert list(witness.leaves(ORIGIN, 5, 100)) == leaves(21)[5:]


def test_a_fork_or_a_step_back_is_not(witness: WitnessState):
    witness.cosign(advance(0, 8))
    for forked in (advance(8, 12, fork_at=5), advance(8, 8, fork_at=7)):
        with pytest.raises(LogForked):
            witness.cosign(forked)
    for late in (advance(0, 5), advance(5, 5), advance(5, 9)):
        with pytest.raises(WitnessUnavailable):
            witness.cosign(late)
    with pytest.raises(LogForked):
        witness.cosign(advance(8, 5))
    assert witness.head(ORIGIN).size == 8
    witness.cosign(advance(8, 9))


def test_what_is_not_the_logs_is_not(witness: WitnessState):
    witness.cosign(advance(0, 4))
    good = advance(4, 6)
    other = NoteSigner(ORIGIN, b"o" * 32)
    text = good.checkpoint
    for bad in (
        advance(4, 6, other),
        Advance(LOG.key.text, 4, good.proof, good.leaves, advance(4, 6, other).checkpoint),
        Advance(good.log_key, 4, good.proof, good.leaves, text.replace("\n6\n", "\n7\n")),
        Advance(good.log_key, 4, good.proof, good.leaves, text + text.rsplit("\n", 2)[1] + "\n"),
        Advance(good.log_key, 4, good.proof, (*good.leaves[:1], "AAAA"), text),
        Advance("nonsense", 4, good.proof, good.leaves, text),
        Advance(good.log_key, 4, good.proof, good.leaves, "nonsense"),
        advance(4, 6, origin="lethe/another"),
    ):
        with pytest.raises(CheckpointRefused):
            witness.cosign(bad)
    for bad in (
        Advance(good.log_key, 4, good.proof[:-1], good.leaves, text),
        Advance(good.log_key, 4, good.proof, good.leaves[:-1], text),
        Advance(good.log_key, 4, good.proof, tuple(reversed(good.leaves)), text),
    ):
        with pytest.raises(LogForked):
            witness.cosign(bad)
    assert witness.head(ORIGIN).size == 4


def test_it_knows_after_a_restart_what_it_knew_before(tmp_path: Path):
    path = tmp_path / "witness" / "witness.jsonl"
    journal = FileJournal(path)
    first = state(journal)
    first.cosign(advance(0, 7))
    buried = [Tombstone("t", "version", "v1"), Tombstone("t", "key", "k1")]
    first.bury(ORIGIN, buried)
    first.bury(ORIGIN, [buried[1], Tombstone("t", "key", "k2")])
    with pytest.raises(ConfigurationError, match="another process"):
        FileJournal(path)
    before = first.head(ORIGIN)
    journal.close()
    # A process that was killed while it wrote left half a line.
    with path.open("ab") as file:
        file.write(b'{"type":"checkpoint","origin":')
    journal = FileJournal(path)
    second = state(journal)
    assert second.head(ORIGIN) == before
    assert list(second.tombstones(ORIGIN, 1, 9)) == [buried[1], Tombstone("t", "key", "k2")]
    with pytest.raises(LogForked):
        second.cosign(advance(7, 9, fork_at=2))
    second.cosign(advance(7, 9))
    assert path.stat().st_mode & 0o777 == 0o600
    journal.close()
    journal = FileJournal(path)
    assert state(journal).head(ORIGIN).size == 9
    journal.close()


def test_a_damaged_file_is_not_taken_for_a_shorter_one(tmp_path: Path):
    path = tmp_path / "witness.jsonl"
    journal = FileJournal(path)
    state(journal).cosign(advance(0, 2))
    journal.close()
    path.write_bytes(b"x" + path.read_bytes()[1:])
    journal = FileJournal(path)
    with pytest.raises(ConfigurationError, match="damaged"):
        state(journal)
    journal.close()


def test_keys_are_made_once_and_for_one_environment(tmp_path: Path):
    path = tmp_path / "keys" / "log.key"
    made = signing_seed(path, Environment.DEVELOPMENT)
    assert signing_seed(path, Environment.DEVELOPMENT) == made
    assert len(made) == 32
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(EnvironmentMismatch):
        signing_seed(path, Environment.PRODUCTION)
    path.write_text("lethe-signing-key-1 development 00")
    with pytest.raises(ConfigurationError):
        signing_seed(path, Environment.DEVELOPMENT)


def test_notes_are_those_of_the_specification():
    # The example of c2sp.org/signed-note and golang.org/x/mod/sumdb/note.
    key = VerifierKey.parse("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
    text = (
        "If you think cryptography is the answer to your problem,\n"
        "then you don't know what your problem is.\n\n"
        "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
    )
    note = Note.parse(text)
    assert note.is_signed_by(key)
    assert not Note(note.body.replace("answer", "Answer"), note.signatures).is_signed_by(key)
    mine = Note.parse(cosigned(LOG, Checkpoint(ORIGIN, 1, b"r" * 32)))
    assert mine.is_signed_by(VerifierKey.parse(LOG.key.text))
    assert VerifierKey.parse(key.text) == key
    for bad in (key.text.replace("c7", "c8"), key.text[:-1], "Peter Neumann" + key.text[12:], ""):
        with pytest.raises(ValueError):
            VerifierKey.parse(bad)
    for bad_text in (text[:-1], text.replace("— ", "- "), text.replace("\n\n", "\n"), text.replace("M=", "N=")):
        with pytest.raises(ValueError):
            Note.parse(bad_text)
