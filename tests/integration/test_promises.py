"""P2, P3 and the last submission: what holds whatever is killed and whoever writes at the same time."""

import asyncio
import random

import pytest

from lethe.adapters.clock import SystemClock
from lethe.adapters.fakes.tokens import RecordedTokens
from lethe.answering.deps import Answering
from lethe.answering.request import AnswerRequest
from lethe.answering.steps import ask, finish, generate, retrieve
from lethe.contracts.answering import QuestionRef
from lethe.ports.search import SearchRequest
from tests.integration.installation import Installation
from tests.integration.snapshot import document_state, mentions, objects_with

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.slow]

STEPS = (
    "validate_document",
    "parse_document",
    "chunk_document",
    "embed_chunks",
    "index_version",
    "verify_version",
    "switch_version",
)


def prose(seed: int, paragraphs: int) -> str:
    """Some hundred words a paragraph, different for each seed."""
    rng = random.Random(seed)
    words = ("buoy", "harbour", "signal", "winter", "rope", "ledger", "captain", "sensor", "depth", "chart", "fog")
    lines = [
        " ".join(rng.choice(words) for _ in range(18)).capitalize() + f" {rng.randrange(10_000)}." for _ in range(10)
    ]
    return "\n\n".join(" ".join(rng.sample(lines, 8)) for _ in range(paragraphs))


@pytest.mark.timeout(600)
@pytest.mark.parametrize("moment", ["before", "after"])
async def test_a_kill_at_every_step_leaves_what_an_undisturbed_run_leaves(prepared: Installation, moment: str) -> None:
    text = prose(1, 90)
    disturbed = await prepared.ingest(text, f"file:///{moment}/disturbed/log.txt")
    for step in STEPS:
        worker = prepared.worker(f"{step}:{moment}")
        async with worker:
            await worker.killed()
    async with prepared.worker():
        await prepared.result(disturbed)
        undisturbed = await prepared.ingest(text, f"file:///{moment}/undisturbed/log.txt")
        await prepared.result(undisturbed)
    left = await document_state(prepared, disturbed.document_id)
    right = await document_state(prepared, undisturbed.document_id)
    assert len(left["objects"]) > 64
    assert left == right


@pytest.mark.timeout(300)
async def test_a_kill_while_the_old_version_is_dropped(prepared: Installation) -> None:
    first = await prepared.ingest("The old pier is closed.", "file:///pier.txt")
    async with prepared.worker():
        await prepared.result(first)
    second = await prepared.ingest("The old pier is open again.", "file:///pier.txt")
    for moment in ("before", "after"):
        worker = prepared.worker(f"drop_version:{moment}")
        async with worker:
            await worker.killed()
    async with prepared.worker():
        await prepared.result(second)
    assert await mentions(prepared, {first.version_id: "old"}) == {
        "rows": {},
        "objects": [],
        "words": [],
        "blobs": [],
        "keys": [],
    }


@pytest.mark.timeout(300)
async def test_a_kill_while_a_failure_is_kept(prepared: Installation) -> None:
    receipt = await prepared.ingest(b"\x00\x01" * 400, "file:///kept/noise.bin")
    for moment in ("before", "after"):
        worker = prepared.worker(f"open_dead_letter:{moment}")
        async with worker:
            await worker.killed()
    async with prepared.worker():
        view = await prepared.ended(receipt.document_id)
        while not (await _progress(prepared, receipt.workflow_id))["attention"]:
            await asyncio.sleep(0.1)
    assert view.failure is not None
    assert view.failure.code == "unsupported_type"
    async with prepared.ledger.read() as uow:
        letters = await uow.dead_letters.of_version(prepared.caller.tenant_id, receipt.version_id)
    assert [(letter.step, letter.state) for letter in letters] == [("validate_document", "open")]


async def _progress(prepared: Installation, workflow_id: str) -> dict[str, object]:
    return await prepared.client.get_workflow_handle(workflow_id).query("progress", result_type=dict)


@pytest.mark.timeout(300)
async def test_a_worker_that_is_told_to_stop_hands_over_without_repeating_a_step(prepared: Installation) -> None:
    receipt = await prepared.ingest(prose(2, 90), "file:///drained.txt")
    async with prepared.worker() as worker:
        while (await prepared.documents.get(prepared.caller, receipt.document_id)).status != "embedding":
            await asyncio.sleep(0.02)
    assert worker.process.returncode == 0
    assert (await prepared.documents.get(prepared.caller, receipt.document_id)).status != "ready"
    async with prepared.worker():
        await prepared.result(receipt)
    history = await prepared.client.get_workflow_handle(receipt.workflow_id).fetch_history()
    attempts = [event.activity_task_started_event_attributes.attempt for event in history.events]
    assert set(attempts) == {0, 1}  # 0: events of other kinds
    assert not [event for event in history.events if event.HasField("activity_task_timed_out_event_attributes")]


