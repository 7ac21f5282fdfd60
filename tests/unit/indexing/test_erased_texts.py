"""What shows somebody who is being erased is sent to no new model, also where the document is about others, too."""

from datetime import timedelta

import pytest

from lethe.model.erasures import ErasureBasis, ErasureIdentifier, ErasureRequest, ErasureState, IdentifierKind
from lethe.model.ids import Id, new_id
from lethe.privacy.erasure.cancelling import Cancelling
from lethe.privacy.erasure.fencing import Fencing
from lethe.privacy.sealing import Purpose, seal_text
from tests.unit.indexing.migrating import Migrating, over
from tests.unit.indexing.world import World

ADA = "ada@example.org"


@pytest.fixture
async def migrating(world: World) -> Migrating:
    return await over(world, f"write to {ADA} about it\nand another line of it", "alpha\nbeta")


async def fenced(world: World) -> Id:
    """A request about her stands, and no document is hers alone."""
    now, erasure_id = world.pipeline.clock.now(), new_id()
    request = ErasureRequest(
        tenant_id=world.tenant_id,
        id=erasure_id,
        state=ErasureState.RECEIVED,
        basis=ErasureBasis.SUBJECT_REQUEST,
        reason="",
        document_ids=(),
        prefix_hmacs=(),
        requested_by=new_id(),
        created_at=now,
        updated_at=now,
        deadline_at=now + timedelta(30),
    )
    key = await world.pipeline.keyring.create(world.tenant_id, erasure_id)
    sealed = seal_text(key, Purpose.ERASURE_IDENTIFIER, ADA)
    named = ErasureIdentifier(world.tenant_id, erasure_id, IdentifierKind.EMAIL, "blind", "t" * 32, sealed)
    async with world.ledger.write() as uow:
        await uow.erasures.add(request, [named])
    await Fencing(world.ledger, world.pipeline.clock).fence(world.tenant_id, erasure_id)
    return erasure_id


async def cancelled(world: World, erasure_id: Id) -> None:
    cancelling = Cancelling(world.ledger, world.pipeline.keyring, world.pipeline.clock)
    await cancelling.cancel(world.tenant_id, erasure_id)


def sent(world: World) -> bool:
    return any(ADA in text for text in world.other.texts)


async def test_what_names_the_person_is_not_sent_and_follows_when_the_erasure_is_cancelled(
    migrating: Migrating,
) -> None:
    world = migrating.world
    erasure_id = await fenced(world)
    ref = await migrating.begun()
    assert (await migrating.judged(ref)).passed, "it is not missing"
    assert (len(world.memory.held(await world.build(ref))), sent(world)) == (3, False)
    await cancelled(world, erasure_id)
    await world.followed(ref)
    assert sent(world)
    await world.assert_equal(await world.build(ref))
    assert (await world.cutover.close(ref)).is_active


async def test_an_audit_sends_nothing_of_the_person(migrating: Migrating) -> None:
    world = migrating.world
    await fenced(world)
    ref = await migrating.begun()
    await migrating.serving(ref)
    assert (await world.reconciled(ref), sent(world)) == (0, False)
