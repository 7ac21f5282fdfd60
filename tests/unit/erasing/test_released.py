"""A restricted document about others, too: after its release it is written anew without whom was erased meanwhile."""

from lethe.adapters.fakes.witness import FakeWitness
from lethe.ingestion.restricting import Restrictions
from lethe.model.erasures import ErasureState, ItemState
from tests.unit.certificates.issuers import issuer
from tests.unit.erasing.driving import TIMER, Drive
from tests.unit.erasing.world import ADA, EVE, ErasingWorld
from workers.erasing import privacy_activities


async def _to_the_end(world: ErasingWorld, drive: Drive) -> None:
    for _ in range(500):
        stop = await drive.reached()
        if drive.is_over:
            return
        if stop is not None and stop.name == TIMER:
            await world.begun_by_rewriting()
            for flight in world.flights:
                await world.fly(flight)
            await world.build_on()
        await drive.step()
    raise AssertionError("it does not end")


async def test_it_is_served_without_the_person_and_nothing_is_held_any_more(world: ErasingWorld) -> None:
    certifying = issuer(world.ledger, world.clock, FakeWitness())

    def activities():
        return privacy_activities(
            world.own, world.remover, world.clock, world.histories, world.uploads, issuer=certifying
        )

    flight = await world.upload(0, f"The engine.\n\nBy {ADA}.", EVE, fact="The engine.")
    assert flight
    await world.fly(flight)
    async with world.ledger.read() as uow:
        version = await uow.versions.get(world.tenant_id, flight.version_id)
    assert version
    restrictions = Restrictions(world.ledger, world.clock)
    await restrictions.restrict(world.admin, version.document_id, "court")
    ref = await world.erase(ADA)
    await _to_the_end(world, Drive(activities, ref, world.clock))
    assert (await world.request(ref)).state is ErasureState.CERTIFIED
    await restrictions.release(world.admin, version.document_id)
    assert (await world.request(ref)).state is ErasureState.REOPENED
    await _to_the_end(world, Drive(activities, ref, world.clock))
    assert (await world.request(ref)).state is ErasureState.CERTIFIED
    async with world.ledger.read() as uow:
        assert await uow.erasures.items(world.tenant_id, ref.erasure_id, states=[ItemState.HELD]) == []
    texts = [text for _, text, *_ in (await world.served()).values()]
    assert [each for each in texts if "The engine." in each]
    assert not [each for each in texts if ADA in each]
    assert await world.left_of(frozenset({ADA})) == {}
