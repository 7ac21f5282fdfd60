"""Thousands of ways to change or make up a certificate; the verifier takes none."""

import copy
import random
from collections.abc import Callable

import pytest

from cli import verify_erasure as verifier
from tests.unit.certificates import forgers
from tests.unit.certificates.forgers import Forger
from tests.unit.certificates.made import LOG, WITNESS, Made, made


@pytest.fixture(scope="module")
def some() -> Made:
    return made(60, seed=11)


FORGERS: dict[Forger, int] = {
    forgers.bits: 1_200,
    forgers.characters: 800,
    forgers.field: 900,
    forgers.swapped: 500,
    forgers.other_key: 200,
    forgers.whole_other_log: 200,
    forgers.not_logged: 200,
    forgers.unseen_by_the_witness: 200,
    forgers.proof_of_another: 200,
    forgers.older_checkpoint: 200,
    forgers.contradiction: 300,
    forgers.notation: 300,
    forgers.signed_notes: 200,
    forgers.padding: 100,
    forgers.malleable: 100,
    forgers.garbage: 100,
}


@pytest.mark.parametrize("forger", FORGERS, ids=lambda forger: forger.__name__)
def test_no_forgery_is_taken(forger: Forger, some: Made, record_property: Callable[[str, object], None]):
    chance = random.Random(forger.__name__)
    log, witness = verifier.Key(LOG.key.text, verifier.LOG), verifier.Key(WITNESS.key.text, verifier.WITNESS)
    originals = set(some.texts)
    for number in range(FORGERS[forger]):
        forged = forger(some, chance)
        assert forged not in originals
        with pytest.raises(verifier.NotValid):
            verifier.verify(forged, log, witness)
        if forger is not forgers.unseen_by_the_witness and number % 4 == 0:
            # Nor without the witness's key, but for what only the witness could know.
            with pytest.raises(verifier.NotValid):
                verifier.verify(forged, log)
    record_property("tried, taken", f"{FORGERS[forger]}, 0")


def test_they_are_more_than_five_thousand():
    assert sum(FORGERS.values()) >= 5_000


def test_untouched_ones_are_taken(some: Made):
    """The positive control."""
    log, witness = verifier.Key(LOG.key.text, verifier.LOG), verifier.Key(WITNESS.key.text, verifier.WITNESS)
    for text in some.texts:
        assert verifier.verify(copy.copy(text), log, witness)
