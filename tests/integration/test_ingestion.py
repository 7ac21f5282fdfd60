"""One document from its bytes to an answerable version, and out again, on the real engines."""

from collections.abc import Callable
from pathlib import Path

import pytest

from lethe.errors import DocumentNotFound
from lethe.ingestion.requests import MetadataPatch, Outcome
from lethe.model.conditions import sortable
from lethe.model.documents import Status
from lethe.model.indexes import BuildKind
from lethe.ports.search import SearchRequest
from tests.integration.installation import Installation
from tests.integration.parsing.files import encrypted_pdf, picture_pdf
from tests.integration.snapshot import document_state

pytestmark = pytest.mark.asyncio(loop_scope="module")

SAMPLES = Path(__file__).parents[2] / "samples"


async def found(installation: Installation, text: str) -> list[str]:
    async with installation.ledger.read() as uow:
        seq = await uow.tenants.seq(installation.caller.tenant_id)
    result = await installation.search.find(
        SearchRequest(
            tenant_id=installation.caller.tenant_id,
            readers=installation.caller.readers,
            seq=seq,
            text=text,
            top_k=5,
            alpha=0.5,
        )
    )
    return [passage.text for passage in result.passages]


async def test_a_document_becomes_answerable_and_unchanged_costs_nothing(running: Installation) -> None:
    text = "The harbour crane of Port Ellery lifts forty tonnes.\n\nIt was built in 1962 by Marsh & Sons."
    receipt = await running.ingest(text, "file:///port/crane.txt")
    assert receipt.outcome is Outcome.ADDED
    view = await running.ended(receipt.document_id)
    assert (view.status, view.media_type, view.title) == (Status.READY, "text/plain", "crane")
    assert any("forty tonnes" in passage for passage in await found(running, "How much does the crane lift?"))

    again = await running.ingest(text, "file:///port/crane.txt")
    assert (again.outcome, again.workflow_id, again.document_id) == (Outcome.SKIPPED, "", receipt.document_id)
    patched = await running.documents.patch(running.caller, receipt.document_id, MetadataPatch(title="The crane"))
    assert patched.outcome is Outcome.METADATA_UPDATED
    await running.start(patched)
    await running.result(patched)
    assert (await running.documents.get(running.caller, receipt.document_id)).title == "The crane"


async def test_an_edit_switches_and_leaves_nothing_of_the_old_version(running: Installation) -> None:
    first = await running.ingest("The ferry to Corran sails at nine.", "file:///ferry.txt")
    await running.ended(first.document_id)
    second = await running.ingest("The ferry to Corran sails at eleven.", "file:///ferry.txt")
    assert (second.outcome, second.document_id) == (Outcome.UPDATED, first.document_id)
    await running.result(second)
    passages = await found(running, "When does the ferry to Corran sail?")
    assert [passage for passage in passages if "ferry" in passage] == ["The ferry to Corran sails at eleven."]
    tenant_id = running.caller.tenant_id
    async with running.ledger.read() as uow:
        assert [v.id for v in await uow.versions.of_document(tenant_id, first.document_id)] == [second.version_id]
        build = await uow.builds.active(tenant_id, BuildKind.VECTOR)
    assert build is not None
    assert await running.index.chunk_ids(build, first.version_id) == frozenset()
    assert [key async for key in running.blobs.list(f"{tenant_id}/{first.version_id}/")] == []


async def test_only_the_uri_says_which_document_it_is(running: Installation) -> None:
    text = "Both sheds have the same padlock."
    places = ("file:///north/shed.txt", "file:///south/shed.txt", None, None)
    receipts = [await running.ingest(text, uri) for uri in places]
    assert {receipt.outcome for receipt in receipts} == {Outcome.ADDED}
    assert len({receipt.document_id for receipt in receipts}) == len(places)
    for receipt in receipts:
        assert (await running.ended(receipt.document_id)).status is Status.READY


async def test_the_same_bytes_with_other_metadata_are_not_read_again(running: Installation) -> None:
    text = "The bell buoy is painted each spring."
    first = await running.ingest(text, "file:///bell.txt", metadata={"team": "north"})
    await running.result(first)
    again = await running.ingest(text, "file:///bell.txt", metadata={"team": "south"})
    assert again.outcome is Outcome.METADATA_UPDATED
    assert (again.document_id, again.version_id) == (first.document_id, first.version_id)
    await running.result(again)
    assert (await running.documents.get(running.caller, first.document_id)).metadata == {"team": "south"}


async def test_a_patch_reaches_the_index_and_moves_nothing(running: Installation) -> None:
    first = await running.ingest("The winch is greased on Mondays.", "file:///winch.txt", metadata={"team": "north"})
    await running.result(first)
    before = await document_state(running, first.document_id)
    reader = running.caller.principal_id
    patch = MetadataPatch(metadata={"team": "south", "year": 2026}, readers=(reader,))
    patched = await running.documents.patch(running.caller, first.document_id, patch)
    await running.start(patched)
    await running.result(patched)
    after = await document_state(running, first.document_id)
    assert [_filters(entry) for entry in before["objects"]] == [([running.caller.tenant_id], ["team=north"])]
    assert [_filters(entry) for entry in after["objects"]] == [
        ([reader], ["team=south", "year=2026", str(sortable("year", 2026))])
    ]
    for table in ("chunks", "chunk_vectors"):
        assert before["rows"][table] == after["rows"][table]
    assert [vector for *_, vector in before["objects"]] == [vector for *_, vector in after["objects"]]


def _filters(entry: tuple[str, dict[str, list[str]], list[float]]) -> tuple[list[str], list[str]]:
    return sorted(entry[1]["readers"]), sorted(entry[1]["attributes"])


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("noise.bin", bytes(range(256)) * 64, "unsupported_type"),
        ("blank.txt", b" \n\t\n ", "no_text"),
        ("cut.docx", next(SAMPLES.glob("*.docx")).read_bytes()[:2_000], "corrupt_document"),
        ("locked.pdf", encrypted_pdf, "encrypted_document"),
        ("picture.pdf", picture_pdf, "no_text"),
    ],
)
async def test_a_bad_file_is_a_dead_letter_with_its_cause(
    running: Installation, tmp_path: Path, name: str, data: bytes | Callable[[Path], Path], code: str
) -> None:
    if callable(data):
        data = data(tmp_path / name).read_bytes()
    receipt = await running.ingest(data, f"file:///bad/{name}")
    view = await running.ended(receipt.document_id)
    assert view.status is Status.FAILED
    assert view.failure is not None
    assert view.failure.code == code
    assert view.failure.detail
    await running.decide(receipt, "discard")
    await running.result(receipt)
    with pytest.raises(DocumentNotFound):
        await running.documents.get(running.caller, receipt.document_id)
