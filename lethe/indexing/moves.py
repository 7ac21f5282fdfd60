"""What an index build may become, checked under the tenant's lock."""

from dataclasses import replace

from lethe.errors import IndexBuildStateConflict, TextsRefused
from lethe.model.indexes import MOVES, OVER, BuildKind, BuildState, IndexBuild
from lethe.ports.ledger import UnitOfWork


def moved(build: IndexBuild, to: BuildState) -> IndexBuild:
    """The build in its new state. Raises IndexBuildStateConflict for a move that `MOVES` does not know."""
    if to not in MOVES[build.state]:
        raise IndexBuildStateConflict(f"An index build that is {build.state} cannot become {to}.")
    return replace(build, state=to)


async def move(uow: UnitOfWork, build: IndexBuild, to: BuildState) -> None:
    """Move a build that was read in this unit, under the tenant's lock."""
    await uow.builds.update(moved(build, to))


async def retire(uow: UnitOfWork, build: IndexBuild) -> None:
    """As `move`; a build that is retired already, or dropped, stays as it is."""
    if build.state not in OVER:
        await move(uow, build, BuildState.RETIRED)


async def serve(uow: UnitOfWork, build: IndexBuild, active: IndexBuild | None) -> int:
    """Make a build the active one in place of another; returns the commit from which questions read it.

    Raises the tenant's clock: a question that began before reads the replaced build, one that begins after reads this
    one. Needs the tenant's lock, and that both hold everything up to now.
    """
    seq = await uow.tenants.advance(build.tenant_id)
    if active is not None:
        await uow.builds.update(replace(moved(active, BuildState.SOAKING), seq=seq))
    served_from = (*build.served_from, seq)
    await uow.builds.update(replace(moved(build, BuildState.ACTIVE), seq=seq, served_from=served_from))
    return seq


async def refuse_to_lose(uow: UnitOfWork, build: IndexBuild, active: IndexBuild) -> None:
    """Raises TextsRefused where the model of the build to go back to refuses texts, which it therefore lacks."""
    if build.spec == active.spec:
        return
    refused = (await uow.refusals.told(build.tenant_id, build.spec, 1)).chunks
    if refused:
        raise TextsRefused(f"{refused} texts are not in the replaced index.")


async def serve_again(uow: UnitOfWork, build: IndexBuild, active: IndexBuild) -> None:
    """As `serve`, for the way back; a build on its way that was planned after the one left behind is given up.

    It would bring back what is fled from. Whoever wanted it for the sake of the bytes has another one planned.
    """
    await serve(uow, build, active)
    for other in await uow.builds.list(build.tenant_id):
        is_coming = other.kind is BuildKind.VECTOR and other.state is BuildState.BUILDING
        if is_coming and other.collection != build.collection:
            await retire(uow, other)
            await uow.dispatches.delete_for(build.tenant_id, [other.id])
