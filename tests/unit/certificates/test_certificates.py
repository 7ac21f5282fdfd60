"""What certificates say, and that they cannot say anything else."""

import base64
import random
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from cli import verify_erasure as verifier
from lethe.errors import CertificateRefused
from lethe.model.certificates import CertificateFacts, Exclusion, ExclusionReason
from lethe.model.erasures import ErasureMethod, PurgeState
from lethe.model.personal_data import StoreName
from lethe.privacy.certificates.body import body_of, checked_body, subject_commitment
from lethe.privacy.certificates.canonical import Json, canonical, parse_canonical
from lethe.privacy.certificates.stamps import rfc3339
from lethe.settings import OutsideProvider
from tests.unit.certificates.forms import forms
from tests.unit.certificates.made import LOG, NOON, WITNESS, Made, facts, made

Recorder = Callable[[str, object], None]

COUNT = 1_000
CERTIFIED = rfc3339(NOON + timedelta(hours=1))


@pytest.fixture(scope="module")
def thousand() -> Made:
    return made(COUNT, seed=7)


def log_key() -> verifier.Key:
    return verifier.Key(LOG.key.text, verifier.LOG)


def witness_key() -> verifier.Key:
    return verifier.Key(WITNESS.key.text, verifier.WITNESS)


def test_a_thousand_certificates_are_valid_and_name_nobody(thousand: Made, record_property: Recorder):
    log, witness = log_key(), witness_key()
    searched = 0
    for text, identifiers in zip(thousand.texts, thousand.identifiers, strict=True):
        verifier.verify(text, log, witness)
        decoded = base64.b64decode(re.search(rb'"checkpoint":"([^"]+)"', text)[1])  # type: ignore[index]
        for identifier in identifiers:
            for form in forms(identifier):
                searched += 1
                assert form not in text
                assert form not in decoded
            for part in re.findall(r"[a-z]{4,}|\d{7}", identifier.lower()):
                assert part.encode() not in text.lower(), part
    record_property("forms of identifiers searched for, found", f"{searched}, 0")
    # The positive control: what is there is found.
    planted = thousand.texts[0].replace(b'"type"', b'"Max Mustermann 0"')
    assert any(form in planted for form in forms(thousand.identifiers[0][1]))


def test_the_person_can_be_shown_with_the_nonce_alone(thousand: Made):
    document = verifier.verify(thousand.texts[3], log_key())
    verifier.require_subject(document, thousand.nonces[3].hex(), thousand.identifiers[3])
    verifier.require_subject(document, thousand.nonces[3].hex(), [f"  {thousand.identifiers[3][0]} "])
    for nonce, identifier in (
        (thousand.nonces[4].hex(), thousand.identifiers[3][0]),
        (thousand.nonces[3].hex(), thousand.identifiers[4][0]),
    ):
        with pytest.raises(verifier.NotValid):
            verifier.require_subject(document, nonce, [identifier])
    with pytest.raises(verifier.Unusable):
        verifier.require_subject(document, "abc", ["x"])
    assert subject_commitment(b"n" * 32, "Jose\u0301") == subject_commitment(b"n" * 32, " Jos\u00e9")


def test_issuer_and_verifier_know_the_same_words():
    assert list(verifier.STORES) == sorted(StoreName)
    assert set(verifier.METHODS) == set(ErasureMethod)
    assert {*verifier.GONE, "ages_out", verifier.UNDATED} == set(PurgeState) - {PurgeState.PENDING}
    assert set(verifier.REASONS) == set(ExclusionReason)
    assert set(verifier.PROVIDERS) == set(OutsideProvider)


