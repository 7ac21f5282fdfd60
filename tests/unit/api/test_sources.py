"""Sources over HTTP."""

import base64
import json
from typing import Any

import httpx
import pytest

from api.source_events import keys_of
from lethe.contracts.sync import SourceRef
from lethe.errors import InvalidRequest, SourceAddressRefused, WorkflowsUnavailable
from lethe.ingestion.sync.arranging import arrange
from lethe.model.ids import new_id
from lethe.model.operations import DispatchKind
from tests.unit.api.world import World

PATH = "/v1/sources"
WISH: dict[str, Any] = {
    "name": "Handbook",
    "kind": "folder",
    "address": "/srv/handbook",
    "schedule": {"every_seconds": 3600, "jitter_seconds": 60},
    "filters": {"include": ["**/*.md"], "exclude": ["drafts/**"]},
    "purpose": "support",
    "legal_basis": "contract",
    "overdue_after_seconds": 86_400,
    "retention_days": 30,
}


async def made(world: World, **fields: object) -> dict[str, Any]:
    answer = await world.post(PATH, json=WISH | fields)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def patch(world: World, path: str, key: str | None = None, *, json: dict[str, Any]) -> httpx.Response:
    return await world.client.patch(path, headers={"X-API-Key": key or world.admin}, json=json)


async def delete(world: World, path: str, key: str | None = None) -> httpx.Response:
    return await world.client.delete(path, headers={"X-API-Key": key or world.admin})


def started(world: World) -> list[DispatchKind]:
    return [dispatch.kind for dispatch in world.workflows.dispatched]


async def test_a_source_is_made_once_and_read_back(world: World) -> None:
    first = await world.post(PATH, idem="k1", json=WISH)
    again = await world.post(PATH, idem="k1", json=WISH)
    assert (first.status_code, again.headers["Idempotent-Replayed"]) == (201, "true")
    source = first.json()
    assert again.json() == source
    assert (source["address"], source["readers"]) == ("/srv/handbook", [world.tenant_id])
    assert source["filters"]["exclude"] == ["drafts/**"]
    assert (source["purpose"], source["legal_basis"]) == ("support", "contract")
    assert source["schedule"] == {"every_seconds": 3600, "cron": None, "jitter_seconds": 60, "catch_up_seconds": 3600}
    assert (source["is_overdue"], source["last_good_at"]) == (False, None)
    assert (await world.get(f"{PATH}/{source['id']}")).json() == source
    assert (await world.get(PATH)).json()["items"] == [source]
    assert started(world) == [DispatchKind.ARRANGE_SOURCE]


async def test_its_row_shows_neither_address_nor_filters(world: World) -> None:
    source = await made(world, address="/srv/anna.berg")
    async with world.services.ledger.read() as uow:
        row = await uow.sources.get(world.tenant_id, source["id"])
    assert row is not None
    assert b"anna" not in row.sealed_spec


async def test_a_dispatch_that_temporal_did_not_take_waits_for_the_sweeper(world: World) -> None:
    world.workflows.fails_with = WorkflowsUnavailable()
    await made(world)
    async with world.services.ledger.read() as uow:
        (waiting,) = await uow.dispatches.pending(world.clock.now(), 10)
    assert (waiting.kind, waiting.again) == (DispatchKind.ARRANGE_SOURCE, True)


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "ftp"},
        {"schedule": {}},
        {"schedule": {"every_seconds": 60, "cron": "0 3 * * *"}},
        {"schedule": {"every_seconds": 59}},
        {"schedule": {"cron": "0 3 * *"}},
        {"schedule": {"cron": "61 3 * * *"}},
        {"schedule": {"cron": "*/0 * * * *"}},
        {"schedule": {"cron": "5-1 * * * *"}},
        {"readers": []},
        {"name": ""},
        {"password": "x"},
    ],
)
async def test_what_means_nothing_is_refused(world: World, fields: dict[str, object]) -> None:
    assert (await world.post(PATH, json=WISH | fields)).status_code == 422
    assert (await world.get(PATH)).json()["items"] == []


@pytest.mark.parametrize("cron", ["0 3 * * *", "*/15 8-18 * * 1-5", "0,30 0 1 1,7 *"])
async def test_a_cron_expression_is_taken(world: World, cron: str) -> None:
    assert (await made(world, schedule={"cron": cron}))["schedule"]["cron"] == cron


async def test_an_address_that_the_operator_forbids_is_refused(world: World) -> None:
    world.sources.refuses = SourceAddressRefused()
    answer = await world.post(PATH, json=WISH)
    assert (answer.status_code, answer.json()["code"]) == (422, "source_address_refused")


