"""Dead letters: every failure that was kept, with its cause, and what is decided on it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from api.dependencies import IdempotencyKey, LetterId, ResolutionId, ServicesDep
from api.dispatching import start_now
from api.idempotency import Attempt, MemoT, tell_replay
from api.schemas.base import Page
from api.schemas.operations import (
    DeadLetterOut,
    DeadLetterQuery,
    DecisionOut,
    LetterSelectionIn,
    PlaceOut,
    ResolutionOut,
)
from api.security import Admin
from api.services import Services
from lethe.errors import DeadLetterNotFound, Place, by_code
from lethe.ingestion.documents import open_failure
from lethe.ingestion.letters import LetterChoice
from lethe.model.ids import Id, derived_id
from lethe.model.operations import DeadLetter, DispatchKind, LetterAction, LetterFilter
from lethe.privacy.erasure.needles import standing_needles

router = APIRouter(prefix="/v1/dead-letters", tags=["dead letters"])


@dataclass(frozen=True, slots=True)
class _Deciding:
    """A request that decides, once for its Idempotency-Key."""

    response: Response
    caller: Admin
    services: ServicesDep
    idempotency_key: IdempotencyKey = None

    async def on_one(self, action: LetterAction, letter_id: Id) -> DecisionOut:
        async def perform(effect_id: Id) -> DecisionOut:
            letter = await self.services.letters.decide(self.caller.tenant_id, letter_id, action, effect_id)
            return DecisionOut(
                id=letter.id,
                document_id=letter.document_id,
                version_id=letter.version_id,
                workflow_id=letter.workflow_id,
                action=action,
            )

        done, _ = await self._once(("dead-letter", action.value, letter_id), DecisionOut, perform)
        return done

    async def on_many(self, action: LetterAction, wish: LetterSelectionIn) -> ResolutionOut:
        tenant_id = self.caller.tenant_id
        choice = LetterChoice(wish.failure_class, wish.code, wish.step, wish.created_after, wish.created_before)

        async def perform(effect_id: Id) -> ResolutionOut:
            planned = await self.services.letters.plan(tenant_id, action, choice, derived_id(effect_id, 0))
            return ResolutionOut.model_validate(planned)

        request = ("dead-letters", action.value, wish.model_dump_json())
        planned, is_repeated = await self._once(request, ResolutionOut, perform)
        if not is_repeated:
            await start_now(self.services, tenant_id, DispatchKind.RESOLVE_LETTERS, planned.id)
        self.response.headers["Location"] = f"{router.prefix}/resolutions/{planned.id}"
        return planned

    async def _once(
        self, request: tuple[str, ...], memo: type[MemoT], perform: Callable[[Id], Awaitable[MemoT]]
    ) -> tuple[MemoT, bool]:
        attempt = Attempt(self.caller, self.idempotency_key, request, 202)
        done, is_repeated = await self.services.idempotency.once_as(attempt, memo, perform)
        tell_replay(self.response, is_repeated=is_repeated)
        return done, is_repeated


Deciding = Annotated[_Deciding, Depends()]


@router.get("")
async def list_dead_letters(
    caller: Admin, services: ServicesDep, query: Annotated[DeadLetterQuery, Query()]
) -> Page[DeadLetterOut]:
    """The tenant's dead letters, newest first."""
    listing = f"dead-letters:{query.model_dump_json(exclude={'cursor', 'limit'})}"
    after = await services.cursors.position(caller.tenant_id, listing, query.cursor)
    async with services.ledger.read() as uow:
        letters = await uow.dead_letters.page(caller.tenant_id, _filter(query), after, query.limit + 1)
    items = await _opened(services, caller.tenant_id, letters[: query.limit])
    cursor = await services.cursors.behind(caller.tenant_id, listing, letters, query.limit)
    return Page(items=items, next_cursor=cursor)