def _broken(good: CertificateFacts) -> dict[str, CertificateFacts]:
    first, *others = good.stores
    seen = good.verification
    return {
        "an identifier as request": replace(good, request_id="max@example.org"),
        "a name as provider": replace(good, processors=(replace(good.processors[0], provider="Max Mustermann"),)),
        "an address as verifier": replace(good, verification=replace(seen, build_hash="Musterweg 1, 12345 Berlin")),
        "a name as commitment": replace(good, commitments=("Max Mustermann",)),
        "no commitment": replace(good, commitments=()),
        "a store left out": replace(good, stores=tuple(others)),
        "a store twice": replace(good, stores=(*good.stores, first)),
        "something remains": replace(good, stores=(replace(first, remaining=1), *others)),
        "something unexplained": replace(good, stores=(replace(first, held=1, located=first.located + 1), *others)),
        "something lost": replace(good, stores=(replace(first, located=first.located + 1), *others)),
        "a purge not ended": replace(good, stores=(replace(first, purge=PurgeState.PENDING), *others)),
        "a date nobody keeps": replace(
            good, stores=(replace(first, purge=PurgeState.LEFT_TO_OPERATOR, horizon_at=NOON), *others)
        ),
        "a purge without a date": replace(good, stores=(replace(first, purge=PurgeState.AGES_OUT), *others)),
        "times that go back": replace(good, deleted_at=good.accepted_at - timedelta(seconds=1)),
        "a purge nobody saw": replace(good, purged_at=None),
        "a hit": replace(good, verification=replace(seen, hits=1)),
        "a control not found": replace(good, verification=replace(seen, control_found=0)),
        "no control": replace(good, verification=replace(seen, control_planted=0, control_found=0)),
        "nothing looked for": replace(good, verification=replace(seen, probes=0)),
        "a negative count": replace(good, keys_destroyed=-1),
        "no round": replace(good, rounds=0),
        "a reason for nothing": replace(good, exclusions=(Exclusion(first.store, ExclusionReason.LEGAL_HOLD, 1),)),
    }


def _purged() -> CertificateFacts:
    chance = random.Random(0)
    return next(each for _ in range(99) if (each := facts(chance, ["a@b.example"], b"n" * 32)).purged_at)


def test_good_facts_make_a_body():
    assert body_of(_purged(), CERTIFIED).claim == "purged"


@pytest.mark.parametrize("what", list(_broken(_purged())))
def test_what_contradicts_itself_is_not_certified(what: str):
    with pytest.raises(CertificateRefused) as refused:
        body_of(_broken(_purged())[what], CERTIFIED)
    # The refusal tells the rule, never the value.
    assert not any(word in refused.value.detail for word in ("Max", "max@", "Musterweg"))


def test_nothing_more_can_stand_in_a_body():
    fields = body_of(_purged(), CERTIFIED).model_dump(mode="json")
    assert checked_body(fields)
    for change in (
        {**fields, "note": "for Max"},
        {**fields, "type": "lethe.erasure-certificate/v2"},
        {**fields, "times": {**fields["times"], "purged": "yesterday"}},
        {**fields, "stores": [{**each, "who": "Max"} for each in fields["stores"]]},
        {**fields, "builds": [{"build": "Max", "kind": "vector"}]},
        {**fields, "tenant": fields["tenant"] + "\n"},
        {**fields, "rounds": 2.0},
        {**fields, "rounds": "2"},
        {**fields, "rounds": True},
    ):
        with pytest.raises(CertificateRefused):
            checked_body(change)


@pytest.mark.parametrize(
    "text",
    [
        *(b'{"a":1.0}', b'{"a":1e2}', b'{"a": 1}', b'{"b":1,"a":1}', b'{"a":1,"a":1}', b'{"a":"\\u0061"}', b'{"a":01}'),
        *(
            b'{"a":9007199254740993}',
            b'{"a":NaN}',
            b'{"a":-0}',
            b'{"a":"\xc3\xa4"}',
            b'{"a":"\\u00e4"}',
            b'{"a":"\\n"}',
        ),
        *(b"\xef\xbb\xbf{}", b"{}\n", b" {}", b"{}{}", b"", b'{"a":"\\/"}', b'{"a":1,}', b"\xff"),
    ],
)
def test_one_value_has_one_form(text: bytes):
    with pytest.raises(ValueError):
        parse_canonical(text)


def test_the_canonical_form():
    value: Json = {"b": [1, True, None, '\\"/'], "A": -1, "a": {}}
    assert canonical(value) == b'{"A":-1,"a":{},"b":[1,true,null,"\\\\\\"/"]}'
    assert parse_canonical(canonical(value)) == value
    outsiders: list[Any] = [1.5, {"ä": 1}, {1: 2}, "\n", "\x7f", 2**53, b"x", {"a": {1, 2}}]
    for outside in outsiders:
        with pytest.raises(ValueError):
            canonical(outside)
