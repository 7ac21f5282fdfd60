"""The bytes of an erased person are in no file of an installation: neither in clear nor sealed, in no form there is.

Two installations: embedded, and on a PostgreSQL, a Redis and a Temporal with a PostgreSQL of its own. Before, each
store is shown to hold what it would hold after if nothing were purged: in clear, or below its encryption to whoever has
the keys. Temporal's is shown to hold what somebody puts into a workflow's input, which no workflow of ours does.
"""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import pytest

from tests.integration.canaries.forms import IN_CLEAR, TEXTS, Form
from tests.integration.canaries.scanning import Found
from tests.integration.canaries.stacks import Outcome, embedded, external
from tests.integration.canaries.trial import beyond

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]
"""Time enough to build the Temporal server, once on a machine."""

Held = Mapping[str, set[Form]]

_INDEX: Final = {Form.UTF8, Form.TERM}
"""An index has terms, stemmed and in lower case; as they are written only values that can be filtered by, in UTF-8."""

FILES: Final[Mapping[str, Held]] = {
    "embedded": {
        "weaviate": {*_INDEX, Form.FLOAT32},
        "keywords": _INDEX,
        "sql": {Form.SEALED},
        "blobs": {Form.SEALED},
        "keyring": {Form.KEY},
    },
    "external": {
        "weaviate": {*_INDEX, Form.FLOAT32},
        "postgresql/base": {*_INDEX, Form.SEALED, Form.KEY},
        "postgresql/pg_wal": {Form.SEALED, Form.KEY},
        "blobs": {Form.SEALED},
    },
}
"""What each place holds before, and nothing else does. Half precision is nowhere: no store makes vectors smaller."""

_ASCII: Final = {Form.BASE64_0, Form.BASE64_1, Form.BASE64_2, Form.JSON, Form.PERCENT}

OPENED: Final[Held] = {
    "blobs": set(TEXTS),
    "chunks.sealed_text": {Form.UTF8, *_ASCII},
    "chunk_vectors.sealed_vector": {Form.FLOAT32},
    "document_versions.sealed_metadata": {Form.JSON},
    "document_versions.sealed_source_uri": {Form.UTF8},
    "document_versions.sealed_title": {Form.UTF8},
    "questions.sealed_request": {Form.UTF8},
    "answers.sealed_body": {Form.UTF8},
    "answers.sealed_trace": {Form.UTF8},
    "feedback.sealed_reason": {Form.UTF8},
    "subject_identifiers.sealed_identifier": {Form.UTF8},
}
"""Below the encryption, before. A text that was parsed is UTF-8; the original blob is as it was uploaded."""

HISTORIES: Final[Mapping[str, set[str]]] = {
    "embedded": {"temporal"},
    "external": {"temporal-postgresql/base", "temporal-postgresql/pg_wal"},
}
"""Where the inputs of workflows are, in clear."""

NEVER: Final[Mapping[str, str]] = {
    "temporal": "histories hold ids, counts and codes",
    "temporal-log": "ids and codes",
    "logs": "ids, codes and durations",
    "keys": "the keys of tenants, and the log's",
    "scratch": "a document while it is read",
    "redis": "its memory has no file",
    "state-witness": "hashes, signatures and random ids",
    "keyring": "the environment's stamp, where the ring is in PostgreSQL",
    "sql": "nothing, where the ledger is in PostgreSQL",
    "keywords": "nothing, where the ledger is in PostgreSQL",
    "admin.key": "a credential",
    "secrets.json": "credentials",
    "stack.json": "addresses",
    "stack.lock": "nothing",
}
"""Places that never hold any form, and why. What PostgreSQL has beside its tables and its log of writes is its own."""

LEFT: Final[Mapping[str, Held]] = {
    "embedded": {},
    "external": {
        "postgresql/base": {Form.SEALED},
        "postgresql/pg_wal": {Form.SEALED, Form.KEY},
    },
}
"""A limit of PostgreSQL: dead rows stay until a vacuum has their pages written over, writes until their segment is.

What is sealed there opens only with the tenant's key file and a wrapped key. The ring's table is written anew, so that
is in the log of writes alone: docs/decisions, key ring.
"""

