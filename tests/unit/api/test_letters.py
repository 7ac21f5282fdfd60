"""Deciding on dead letters over HTTP: one, many, deleted."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from lethe.errors import FailureClass, WorkflowsUnavailable
from lethe.model.documents import Status
from lethe.model.ids import new_id
from lethe.model.operations import DeadLetter, DeadLetterState, DispatchKind, LetterAction
from lethe.ports.workflows import Answered
from lethe.privacy.sealing import Purpose, seal_text
from tests.unit.api.world import World

LETTERS = "/v1/dead-letters"


async def failed(world: World, key: str | None = None, tenant_id: str = "", **fields: Any) -> DeadLetter:
    """An upload whose ingestion gave up, with its letter."""
    tenant_id = tenant_id or world.tenant_id
    receipt = (await world.upload(f"text {new_id()}", key)).json()
    data_key = await world.services.keyring.get(tenant_id, receipt["version_id"])
    now = world.clock.now()
    letter = DeadLetter(
        tenant_id=tenant_id,
        id=new_id(),
        document_id=receipt["document_id"],
        version_id=receipt["version_id"],
        workflow_id=receipt["workflow_id"],
        step="parse_document",
        code="no_text",
        failure_class=FailureClass.PERMANENT,
        attempts=1,
        input_hmac="0" * 64,
        sealed_detail=seal_text(data_key, Purpose.FAILURE, "why"),
        state=DeadLetterState.CLOSED,
        created_at=now,
        updated_at=now,
        openings=2,
    )
    letter = replace(letter, **fields)
    async with world.services.ledger.write() as uow:
        version = await uow.versions.get(tenant_id, letter.version_id)
        assert version
        await uow.versions.update(replace(version, status=Status.FAILED))
        await uow.dead_letters.record(letter)
    world.workflows.dispatched.clear()
    return letter


async def letter_of(world: World, letter: DeadLetter) -> DeadLetter | None:
    async with world.services.ledger.read() as uow:
        return await uow.dead_letters.get(letter.tenant_id, letter.id)


async def status_of(world: World, letter: DeadLetter) -> str:
    return (await world.get(f"/v1/documents/{letter.document_id}")).json()["status"]


async def worked_off(world: World, resolution: str) -> dict[str, Any]:
    """What the workflow does, and what is told of it then."""
    while (await world.services.letters.next_page(world.tenant_id, resolution)).finished_at is None:
        pass
    return (await world.get(f"{LETTERS}/resolutions/{resolution}")).json()


async def test_a_letter_tells_its_place_and_how_often_it_failed(world: World) -> None:
    letter = await failed(world, first_chunk=64, last_chunk=127, cause_code="")
    shown = (await world.get(f"{LETTERS}/{letter.id}")).json()
    assert shown["place"] == {"page": None, "first_chunk": 64, "last_chunk": 127}
    assert (shown["failures"], shown["cause_code"]) == (2, None)
    assert (await world.get(f"{LETTERS}/{(await failed(world)).id}")).json()["place"] is None


async def test_every_filter_narrows(world: World) -> None:
    start = world.clock.now()
    one = await failed(world)
    two = await failed(world, code="parser_crashed", failure_class=FailureClass.POISON, state=DeadLetterState.OPEN)
    three = await failed(world, step="index_version", code="index_unavailable", failure_class=FailureClass.TRANSIENT)

    async def found(**params: str) -> list[str]:
        return [item["id"] for item in (await world.get(LETTERS, params=params)).json()["items"]]

    assert await found() == [three.id, two.id, one.id]
    assert await found(state="open") == [two.id]
    assert await found(failure_class="poison") == [two.id]
    assert await found(code="no_text") == [one.id]
    assert await found(step="index_version") == [three.id]
    assert await found(document_id=one.document_id) == [one.id]
    assert await found(created_after=two.created_at.isoformat()) == [three.id]
    assert await found(created_before=two.created_at.isoformat()) == [two.id, one.id]
    assert await found(created_before=start.isoformat()) == []
    first = (await world.get(LETTERS, params={"limit": 1, "step": "parse_document"})).json()
    rest = {"limit": 1, "cursor": first["next_cursor"]}
    assert (await world.get(LETTERS, params={**rest, "step": "parse_document"})).json()["items"][0]["id"] == one.id
    assert (await world.get(LETTERS, params=rest)).json()["code"] == "invalid_cursor"


async def test_an_ingestion_that_waits_is_told(world: World) -> None:
    letter = await failed(world, state=DeadLetterState.OPEN)
    world.workflows.answers[letter.workflow_id] = Answered.TAKEN
    response = await world.post(f"{LETTERS}/{letter.id}/retry", idem="one")
    assert response.status_code == 202
    assert response.json()["workflow_id"] == letter.workflow_id
    repeated = await world.post(f"{LETTERS}/{letter.id}/retry", idem="one")
    assert (repeated.json(), repeated.headers["idempotent-replayed"]) == (response.json(), "true")
    assert world.workflows.decided == [(letter.workflow_id, LetterAction.RETRY)]
    assert world.workflows.dispatched == []


async def test_one_that_ended_is_begun_again_from_its_bytes(world: World) -> None:
    letter = await failed(world)
    assert (await world.post(f"{LETTERS}/{letter.id}/retry")).status_code == 202
    (dispatch,) = world.workflows.dispatched
    assert (dispatch.kind, dispatch.ref, dispatch.workflow_id, dispatch.again) == (
        DispatchKind.INGEST_DOCUMENT,
        letter.version_id,
        letter.workflow_id,
        True,
    )
    now = await letter_of(world, letter)
    assert now
    assert now.state is DeadLetterState.ATTEMPTING
    assert await status_of(world, letter) == "pending"


async def test_one_that_ended_is_discarded_by_a_workflow_of_its_own(world: World) -> None:
    letter = await failed(world)
    assert (await world.post(f"{LETTERS}/{letter.id}/discard")).status_code == 202
    assert [(d.kind, d.ref) for d in world.workflows.dispatched] == [(DispatchKind.DISCARD_VERSION, letter.version_id)]


async def test_with_temporal_away_a_decision_is_refused_and_nothing_is_changed(world: World) -> None:
    letter = await failed(world)
    world.workflows.fails_with = WorkflowsUnavailable()
    assert (await world.post(f"{LETTERS}/{letter.id}/retry")).json()["code"] == "workflows_unavailable"
    assert await letter_of(world, letter) == letter


@pytest.mark.parametrize("action", ["retry", "discard"])
async def test_what_cannot_be_decided_says_why(world: World, action: str) -> None:
    running = await failed(world, state=DeadLetterState.ATTEMPTING)
    world.workflows.answers[running.workflow_id] = Answered.NOT_WAITING
    resolved = await failed(world, state=DeadLetterState.RESOLVED)
    deleted = await failed(world)
    await world.client.delete(f"/v1/documents/{deleted.document_id}", headers={"X-API-Key": world.admin})
    for letter, code in (
        (running, "ingestion_under_way"),
        (resolved, "dead_letter_settled"),
        (deleted, "document_conflict"),
    ):
        response = await world.post(f"{LETTERS}/{letter.id}/{action}")
        assert (response.status_code, response.json()["code"]) == (409, code)
    for key, letter_id in ((world.foreign_admin, running.id), (world.admin, new_id()), (world.admin, "7")):
        response = await world.post(f"{LETTERS}/{letter_id}/{action}", key)
        assert (response.status_code, response.json()["code"]) == (404, "dead_letter_not_found")
    for key in (world.writer, world.reader):
        assert (await world.post(f"{LETTERS}/{running.id}/{action}", key)).status_code == 403


async def test_a_settled_letter_can_be_deleted(world: World) -> None:
    async def delete(letter: DeadLetter) -> tuple[int, str]:
        response = await world.client.delete(f"{LETTERS}/{letter.id}", headers={"X-API-Key": world.admin})
        return response.status_code, response.json()["code"] if response.content else ""

    for state in (DeadLetterState.OPEN, DeadLetterState.ATTEMPTING):
        assert await delete(await failed(world, state=state)) == (409, "dead_letter_open")
    for state in (DeadLetterState.RESOLVED, DeadLetterState.CLOSED):
        letter = await failed(world, state=state)
        assert await delete(letter) == (204, "")
        assert await delete(letter) == (404, "dead_letter_not_found")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"all": False},
        {"all": True, "code": "no_text"},
        {"code": "No text"},
        {"created_after": "2026-01-01T00:00:00"},
    ],
)
async def test_a_selection_must_say_which(world: World, body: dict[str, Any]) -> None:
    for action in ("retry", "discard"):
        response = await world.post(f"{LETTERS}/{action}", json=body)
        assert (response.status_code, response.json()["code"]) == (422, "invalid_request")


async def test_all_of_a_code_are_retried_and_counted(world: World) -> None:
    chosen = [await failed(world) for _ in range(120)]
    busy = await failed(world, state=DeadLetterState.OPEN)
    world.workflows.answers[busy.workflow_id] = Answered.NOT_WAITING
    other = await failed(world, code="corrupt_document")
    foreign = await failed(world, world.foreign_admin, await _tenant_of(world, world.foreign_admin))
    response = await world.post(f"{LETTERS}/retry", json={"code": "no_text"}, idem="many")
    assert response.status_code == 202
    resolution = response.json()["id"]
    assert response.headers["location"] == f"{LETTERS}/resolutions/{resolution}"
    again = await world.post(f"{LETTERS}/retry", json={"code": "no_text"}, idem="many")
    assert again.json()["id"] == resolution
    (dispatch,) = world.workflows.dispatched
    assert (dispatch.kind, dispatch.ref) == (DispatchKind.RESOLVE_LETTERS, resolution)
    later = await failed(world)
    told = await worked_off(world, resolution)
    assert (told["matched"], told["done"], told["skipped"]) == (121, 120, 1)
    assert told["finished_at"] is not None
    assert {dispatch.ref for dispatch in world.workflows.dispatched} == {letter.version_id for letter in chosen}
    for letter in (other, foreign, later):
        assert await letter_of(world, letter) == letter
    assert (await world.get(f"{LETTERS}/resolutions/{resolution}", world.foreign_admin)).status_code == 404


async def test_a_page_that_is_repeated_decides_nothing_twice(world: World) -> None:
    letters = [await failed(world) for _ in range(3)]
    resolution = (await world.post(f"{LETTERS}/retry", json={"all": True})).json()["id"]
    # As if the worker was killed after the second letter: its decision is there, the page's count is not.
    for letter in letters[:2]:
        await world.services.letters.decide(world.tenant_id, letter.id, LetterAction.RETRY, resolution)
    told = await worked_off(world, resolution)
    assert (told["matched"], told["done"], told["skipped"]) == (3, 3, 0)
    refs: Sequence[str] = [d.ref for d in world.workflows.dispatched if d.kind is DispatchKind.INGEST_DOCUMENT]
    assert sorted(refs) == sorted(letter.version_id for letter in letters)


async def test_poison_is_retried_only_where_it_is_named(world: World) -> None:
    poison = await failed(world, failure_class=FailureClass.POISON, code="parser_crashed")
    plain = await failed(world)
    for body, met in (
        ({"all": True}, plain),
        ({"failure_class": "poison"}, poison),
    ):
        resolution = (await world.post(f"{LETTERS}/retry", json=body)).json()["id"]
        assert (await worked_off(world, resolution))["done"] == 1
        assert world.workflows.dispatched[-1].ref == met.version_id


async def test_a_selection_by_time(world: World) -> None:
    await failed(world)
    between = world.clock.now()
    second = await failed(world)
    body = {"created_after": between.isoformat(), "created_before": (between + timedelta(hours=1)).isoformat()}
    resolution = (await world.post(f"{LETTERS}/discard", json=body)).json()
    assert resolution["action"] == "discard"
    assert (await worked_off(world, resolution["id"]))["matched"] == 1
    assert world.workflows.dispatched[-1].ref == second.version_id


async def _tenant_of(world: World, key: str) -> str:
    document = (await world.upload(key=key)).json()["document_id"]
    return (await world.get(f"/v1/documents/{document}", key)).json()["readers"][0]