async def test_a_change_keeps_what_is_not_sent(world: World) -> None:
    before = await made(world)
    path = f"{PATH}/{before['id']}"
    after = (await patch(world, path, json={"name": "Manual"})).json()
    assert after == before | {"name": "Manual", "updated_at": after["updated_at"]}
    after = (await patch(world, path, json={"schedule": None, "overdue_after_seconds": None})).json()
    assert after["retention_days"] == 30
    assert (after["schedule"], after["overdue_after_seconds"], after["name"]) == (None, None, "Manual")
    assert DispatchKind.SYNC_SOURCE not in started(world)
    assert (await patch(world, path, json={"name": None})).status_code == 422
    assert (await patch(world, path, json={"address": "/elsewhere"})).json()["code"] == "unknown_field"


async def test_other_readers_order_a_round_that_tells_the_documents(world: World) -> None:
    source, group = await made(world), new_id()
    changed = await patch(world, f"{PATH}/{source['id']}", json={"readers": [group]})
    assert changed.json()["readers"] == [group]
    (sync,) = (await world.get(f"{PATH}/{source['id']}/syncs")).json()["items"]
    assert (sync["trigger"], sync["state"]) == ("change", "pending")
    assert started(world)[-1] is DispatchKind.SYNC_SOURCE


async def test_a_round_is_ordered_once_however_often_it_is_asked_for(world: World) -> None:
    path = f"{PATH}/{(await made(world))['id']}"
    first = await world.post(f"{path}/sync", world.writer)
    again = await world.post(f"{path}/sync", world.writer)
    dry = await world.post(f"{path}/sync", world.writer, json={"dry_run": True})
    assert (first.status_code, first.json()["id"]) == (202, again.json()["id"])
    assert dry.json()["is_dry_run"]
    listed = (await world.get(f"{path}/syncs", world.writer)).json()["items"]
    assert [each["id"] for each in listed] == [dry.json()["id"], first.json()["id"]]
    assert (await world.get(f"{path}/syncs/{dry.json()['id']}")).json() == dry.json()
    assert (await world.get(f"{path}/syncs/{new_id()}")).json()["code"] == "sync_not_found"
    resolved = await world.post(f"{path}/syncs/{dry.json()['id']}/resolve", json={"action": "delete"})
    assert (resolved.status_code, resolved.json()["code"]) == (409, "sync_not_waiting")


async def test_a_source_goes_as_the_caller_says(world: World) -> None:
    path = f"{PATH}/{(await made(world))['id']}"
    assert (await delete(world, path)).status_code == 422
    gone = await delete(world, f"{path}?documents=delete")
    assert (gone.status_code, gone.json()["state"]) == (202, "deleting")
    assert started(world)[-2:] == [DispatchKind.ARRANGE_SOURCE, DispatchKind.SYNC_SOURCE]
    assert (await delete(world, f"{path}?documents=keep")).status_code == 202
    async with world.services.ledger.read() as uow:
        (row,) = await uow.sources.page(world.tenant_id, None, 10)
    assert row.deletes_documents
    for answer in (await world.post(f"{path}/sync"), await patch(world, path, json={"name": "x"})):
        assert answer.json()["code"] == "source_deleting"


@pytest.mark.parametrize("key", ["writer", "reader", "foreign_admin"])
async def test_only_its_own_admins_change_a_source(world: World, key: str) -> None:
    path, secret = f"{PATH}/{(await made(world))['id']}", getattr(world, key)
    expected = 404 if key == "foreign_admin" else 403
    answers = [
        await patch(world, path, secret, json={"name": "x"}),
        await delete(world, f"{path}?documents=keep", secret),
        await world.post(f"{path}/pause", secret),
        await world.post(f"{path}/syncs/{new_id()}/resolve", secret, json={"action": "keep"}),
    ]
    assert [answer.status_code for answer in answers] == [expected] * 4
    reads = (await world.get(path, secret)).status_code, (await world.post(f"{path}/sync", secret)).status_code
    assert reads == {"writer": (200, 202), "reader": (403, 403), "foreign_admin": (404, 404)}[key]


async def test_a_schedule_is_paused_by_somebody_and_resumed(world: World) -> None:
    source = await made(world)
    path, schedule = f"{PATH}/{source['id']}", f"/v1/schedules/{source['id']}"
    paused = (await world.post(f"{path}/pause", idem="pause")).json()
    assert (await world.post(f"{path}/pause", idem="pause")).json() == paused
    assert (paused["id"], paused["is_paused"]) == (source["id"], True)
    assert paused["paused_by"] == world.schedules.paused_by[source["id"]]
    assert started(world)[-1] is DispatchKind.ARRANGE_SOURCE
    await patch(world, path, json={"schedule": {"every_seconds": 60}})
    async with world.services.ledger.read() as uow:
        (row,) = await uow.sources.page(world.tenant_id, None, 10)
    assert (row.every_seconds, row.paused_by) == (60, paused["paused_by"])
    listed = (await world.get("/v1/schedules")).json()["items"]
    assert [each["id"] for each in listed] == ["tidy-up", source["id"]]
    assert not (await world.post(f"{schedule}/resume")).json()["is_paused"]
    span = {"start": "2026-01-01T00:00:00Z", "end": "2026-01-03T00:00:00Z"}
    for _ in range(2):
        assert (await world.post(f"{path}/backfill", json=span, idem="once")).status_code == 202
    assert len(world.schedules.backfilled) == 1
    assert (await world.post(f"{path}/backfill", json=span | {"end": span["start"]})).status_code == 422