@router.post("/retry", status_code=202)
async def retry_dead_letters(wish: LetterSelectionIn, deciding: Deciding) -> ResolutionOut:
    """Run the failed step of every letter of the selection again; `Location` tells how far that is."""
    return await deciding.on_many(LetterAction.RETRY, wish)


@router.post("/discard", status_code=202)
async def discard_dead_letters(wish: LetterSelectionIn, deciding: Deciding) -> ResolutionOut:
    """Remove the failed version of every letter of the selection; what is served stays."""
    return await deciding.on_many(LetterAction.DISCARD, wish)


@router.get("/resolutions/{resolution_id}")
async def read_resolution(caller: Admin, services: ServicesDep, resolution_id: ResolutionId) -> ResolutionOut:
    """How far a decision on many dead letters is."""
    return ResolutionOut.model_validate(await services.letters.resolution(caller.tenant_id, resolution_id))


@router.get("/{letter_id}")
async def read_dead_letter(caller: Admin, services: ServicesDep, letter_id: LetterId) -> DeadLetterOut:
    """One dead letter."""
    async with services.ledger.read() as uow:
        letter = await uow.dead_letters.get(caller.tenant_id, letter_id)
    if letter is None:
        raise DeadLetterNotFound
    return (await _opened(services, caller.tenant_id, [letter]))[0]


@router.post("/{letter_id}/retry", status_code=202)
async def retry_dead_letter(letter_id: LetterId, deciding: Deciding) -> DecisionOut:
    """Run the failed step again; where its workflow has ended, ingest the kept bytes anew under the same version."""
    return await deciding.on_one(LetterAction.RETRY, letter_id)


@router.post("/{letter_id}/discard", status_code=202)
async def discard_dead_letter(letter_id: LetterId, deciding: Deciding) -> DecisionOut:
    """Remove the failed version; the one that is served, if any, stays."""
    return await deciding.on_one(LetterAction.DISCARD, letter_id)


@router.delete("/{letter_id}", status_code=204)
async def delete_dead_letter(caller: Admin, services: ServicesDep, letter_id: LetterId) -> None:
    """Delete the record of a failure on which nothing is to be decided."""
    await services.letters.remove(caller.tenant_id, letter_id)


def _filter(query: DeadLetterQuery) -> LetterFilter:
    return LetterFilter(
        states=(query.state,) if query.state else (),
        failure_class=query.failure_class,
        code=query.code,
        step=query.step,
        document_id=query.document_id,
        created_after=query.created_after,
        created_before=query.created_before,
    )


async def _opened(services: Services, tenant_id: Id, letters: Sequence[DeadLetter]) -> list[DeadLetterOut]:
    keys = await services.keyring.get_many(tenant_id, {letter.version_id for letter in letters})
    needles = await standing_needles(services.ledger, services.keyring, tenant_id)
    shown = [_letter_out(letter, keys) for letter in letters]
    # What names somebody who is being erased is told as if its key were gone already.
    return [
        _letter_out(letter, {}) if needles.hides(out.detail) else out
        for letter, out in zip(letters, shown, strict=True)
    ]


def _letter_out(letter: DeadLetter, keys: Mapping[Id, bytes]) -> DeadLetterOut:
    key = keys.get(letter.version_id)
    # A letter whose version was erased keeps its code; what was said about the content went with the content's key.
    detail = by_code(letter.code).title if key is None else open_failure(key, letter).detail
    return DeadLetterOut(
        id=letter.id,
        document_id=letter.document_id,
        version_id=letter.version_id,
        workflow_id=letter.workflow_id,
        step=letter.step,
        code=letter.code,
        failure_class=letter.failure_class,
        attempts=letter.attempts,
        failures=letter.openings,
        place=None if letter.place == Place() else PlaceOut.model_validate(letter.place),
        detail=detail,
        cause_code=letter.cause_code or None,
        input_hmac=letter.input_hmac,
        state=letter.state,
        created_at=letter.created_at,
        updated_at=letter.updated_at,
    )
