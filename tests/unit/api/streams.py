"""Asking for a stream, and reading one."""

from typing import Any

from api.asking import AskedMemo, guarded, store, stored
from api.schemas.questions import AskIn
from api.streaming import AnswerStream
from lethe.model.ids import Id
from lethe.model.principals import Caller
from lethe.privacy.credentials import secret_digest
from tests.events import Event, events_of
from tests.unit.api.test_questions import ASK
from tests.unit.api.world import World

RIVER = "Lethe is a river of the underworld."
STREAM = {"Accept": "text/event-stream"}
WHOLE = ["citation", "token", "done"]


async def asked(world: World, **options: Any) -> list[Event]:
    response = await world.post("/v1/query", headers=STREAM, json=ASK, **options)
    assert response.status_code == 200
    return events_of(response.text)


async def followed(world: World, question_id: str, after: int | None = None) -> list[Event]:
    headers = {"X-API-Key": world.admin, **STREAM} | ({} if after is None else {"Last-Event-ID": str(after)})
    response = await world.client.get(f"/v1/queries/{question_id}", headers=headers)
    assert response.status_code == 200
    return events_of(response.text)


async def caller_of(world: World) -> Caller:
    async with world.services.ledger.read() as uow:
        key = await uow.api_keys.by_secret(secret_digest(world.admin))
    assert key
    return Caller(key.tenant_id, key.principal_id, key.role, key.groups)


async def reader(world: World, question_id: Id, after: int = 0) -> AnswerStream:
    """As of another process than the one that waits for the answer."""
    caller = await caller_of(world)
    memo, request = await stored(world.services, caller, question_id)
    return AnswerStream(world.services, caller, request, memo, after)


async def waiting_question(world: World) -> AskedMemo:
    """A stored question that nobody answers yet."""
    return await store(world.services, await caller_of(world), guarded(world.services, AskIn(question="Which river?")))