async def test_what_has_no_schedule_is_not_paused(world: World) -> None:
    path = f"{PATH}/{(await made(world, schedule=None))['id']}"
    for way in ("pause", "resume"):
        assert (await world.post(f"{path}/{way}")).json()["code"] == "schedule_not_found"


async def test_a_pause_that_temporal_did_not_hear_of_is_not_forgotten(world: World) -> None:
    source = await made(world)
    world.schedules.fails_with = WorkflowsUnavailable()
    assert (await world.post(f"{PATH}/{source['id']}/pause")).status_code == 503
    world.schedules.fails_with = None
    async with world.services.ledger.read() as uow:
        pending = [each.kind for each in await uow.dispatches.pending(world.clock.now(), 10)]
    assert pending == [DispatchKind.ARRANGE_SOURCE]
    ref = SourceRef(tenant_id=world.tenant_id, source_id=source["id"])
    await arrange(world.services.ledger, world.schedules, ref)
    assert source["id"] in world.schedules.paused_by


async def test_an_event_that_is_sent_again_under_its_key_is_answered_the_same(world: World) -> None:
    path = f"{PATH}/{(await made(world))['id']}"
    first = await world.post(f"{path}/events", idem="e1", json=S3)
    again = await world.post(f"{path}/events", idem="e1", json=S3)
    assert (again.status_code, again.json(), again.headers["Idempotent-Replayed"]) == (202, first.json(), "true")
    assert (await world.post(f"{path}/events", idem="e1", json=OTHER_KEY)).json()["code"] == "idempotency_key_reused"


S3 = {"Records": [{"eventName": "ObjectCreated:Put", "s3": {"object": {"key": "notes/a+file%2B1.txt", "size": 3}}}]}
OTHER_KEY = {"Records": [{"s3": {"object": {"key": "notes/b.txt"}}}]}
RESOURCE = {"kind": "storage#object", "name": "notes/a file+1.txt", "bucket": "b"}
PUBSUB = {"message": {"attributes": {"eventType": "OBJECT_FINALIZE", "objectId": "notes/a file+1.txt"}}}
DATA = {"message": {"data": base64.b64encode(json.dumps(RESOURCE).encode()).decode()}}
SNS = {"Type": "Notification", "Message": json.dumps(S3)}
BRIDGE = {"detail-type": "Object Created", "detail": {"object": {"key": "notes/a file+1.txt"}}}


@pytest.mark.parametrize("body", [S3, RESOURCE, PUBSUB, DATA, SNS, BRIDGE])
async def test_notifications_of_both_stores_name_the_same_object_once(world: World, body: dict[str, Any]) -> None:
    path = f"{PATH}/{(await made(world))['id']}"
    first = (await world.post(f"{path}/events", world.writer, json=body)).json()
    again = (await world.post(f"{path}/events", world.writer, json=body)).json()
    other = (await world.post(f"{path}/events", world.writer, json=S3)).json()
    assert (first["keys"], first["sync_id"]) == (1, again["sync_id"]) == (1, other["sync_id"])
    async with world.services.ledger.read() as uow:
        assert sum((await uow.syncs.count_listed(world.tenant_id, first["sync_id"])).values()) == 1
    assert started(world)[-1] is DispatchKind.SYNC_SOURCE


OTHERS: list[dict[str, Any]] = [
    {},
    {"Records": [{}]},
    {"Records": ["x"]},
    {"message": {"data": "%%%"}},
    {"Type": "Notification"},
]


@pytest.mark.parametrize("body", OTHERS)
async def test_other_notifications_are_refused(world: World, body: dict[str, Any]) -> None:
    path = f"{PATH}/{(await made(world))['id']}"
    answer = await world.post(f"{path}/events", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")


UNFIT: list[dict[str, Any]] = [
    {"kind": "storage#object", "name": "\ud800"},
    {"Type": "Notification", "Message": "[" * 100_000},
]


@pytest.mark.parametrize("body", UNFIT)
def test_what_is_no_text_or_has_no_end_is_refused_too(body: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest):
        keys_of(body)


async def test_the_message_that_tries_the_address_names_nothing(world: World) -> None:
    path = f"{PATH}/{(await made(world))['id']}"
    assert (await world.post(f"{path}/events", json={"Event": "s3:TestEvent"})).json() == {"keys": 0, "sync_id": None}
