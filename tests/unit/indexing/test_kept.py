"""What was on its way when its document was restricted, or held: what is to be kept is not replaced, or not removed."""

from dataclasses import replace
from datetime import timedelta

import pytest

from lethe.contracts.ingestion import StepFailure, VersionRef
from lethe.errors import AwaitsRelease, DocumentRestricted, VersionSuperseded
from lethe.ingestion.failures import FailureJournal
from lethe.ingestion.letters import Letters
from lethe.ingestion.restricting import Restrictions
from lethe.ingestion.steps.publishing import index_version, switch_version
from lethe.ingestion.steps.reading import validate_document
from lethe.model.documents import Status
from lethe.model.erasures import ErasureState
from lethe.model.ids import Id, new_id
from lethe.model.operations import Dispatch, DispatchKind, LetterAction, LetterFilter
from lethe.model.principals import Caller, Role
from lethe.ports.workflows import Answered
from lethe.settings import FailureSettings
from tests.contract.test_ledger_erasures import item, request
from tests.unit.indexing.world import World


class Waiting:
    """lethe.ports.workflows.WorkflowControl: every ingestion waits, and takes what is decided."""

    async def start(self, dispatch: Dispatch) -> None:
        raise AssertionError(dispatch)

    async def resolve(self, workflow_id: str, action: LetterAction, decision_id: Id) -> Answered:
        return Answered.TAKEN


async def _hold(world: World) -> None:
    """An erasure that found the document, and that a litigation stops."""
    held = request(world.tenant_id, state=ErasureState.HELD, held_from=ErasureState.DISCOVERING)
    async with world.ledger.write() as uow:
        await uow.erasures.add(held, [])
        await uow.erasures.put_items([item(held, world.documents[1], store="documents", kind="document")])


async def _served(world: World) -> Id | None:
    async with world.ledger.read() as uow:
        document = await uow.documents.get(world.tenant_id, world.documents[1])
    assert document
    return document.live_version_id


async def _is_there(world: World, version_id: Id) -> bool:
    """With its key, its row and its objects."""
    (build,) = await world.builds()
    objects = await world.index.chunk_ids(build, version_id)
    keys = await world.pipeline.keyring.get_many(world.tenant_id, [version_id])
    async with world.ledger.read() as uow:
        row = await uow.versions.get(world.tenant_id, version_id)
    assert (version_id in keys) == (row is not None) == bool(objects)
    return row is not None


async def _refuse_to_discard(world: World, version_id: Id) -> None:
    async with world.ledger.read() as uow:
        (letter,) = await uow.dead_letters.of_version(world.tenant_id, version_id)
    letters = Letters(world.ledger, world.pipeline.clock, Waiting())
    with pytest.raises(DocumentRestricted):
        await letters.decide(world.tenant_id, letter.id, LetterAction.DISCARD, new_id())


async def _letters(world: World) -> int:
    async with world.ledger.read() as uow:
        return len(await uow.dead_letters.page(world.tenant_id, LetterFilter(), None, 10))


async def _woken(world: World) -> list[tuple[DispatchKind, Id]]:
    async with world.ledger.read() as uow:
        found = await uow.dispatches.pending(world.pipeline.clock.now() + timedelta(days=1), 10)
    return [(each.kind, each.ref) for each in found if each.tenant_id == world.tenant_id and each.again]


@pytest.mark.parametrize("is_indexed", [False, True], ids=["before it is indexed", "before it is switched"])
async def test_a_version_on_its_way_waits_for_the_release_of_its_document(world: World, *, is_indexed: bool) -> None:
    before, coming = await world.write(1, "alpha"), await world.receive(1, "beta")
    ref = VersionRef(tenant_id=world.tenant_id, version_id=coming.id)
    admin = Caller(world.tenant_id, new_id(), Role.ADMIN)
    restrictions = Restrictions(world.ledger, world.pipeline.clock)
    if is_indexed:
        await index_version(world.pipeline, ref)
    await restrictions.restrict(admin, world.documents[1], "litigation")
    with pytest.raises(AwaitsRelease):
        await (switch_version if is_indexed else index_version)(world.pipeline, ref)
    pipeline = world.pipeline
    journal = FailureJournal(world.ledger, pipeline.keyring, pipeline.clock, pipeline.limits, FailureSettings())
    await journal.note(ref, "switch_version", AwaitsRelease(), 1)
    assert await _letters(world) == 0
    await world.remove()
    assert await _served(world) == before
    assert await _is_there(world, before)
    await restrictions.release(admin, world.documents[1])
    assert await _woken(world) == [(DispatchKind.INGEST_DOCUMENT, coming.id)]
    await index_version(pipeline, ref)
    assert (await switch_version(pipeline, ref)).replaced == [before]
    assert await _served(world) == coming.id