OWN: Final[Mapping[str, tuple[set[str], set[str]]]] = {
    "embedded": ({"sql"}, {"keyring"}),
    "external": ({"postgresql/pg_wal"}, {"postgresql/pg_wal"}),
}
"""Where an open request's identifiers and its key are: sealed, and as a blind index."""

UNTIL_CERTIFIED: Final = {"erasure_identifiers.sealed_identifier"}
"""Whom the request is about: forgotten with its certificate."""


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Outcome]:
    """Both at once: most of the time is waiting."""
    with ThreadPoolExecutor(2) as pool:
        running = {
            name: pool.submit(trial, tmp_path_factory.mktemp(name))
            for name, trial in (("embedded", embedded), ("external", external))
        }
        return {name: each.result() for name, each in running.items()}


@pytest.fixture(params=sorted(FILES))
def name(request: pytest.FixtureRequest) -> str:
    return request.param


def test_before_each_store_holds_each_form_it_can_hold(outcomes: Mapping[str, Outcome], name: str) -> None:
    before = outcomes[name].before
    assert _forms(before.files) == FILES[name]
    assert before.opened == OPENED
    assert set(before.others) >= HISTORIES[name] | (set(FILES[name]) & {"weaviate", "keywords", "postgresql/base"})
    assert set(before.ids) >= HISTORIES[name] | {"logs"}
    assert not set(outcomes[name].trial.wanted) - set(Form)
    assert all(outcomes[name].trial.wanted[form] for form in Form)


def test_every_place_is_looked_into_and_accounted_for(outcomes: Mapping[str, Outcome], name: str) -> None:
    places = set(outcomes[name].planted)
    assert all(Form.UTF8 in forms for forms in outcomes[name].planted.values())
    assert {place for place in places if "postgresql/" not in place} <= {*FILES[name], *NEVER}
    assert places >= {*FILES[name], *HISTORIES[name], "logs", "keys", "scratch", "state-witness"}
    assert name == "embedded" or places >= {"redis", "postgresql/log", "postgresql/pg_xact", "temporal-log"}


def test_after_no_file_holds_any_form(
    outcomes: Mapping[str, Outcome], name: str, record_property: Callable[[str, object], None]
) -> None:
    """While the processes run, and after they have ended and written whatever they held."""
    outcome = outcomes[name]
    for found in (outcome.after.files, outcome.ended):
        held = _forms(found)
        assert {place: forms & set(IN_CLEAR) for place, forms in held.items() if forms & set(IN_CLEAR)} == {}
        beyond = {place: forms - LEFT[name].get(place, set()) for place, forms in held.items()}
        assert {place: forms for place, forms in beyond.items() if forms} == {}
    assert set(outcome.after.opened) <= UNTIL_CERTIFIED
    assert set(outcome.after.others) >= HISTORIES[name] | {"weaviate"}
    record_property(f"{name}: from the request to the purge, s", round(outcome.seconds, 1))
    record_property(f"{name}: left sealed", {place: len(forms) for place, forms in _forms(outcome.ended).items()})


def test_of_the_request_itself_nothing_is_left_after_its_certificate(
    outcomes: Mapping[str, Outcome], name: str
) -> None:
    """Found while it is open, where rows and keys are written; then whom it is about is nowhere, nor its key."""
    asked, forgotten = _forms(outcomes[name].trial.asked), outcomes[name].forgotten
    assert {place for place, forms in asked.items() if forms >= {Form.SEALED, Form.UTF8}} >= OWN[name][0]
    assert {place for place, forms in asked.items() if Form.KEY in forms} >= OWN[name][1]
    assert [beyond(found) for found in forgotten] == [{}, {}]


def _forms(found: Found) -> Held:
    return {place: set(forms) for place, forms in found.items()}