@pytest.mark.timeout(300)
async def test_an_upload_whose_api_died_after_its_commit_is_started_by_the_sweeper(running: Installation) -> None:
    left_over = await running.upload("The tide table is printed in May.", "file:///one/tide.txt")
    assert (await running.ended(left_over.document_id)).status == "ready"
    started = await running.ingest("The tide table is printed in May.", "file:///two/tide.txt")
    await running.result(started)
    left = await document_state(running, left_over.document_id)
    assert left == await document_state(running, started.document_id)


@pytest.mark.timeout(300)
async def test_of_uploads_at_the_same_time_the_last_submission_wins(running: Installation) -> None:
    texts = [prose(seed, 3) for seed in range(8)]
    receipts = await asyncio.gather(*(running.upload(text, "file:///race.txt") for text in texts))
    assert len({receipt.document_id for receipt in receipts}) == 1
    for receipt in random.Random(7).sample(receipts, len(receipts)):
        await running.start(receipt)
    await asyncio.gather(*(running.result(receipt) for receipt in receipts))
    document_id, tenant_id = receipts[0].document_id, running.caller.tenant_id
    async with running.ledger.read() as uow:
        document = await uow.documents.get(tenant_id, document_id)
        versions = await uow.versions.of_document(tenant_id, document_id)
    assert document is not None
    assert document.live_submission == len(texts)
    assert [version.id for version in versions] == [document.live_version_id]
    losers = {receipt.version_id: "loser" for receipt in receipts if receipt.version_id != document.live_version_id}
    assert len(losers) == len(texts) - 1
    assert await mentions(running, losers) == {"rows": {}, "objects": [], "words": [], "blobs": [], "keys": []}


@pytest.mark.timeout(300)
async def test_a_reader_never_sees_neither_nor_both_during_fifty_edits(running: Installation) -> None:
    def edition(number: int) -> str:
        return f"The lighthouse keeper's almanac is in edition {number} now."

    first = await running.ingest(edition(0), "file:///almanac.txt")
    await running.ended(first.document_id)
    seen: list[list[int]] = []
    done = asyncio.Event()

    async def read() -> None:
        while not done.is_set():
            async with running.ledger.read() as uow:
                seq = await uow.tenants.seq(running.caller.tenant_id)
            result = await running.search.find(
                SearchRequest(
                    tenant_id=running.caller.tenant_id,
                    readers=running.caller.readers,
                    seq=seq,
                    text="edition of the lighthouse keeper's almanac",
                    top_k=10,
                    alpha=0.5,
                )
            )
            mine = [passage.text for passage in result.passages if passage.document_id == first.document_id]
            seen.append([int(text.split("edition ")[1].split()[0]) for text in mine])

    reader = asyncio.create_task(read())
    for number in range(1, 51):
        await running.ingest(edition(number), "file:///almanac.txt")
        await _live(running, first.document_id, number + 1)
    done.set()
    await reader
    assert len(seen) > 50
    assert [editions for editions in seen if len(editions) != 1] == []
    flat = [editions[0] for editions in seen]
    assert flat == sorted(flat)


async def _live(running: Installation, document_id: str, submission: int) -> None:
    async with asyncio.timeout(180):
        while True:
            async with running.ledger.read() as uow:
                document = await uow.documents.get(running.caller.tenant_id, document_id)
            if document is not None and document.live_submission == submission:
                return
            await asyncio.sleep(0.02)


async def _asked(running: Installation, text: str) -> str:
    """The id of a question that was answered from what is found."""
    deps = Answering(running.ledger, running.keyring, running.search, running.embedder, SystemClock(), RecordedTokens())
    request = AnswerRequest(text=text, top_k=5, alpha=0.5)
    question = await ask(deps, running.caller, request, SystemClock().now())
    ref = QuestionRef(tenant_id=question.tenant_id, question_id=question.id)
    outcome = await finish(deps, await generate(deps, await retrieve(deps, ref)))
    assert outcome.citations
    return question.id


@pytest.mark.timeout(300)
async def test_deleting_leaves_nothing_in_any_store(running: Installation) -> None:
    word = "zanzibar"
    text = f"The {word} is kept in the lantern room. " + prose(11, 5)
    receipt = await running.ingest(text, "file:///gone.txt")
    await running.result(receipt)
    question_id = await _asked(running, f"Where is the {word} kept?")
    assert await objects_with(running, word)
    before = await document_state(running, receipt.document_id)
    assert before["rows"]["chunks"]
    assert before["objects"]
    assert before["blobs"] == ["elements", "original"]
    ids = {receipt.document_id: "document", receipt.version_id: "version"}
    cited = await mentions(running, {**ids, question_id: "question"})
    assert cited["rows"]["answer_citations"]
    assert cited["keys"] == ["question", "version"]
    deleted = await running.documents.delete(running.caller, receipt.document_id)
    await running.start(deleted)
    await running.result(deleted)
    assert await objects_with(running, word) == 0
    assert (await mentions(running, {question_id: "question"}))["keys"] == []
    assert await mentions(running, ids) == {"rows": {}, "objects": [], "words": [], "blobs": [], "keys": []}