async def test_what_waits_is_kept_from_a_fence_and_a_cancelling_and_goes_with_the_release(world: World) -> None:
    before, coming = await world.write(1, "alpha"), await world.receive(1, "beta")
    ref = VersionRef(tenant_id=world.tenant_id, version_id=coming.id)
    admin, restrictions = (
        Caller(world.tenant_id, new_id(), Role.ADMIN),
        Restrictions(world.ledger, world.pipeline.clock),
    )
    await index_version(world.pipeline, ref)
    await restrictions.restrict(admin, world.documents[1], "litigation")
    async with world.ledger.write() as uow:
        document = await uow.documents.get(world.tenant_id, world.documents[1])
        assert document
        await uow.documents.update(replace(document, epoch=document.epoch + 1))
    with pytest.raises(AwaitsRelease):
        await validate_document(world.pipeline, ref)
    await world.remover.remove(world.tenant_id, coming.id)
    await world.remover.remove_many(world.tenant_id, [coming.id])
    assert await _is_there(world, coming.id)
    await restrictions.release(admin, world.documents[1])
    assert await _woken(world) == [(DispatchKind.DISCARD_VERSION, coming.id)]
    with pytest.raises(VersionSuperseded):
        await validate_document(world.pipeline, ref)
    await world.remover.remove(world.tenant_id, coming.id)
    assert not await _is_there(world, coming.id)
    assert await _served(world) == before


async def test_a_restricted_document_without_a_live_version_keeps_its_row(world: World) -> None:
    coming = await world.receive(1, "alpha")
    restrictions = Restrictions(world.ledger, world.pipeline.clock)
    await restrictions.restrict(Caller(world.tenant_id, new_id(), Role.ADMIN), world.documents[1], "litigation")
    await world.remover.remove(world.tenant_id, coming.id)
    async with world.ledger.read() as uow:
        assert await uow.documents.get(world.tenant_id, world.documents[1])
        assert await uow.versions.get(world.tenant_id, coming.id)


async def test_what_failed_of_a_restricted_document_is_not_discarded(world: World) -> None:
    coming, pipeline = await world.receive(1, "beta"), world.pipeline
    ref = VersionRef(tenant_id=world.tenant_id, version_id=coming.id)
    restrictions = Restrictions(world.ledger, pipeline.clock)
    admin = Caller(world.tenant_id, new_id(), Role.ADMIN)
    await restrictions.restrict(admin, world.documents[1], "litigation")
    journal = FailureJournal(world.ledger, pipeline.keyring, pipeline.clock, pipeline.limits, FailureSettings())
    await journal.open(StepFailure(version=ref, step="switch_version", code="index_unavailable", attempts=1))
    await _refuse_to_discard(world, coming.id)
    await restrictions.release(admin, world.documents[1])
    assert await _woken(world) == [(DispatchKind.INGEST_DOCUMENT, coming.id)]


async def test_what_was_given_up_is_not_tried_again_by_a_release(world: World) -> None:
    coming, pipeline = await world.receive(1, "beta"), world.pipeline
    failure = StepFailure(
        version=VersionRef(tenant_id=world.tenant_id, version_id=coming.id),
        step="parse_document",
        code="no_text",
        attempts=1,
    )
    journal = FailureJournal(world.ledger, pipeline.keyring, pipeline.clock, pipeline.limits, FailureSettings())
    await journal.open(failure)
    await journal.close(failure)
    admin, restrictions = Caller(world.tenant_id, new_id(), Role.ADMIN), Restrictions(world.ledger, pipeline.clock)
    await restrictions.restrict(admin, world.documents[1], "litigation")
    await restrictions.release(admin, world.documents[1])
    assert await _woken(world) == []


async def test_what_was_replaced_stays_while_a_hold_or_a_restriction_keeps_its_document(world: World) -> None:
    before = await world.write(1, "alpha")
    await _hold(world)
    after = await world.write(1, "beta")
    await world.remover.remove(world.tenant_id, before)
    await world.remover.remove_many(world.tenant_id, [before])
    assert await _served(world) == after
    assert await _is_there(world, before)
    async with world.ledger.write() as uow:
        (held,) = await uow.erasures.page(world.tenant_id, [ErasureState.HELD], None, 10)
        await uow.erasures.update(replace(held, state=ErasureState.CANCELLED, held_from=None))
    admin = Caller(world.tenant_id, new_id(), Role.ADMIN)
    restrictions = Restrictions(world.ledger, world.pipeline.clock)
    await restrictions.restrict(admin, world.documents[1], "litigation")
    await world.remover.remove(world.tenant_id, before)
    assert await _is_there(world, before)
    await restrictions.release(admin, world.documents[1])
    await world.remover.remove(world.tenant_id, before)
    assert not await _is_there(world, before)


async def test_what_lost_is_removed_though_its_document_is_held(world: World) -> None:
    lost = await world.receive(1, "alpha")
    after = await world.write(1, "beta")
    await _hold(world)
    await world.remover.remove(world.tenant_id, lost.id)
    async with world.ledger.read() as uow:
        assert await uow.versions.get(world.tenant_id, lost.id) is None
        live = await uow.versions.get(world.tenant_id, after)
    assert live
    assert live.status is Status.READY
