"""Other wordings of a question: filler, the glossary, and what must stay to the letter."""

import re
from collections.abc import AsyncGenerator

import pytest
from hypothesis import given
from hypothesis.strategies import dictionaries, lists, sampled_from, text

from lethe.adapters.fakes.clock import FakeClock
from lethe.adapters.fakes.embedding import HashEmbedder
from lethe.adapters.fakes.keyring import FakeKeyRing
from lethe.adapters.fakes.vectors import InMemoryVectorIndex
from lethe.adapters.sql import SqlLedger
from lethe.model.ids import new_id
from lethe.model.principals import Caller, Role
from lethe.retrieval.glossary import Glossaries
from lethe.retrieval.rewriting import two_way, with_synonyms, without_filler, wordings
from lethe.settings import Settings
from tests.corpus import Corpus

IDENTIFIERS = ["XR-200", "E1042", "PEP 8", "v1.2.3", "OT-1/4471", "a.b@example.org", "0x80070005"]


@pytest.fixture
async def corpus(sqlite_settings: Settings) -> AsyncGenerator[Corpus, None]:
    ledger = SqlLedger.from_settings(sqlite_settings)
    yield await Corpus.make(ledger, FakeKeyRing(), InMemoryVectorIndex(), HashEmbedder())
    await ledger.close()


@pytest.mark.parametrize(
    ("asked", "bare"),
    [
        ("Could you please tell me how tall the lighthouse is?", "how tall the lighthouse is?"),
        ("Hi team, I would like to know what PEP 8 says about tabs. Thanks in advance!", "what PEP 8 says about tabs"),
        ("hello, quick question: what does error E1042 mean, please?", "what does error E1042 mean"),
        ("Please show me the price of the XR-200", "the price of the XR-200"),
        ("Können Sie mir bitte sagen, wie hoch der Turm ist?", "wie hoch der Turm ist?"),
        ("Hola, ¿cuánto cuesta la boya? Gracias", "¿cuánto cuesta la boya"),
        ("How tall is the lighthouse?", "How tall is the lighthouse?"),
        ("Who may tell me what to do?", "Who may tell me what to do?"),
        ("Pleasewell is where?", "Pleasewell is where?"),
        ("Please", "Please"),
        ("Tell me why", "Tell me why"),
    ],
)
def test_what_says_nothing_is_left_out(asked: str, bare: str):
    assert without_filler(asked) == bare


def test_the_question_as_it_was_asked_comes_first_and_alone_where_nothing_is_better():
    assert wordings("How tall is it?", {}) == ("How tall is it?",)
    assert wordings("Please tell me how tall it is", {}) == ("Please tell me how tall it is", "how tall it is")


def test_the_glossary_counts_in_both_directions_and_by_whole_words():
    glossary = two_way({"PTO": ["paid time off", "annual leave"]})
    assert with_synonyms("How much pto do I get?", glossary) == "How much pto do I get? paid time off annual leave"
    assert with_synonyms("How much annual leave?", glossary) == "How much annual leave? PTO paid time off"
    assert with_synonyms("What is PTOX?", glossary) == "What is PTOX?"
    assert with_synonyms("PTO or paid time off?", glossary) == "PTO or paid time off? annual leave"


@given(
    lists(sampled_from(IDENTIFIERS), min_size=1, max_size=3),
    sampled_from(
        ["Please tell me about {}, thanks", "hi, what is {}?", "{} {} please", "Could you tell me if {} works"]
    ),
    dictionaries(text(min_size=1, max_size=8), lists(text(min_size=1, max_size=8), min_size=1, max_size=2), max_size=4),
)
def test_identifiers_stand_in_every_wording(found: list[str], form: str, entries: dict[str, list[str]]):
    asked = re.sub(r"{}", lambda _: " ".join(found), form)
    for wording in wordings(asked, two_way(entries)):
        assert all(identifier in wording for identifier in found)


async def test_a_search_asks_every_wording_and_says_which(corpus: Corpus):
    wanted = await corpus.plant("Everybody has thirty days of annual leave.")
    await corpus.plant("Bread is baked from flour.", "PTOX is a solvent.")
    clock = FakeClock()
    glossaries = Glossaries(corpus.ledger, corpus.keyring, clock)
    caller = Caller(corpus.tenant_id, new_id(), Role.ADMIN)
    request = corpus.request("Please tell me how much PTO", alpha=0.0)
    assert (await corpus.search().find(request)).passages == ()
    await glossaries.change(caller, {"PTO": ["annual leave"]})
    found = await corpus.search().find(request)
    assert [passage.document_id for passage in found.passages] == [wanted.document.id]
    assert found.trace is not None
    assert found.trace.queries == ("Please tell me how much PTO", "how much PTO annual leave")
    plain = await corpus.search(rewriting="off").find(request)
    assert (plain.passages, plain.trace and plain.trace.queries) == ((), ("Please tell me how much PTO",))


async def test_a_glossary_is_replaced_whole_and_kept_sealed(corpus: Corpus):
    glossaries = Glossaries(corpus.ledger, corpus.keyring, FakeClock())
    caller = Caller(corpus.tenant_id, new_id(), Role.ADMIN)
    assert (await glossaries.get(caller)).entries == {}
    await glossaries.change(caller, {"Nessie": ["the pump"]})
    async with corpus.ledger.read() as uow:
        kept = await uow.glossaries.get(corpus.tenant_id)
    assert kept is not None
    assert b"Nessie" not in kept.sealed_entries
    await glossaries.change(caller, {"PTO": ["annual leave"]})
    view = await glossaries.get(caller)
    assert (view.entries, view.changed_by) == ({"PTO": ["annual leave"]}, caller.principal_id)
    assert (await glossaries.get(Caller(new_id(), new_id(), Role.ADMIN))).entries == {}
