"""What is kept of a failure, when it counts as poison, and who is told: on both SQL engines, with no worker."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace

import pytest
import pytest_asyncio
from prometheus_client import REGISTRY

from lethe.adapters.fakes.clock import FakeClock
from lethe.adapters.sql import SqlLedger
from lethe.contracts.ingestion import StepFailure, VersionRef
from lethe.errors import CorruptDocument, FailureClass, IndexUnavailable, ParserCrashed, Place, placed
from lethe.ingestion.failures import FailureJournal
from lethe.ingestion.requests import Outcome, Receipt
from lethe.ingestion.revision import PipelineRevision
from lethe.model.documents import Status
from lethe.model.ids import new_id
from lethe.model.operations import DeadLetter, DeadLetterState
from lethe.privacy.sealing import Purpose, unseal_text
from lethe.settings import FailureSettings, LimitSettings
from tests.integration.house import House, open_house


def value(metric: str) -> float:
    return REGISTRY.get_sample_value(metric) or 0.0


@dataclass
class Failing:
    house: House
    journal: FailureJournal

    def ref(self, receipt: Receipt) -> VersionRef:
        return VersionRef(tenant_id=self.house.tenant_id, version_id=receipt.version_id)

    async def open(self, receipt: Receipt, code: str, *, step: str = "parse_document", **fields: object) -> str:
        """A step gives up; returns the id of that failure."""
        failure = StepFailure(version=self.ref(receipt), step=step, code=code, attempts=1, failure_id=new_id())
        failure = failure.model_copy(update=fields)
        self.attention = await self.journal.open(failure)
        return failure.failure_id

    async def letters(self, receipt: Receipt) -> list[DeadLetter]:
        async with self.house.ledger.read() as uow:
            return await uow.dead_letters.of_version(self.house.tenant_id, receipt.version_id)

    async def detail(self, letter: DeadLetter) -> str:
        key = await self.house.keyring.get(letter.tenant_id, letter.version_id)
        return unseal_text(key, Purpose.FAILURE, letter.sealed_detail)


@pytest_asyncio.fixture
async def failing(ledger: SqlLedger) -> AsyncGenerator[Failing]:
    async with open_house(ledger) as house:
        settings = FailureSettings(ratio_least=4, ratio=0.5)
        yield Failing(house, FailureJournal(ledger, house.keyring, FakeClock(), LimitSettings(), settings))


async def test_a_letter_names_the_page_the_error_names(failing: Failing) -> None:
    receipt = await failing.house.upload("one")
    await failing.journal.note(
        failing.ref(receipt), "parse_document", CorruptDocument("A page is torn.").at(Place(page=7)), 1
    )
    await failing.open(receipt, "corrupt_document")
    (letter,) = await failing.letters(receipt)
    assert (letter.state, letter.place, letter.openings) == (DeadLetterState.OPEN, Place(page=7), 1)
    assert await failing.detail(letter) == "A page is torn."


async def test_a_letter_names_the_chunks_the_step_was_at(failing: Failing) -> None:
    receipt = await failing.house.upload("one")
    batch = Place(first_chunk=64, last_chunk=127)
    await failing.journal.note(failing.ref(receipt), "embed_chunks", IndexUnavailable(), 1, batch)
    with pytest.raises(IndexUnavailable) as raised, placed(batch):
        raise IndexUnavailable
    await failing.journal.note(failing.ref(receipt), "index_version", raised.value, 1)
    assert [letter.place for letter in await failing.letters(receipt)] == [batch, batch]


async def test_a_failure_told_twice_counts_once(failing: Failing) -> None:
    receipt = await failing.house.upload("one")
    first = await failing.open(receipt, "no_text")
    await failing.open(receipt, "no_text", failure_id=first)
    assert [letter.openings for letter in await failing.letters(receipt)] == [1]
    await failing.open(receipt, "no_text")
    assert [letter.openings for letter in await failing.letters(receipt)] == [2]


async def test_every_third_failure_of_a_document_is_told(failing: Failing) -> None:
    def told() -> float:
        return value("rag_failing_documents_total")

    before = told()
    receipt = await failing.house.upload("one")
    seen: list[float] = []
    for number in range(6):
        # A new version of the document goes on counting.
        receipt = receipt if number % 2 else await failing.house.upload(f"edition {number}")
        await failing.open(receipt, "index_unavailable", step="index_version")
        seen.append(told() - before)
    assert seen == [0, 0, 1, 1, 1, 2]


async def test_a_share_of_failures_over_the_threshold_is_told(failing: Failing) -> None:
    before, now = value("rag_ingestion_failure_ratio_exceeded_total"), failing.journal.clock.now()
    async with failing.house.ledger.write() as uow:
        for _ in range(3):
            await uow.tallies.count(failing.house.tenant_id, now, ready=1)
    for _ in range(4):
        receipt = await failing.house.upload("one", source_uri=None)
        await failing.open(receipt, "index_unavailable", step="index_version")  # goes on by itself: has not ended
        await failing.open(receipt, "no_text")
    assert value("rag_ingestion_failure_ratio_exceeded_total") - before == 2
    assert value("rag_ingestion_failure_ratio") == pytest.approx(4 / 7)


@pytest.mark.parametrize(
    ("code", "step", "is_poison"),
    [
        ("internal_error", "chunk_document", True),
        ("step_timed_out", "parse_document", True),
        ("step_timed_out", "index_version", False),
        ("index_unavailable", "index_version", False),
    ],
)
async def test_what_fails_for_no_known_reason_is_poison_in_the_end(
    failing: Failing, code: str, step: str, is_poison: bool
) -> None:
    receipt = await failing.house.upload("one")
    await failing.open(receipt, code, step=step, attempts=5)
    assert failing.attention.drive_again
    await failing.open(receipt, code, step=step, attempts=6)
    assert failing.attention.drive_again is not is_poison
    (letter,) = await failing.letters(receipt)
    assert (letter.failure_class is FailureClass.POISON) is is_poison


async def poisoned(failing: Failing) -> Receipt:
    receipt = await failing.house.upload("poison")
    await failing.journal.note(failing.ref(receipt), "parse_document", ParserCrashed().at(Place(page=2)), 2)
    await failing.open(receipt, "parser_crashed")
    return receipt


async def test_known_poison_is_recorded_and_not_read(failing: Failing) -> None:
    await poisoned(failing)
    again = await failing.house.upload("poison", source_uri="file:///elsewhere.txt")
    assert (again.outcome, again.status, again.workflow_id) == (Outcome.KNOWN_POISON, Status.FAILED, "")
    (letter,) = await failing.letters(again)
    assert (letter.code, letter.cause_code, letter.step) == ("known_poison", "parser_crashed", "parse_document")
    assert (letter.state, letter.failure_class, letter.place) == (
        DeadLetterState.CLOSED,
        FailureClass.POISON,
        Place(page=2),
    )
    assert "parser_crashed" in await failing.detail(letter)
    async with failing.house.ledger.read() as uow:
        pending = await uow.dispatches.pending(failing.house.uploads.clock.now(), 100)
    assert again.version_id not in {dispatch.ref for dispatch in pending}
    view = await failing.house.documents.get(failing.house.admin, again.document_id)
    assert view.failure
    assert (view.status, view.failure.code) == (Status.FAILED, "known_poison")


async def test_of_repeats_of_poison_one_is_kept(failing: Failing) -> None:
    first = await poisoned(failing)
    repeats = [await failing.house.upload("poison") for _ in range(4)]
    async with failing.house.ledger.read() as uow:
        versions = await uow.versions.of_document(failing.house.tenant_id, first.document_id)
    assert [version.id for version in versions] == [first.version_id, repeats[-1].version_id]
    assert await failing.house.keyring.get_many(failing.house.tenant_id, [repeats[0].version_id]) == {}


async def test_other_bytes_another_pipeline_and_another_tenant_run(failing: Failing) -> None:
    await poisoned(failing)
    house = failing.house
    assert (await house.upload("poison ")).outcome is Outcome.UPDATED
    later = replace(house, uploads=replace(house.uploads, revision=PipelineRevision("p2", "c1")))
    assert (await later.upload("poison")).outcome is Outcome.UPDATED
    async with open_house(house.ledger) as neighbour:
        assert (await neighbour.upload("poison")).outcome is Outcome.ADDED


async def test_what_was_resolved_is_no_poison_any_more(failing: Failing) -> None:
    receipt = await poisoned(failing)
    async with failing.house.ledger.write() as uow:
        await uow.dead_letters.set_state(
            failing.house.tenant_id, receipt.version_id, DeadLetterState.RESOLVED, failing.journal.clock.now()
        )
    assert (await failing.house.upload("poison")).outcome is Outcome.UPDATED
