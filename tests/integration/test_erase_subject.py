"""One person is erased from a whole installation: real Temporal, Weaviate and SQL, asked by their own clients."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest
import pytest_asyncio
from temporalio.service import RPCError

from lethe.adapters.clock import SystemClock
from lethe.ingestion.requests import Receipt
from lethe.model.documents import SubjectMention
from lethe.model.erasures import ErasureBasis, ErasureState, IdentifierKind, PurgeState
from lethe.model.ids import Id, new_id
from lethe.model.operations import Dispatch, DispatchKind
from lethe.model.personal_data import StoreName
from lethe.model.workflow_ids import erasure_workflow_id
from lethe.privacy.erasure.intake import Erasures, ErasureWish
from lethe.privacy.sealing import Purpose, unseal_text
from lethe.settings import ErasureSettings, KeySettings, LimitSettings, WeaviateSettings
from tests.conftest import settings_at
from tests.integration.installation import Installation, installation
from tests.integration.snapshot import all_objects, mentions, vector_store
from workflows.starters import Starters

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]

ADA = "ada.lovelace@example.org"
BOB = "bob.babbage@example.org"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def forgetful(
    temporal_address: str, weaviate: WeaviateSettings, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[Installation]:
    """Nothing waits long: no key is remembered, no writer is waited for, no replaced build is read on."""
    settings = settings_at(tmp_path_factory.mktemp("forgetful")).model_copy(
        update={
            "limits": LimitSettings(drop_after_seconds=1),
            "keys": KeySettings(cache_seconds=1),
            "erasure": ErasureSettings(drain_seconds=1),
        }
    )
    async with installation(settings, temporal_address, weaviate) as ready, ready.worker():
        yield ready


async def _about(at: Installation, text: str, *mails: str) -> Receipt:
    receipt = await at.ingest(text, subjects=tuple(SubjectMention("email", mail) for mail in mails))
    await at.result(receipt)
    return receipt


async def erase(at: Installation, mail: str) -> Id:
    """As the API does it."""
    erasure_id = new_id()
    wish = ErasureWish(((IdentifierKind.EMAIL, mail),), ErasureBasis.SUBJECT_REQUEST, "asked")
    await Erasures(at.ledger, at.keyring, SystemClock(), at.settings.erasure).begin(at.caller, wish, erasure_id)
    workflow_id = erasure_workflow_id(at.caller.tenant_id, erasure_id)
    now = SystemClock().now()
    await Starters(at.client).start(
        Dispatch(at.caller.tenant_id, workflow_id, DispatchKind.ERASE_SUBJECT, erasure_id, now)
    )
    return erasure_id


async def _held(at: Installation, receipt: Receipt) -> dict[str, Any]:
    async with at.ledger.read() as uow:
        chunks = await uow.personal.chunks_of(at.caller.tenant_id, [receipt.version_id])
    return await mentions(at, {each: each for each in (receipt.document_id, receipt.version_id, *chunks)})


async def _texts(at: Installation, version_id: Id | None) -> list[str]:
    """What is served of the version, opened."""
    key = await at.keyring.get(at.caller.tenant_id, str(version_id))
    async with at.ledger.read() as uow:
        chunks = await uow.chunks.of_version(at.caller.tenant_id, str(version_id))
    return [unseal_text(key, Purpose.CHUNK_TEXT, each.sealed_text) for each in chunks]


async def test_a_person_is_gone_from_every_store_and_everybody_else_is_not(forgetful: Installation) -> None:
    at = forgetful
    hers = await _about(at, f"Ada Lovelace wrote notes on an engine; write to {ADA}.", ADA)
    shared = await _about(at, f"The engine was Babbage's, the notes were by {ADA}.", ADA, BOB)
    his = await _about(at, "Babbage designed the engine of differences.", BOB)
    async with at.ledger.read() as uow:
        names_shared = {shared.version_id: "shared version"}
        names_shared |= dict.fromkeys(await uow.personal.chunks_of(at.caller.tenant_id, [shared.version_id]), "chunk")
    before = {name: await _held(at, each) for name, each in (("hers", hers), ("shared", shared), ("his", his))}
    names = {hers.document_id: "document", hers.version_id: "version"}
    async with at.ledger.read() as uow:
        names |= dict.fromkeys(await uow.personal.chunks_of(at.caller.tenant_id, [hers.version_id]), "chunk")
    assert {name: bool(held) for name, held in before["hers"].items()} == dict.fromkeys(before["hers"], True)

    erasure_id = await erase(at, ADA)
    workflow_id = erasure_workflow_id(at.caller.tenant_id, erasure_id)
    progress = await at.client.get_workflow_handle(workflow_id).result()
    assert progress["phase"] == "verified"

    left = await mentions(at, names | names_shared)
    assert set(left.pop("rows")) <= {"erasure_items", "processor_call_refs"}
    assert {name: held for name, held in left.items() if held} == {}
    async with vector_store(at) as client:
        words = [repr(item.properties) async for item in all_objects(client)]
    assert [each for each in words if "lovelac" in each] == []
    with pytest.raises(RPCError, match="not found"):
        await at.client.get_workflow_handle(hers.workflow_id).describe()
    assert (await at.documents.get(at.caller, his.document_id)).live_version_id == his.version_id
    rewritten = (await at.documents.get(at.caller, shared.document_id)).live_version_id
    assert rewritten not in {None, shared.version_id}
    assert await _texts(at, rewritten) == ["The engine was Babbage's, the notes were by [email]."]
    async with at.ledger.read() as uow:
        assert len(await uow.subjects.of_version(at.caller.tenant_id, str(rewritten))) == 1

    async with at.ledger.read() as uow:
        request = await uow.erasures.get(at.caller.tenant_id, erasure_id)
        reports = {each.store: each for each in await uow.erasures.stores(at.caller.tenant_id, erasure_id)}
    assert request
    assert request.state is ErasureState.VERIFYING
    assert request.verified_at
    assert set(reports) == set(StoreName)
    assert {name: each.remaining for name, each in reports.items() if each.remaining} == {}
    assert all(each.purge in {PurgeState.PURGED, PurgeState.AGES_OUT} for each in reports.values())
