"""Erasures, restrictions and suppressions over HTTP."""

from dataclasses import replace
from typing import Any

import httpx
import pytest

from lethe.errors import WorkflowsUnavailable
from lethe.model.audit_log import LeafKind
from lethe.model.ids import new_id
from lethe.model.indexes import NIL_ID
from lethe.model.operations import DispatchKind
from lethe.model.principals import Role
from lethe.model.texts import TextPlace
from lethe.privacy.certificates.log import AuditLog
from tests.unit.api.world import World

MAIL = {"kind": "email", "value": "mara.lind@mail.example"}
WISH: dict[str, Any] = {"identifiers": [MAIL, {"kind": "name", "value": "Mara Lind"}], "basis": "objection"}


async def begin(world: World, key: str | None = None, idem: str | None = None, **fields: Any) -> httpx.Response:
    return await world.post("/v1/erasures", key, idem=idem, json=WISH | fields)


async def test_an_erasure_is_taken_in_fenced_and_dispatched_once(world: World) -> None:
    first = await begin(world, idem="once")
    assert first.status_code == 202, first.text
    body = first.json()
    assert (body["state"], body["basis"], body["documents"]) == ("fenced", "objection", 0)
    assert body["accepted_at"] == body["fenced_at"]
    assert first.headers["Location"] == f"/v1/erasures/{body['id']}"
    again = await begin(world, idem="once")
    assert again.json()["id"] == body["id"]
    other = await begin(world, idem="once", reason="else")
    assert other.json()["code"] == "idempotency_key_reused"
    dispatched = [each for each in world.workflows.dispatched if each.kind is DispatchKind.ERASE_SUBJECT]
    assert [each.workflow_id for each in dispatched] == [body["workflow_id"]]
    assert "mara" not in first.text.casefold()
    assert len(bytes.fromhex(body["nonce"])) == 32
    assert again.json()["nonce"] == body.pop("nonce")
    assert (await world.get(first.headers["Location"])).json() == body
    listed = (await world.get("/v1/erasures", params={"limit": 1})).json()
    assert ([each["id"] for each in listed["items"]], listed["next_cursor"]) == ([body["id"]], None)
    assert (await world.get("/v1/erasures", params={"state": "certified"})).json()["items"] == []


async def test_an_erasure_survives_that_temporal_is_away(world: World) -> None:
    world.workflows.fails_with = WorkflowsUnavailable()
    begun = await begin(world)
    assert begun.json()["state"] == "fenced"
    held = await world.post(f"/v1/erasures/{begun.json()['id']}/hold", json={"reason": "litigation"})
    assert held.json()["state"] == "held"
    async with world.services.ledger.read() as uow:
        pending = await uow.dispatches.pending(world.clock.now(), 9)
    assert [each.ref for each in pending] == [begun.json()["id"]]


async def test_it_is_held_released_and_not_cancelled_any_more(world: World) -> None:
    path = f"/v1/erasures/{(await begin(world)).json()['id']}"
    held = (await world.post(f"{path}/hold", json={"reason": "litigation"})).json()
    assert (held["state"], held["held_from"], held["hold_reason"]) == ("held", "fenced", "litigation")
    assert (await world.post(f"{path}/release")).json()["state"] == "fenced"
    refused = await world.post(f"{path}/release")
    assert (refused.status_code, refused.json()["code"]) == (409, "illegal_erasure_move")
    refused = await world.post(f"{path}/approve")
    assert (refused.status_code, refused.json()["code"]) == (409, "illegal_erasure_move")
    cancelled = await world.post(f"{path}/cancel")
    assert (cancelled.status_code, cancelled.json()["state"]) == (200, "cancelled")
    assert len(world.workflows.looks) == 3
    begun = (await begin(world)).json()
    await change(world, begun["id"], erasing_at=world.clock.now())
    refused = await world.post(f"/v1/erasures/{begun['id']}/cancel")
    assert (refused.status_code, refused.json()["code"]) == (409, "erasure_fenced")


async def test_what_admins_wrote_is_not_shown_where_it_names_whom_the_fence_hides(world: World) -> None:
    entries = {"boss": ["Mara Lind"], "pump": ["compressor"]}
    put = await world.client.put("/v1/tenant/glossary", headers={"X-API-Key": world.admin}, json={"entries": entries})
    assert put.status_code == 200, put.text
    url = f"https://hooks.example/{MAIL['value']}"
    made = await world.post("/v1/webhooks", json={"url": url, "events": ["document.completed"]})
    assert made.status_code == 201, made.text

    async def shown() -> tuple[Any, Any]:
        glossary = (await world.get("/v1/tenant/glossary")).json()["entries"]
        return glossary, [each["url"] for each in (await world.get("/v1/webhooks")).json()["items"]]

    assert await shown() == (entries, [url])
    await begin(world)
    assert await shown() == ({"pump": ["compressor"]}, [None])


async def change(world: World, erasure_id: str, **fields: Any) -> None:
    async with world.services.ledger.write() as uow:
        request = await uow.erasures.get(world.tenant_id, erasure_id)
        assert request
        await uow.erasures.update(replace(request, **fields))


async def test_a_question_that_names_whom_the_fence_hides_is_answered_and_not_kept(world: World) -> None:
    async def asked() -> tuple[Any, list[str]]:
        answer = (await world.post("/v1/query", idem=new_id(), json={"question": "Where is Mara Lind?"})).json()
        return answer["id"], answer["degraded_reasons"]

    question_id, reasons = await asked()
    assert question_id
    assert "question_not_kept" not in reasons
    erasure_id = (await begin(world)).json()["id"]
    assert await asked() == (None, ["question_not_kept"])
    async with world.services.ledger.read() as uow:
        rows = await uow.texts.after(world.tenant_id, TextPlace.QUESTION, None, 10)
    assert [row.ref for row in rows] == [question_id]
    assert (await world.post("/v1/query", json={"question": "Where is the bridge?"})).json()["id"]
    await change(world, erasure_id, ended_at=world.clock.now())
    assert (await asked())[0]


async def test_only_an_officer_or_an_admin_erases(world: World) -> None:
    officer = await world.key(world.tenant_id, Role.OFFICER)
    assert (await begin(world, officer)).status_code == 202
    for key in (world.writer, world.reader):
        for answer in (
            await begin(world, key),
            await world.get("/v1/erasures", key),
            await world.client.delete(f"/v1/users/{new_id()}/data", headers={"X-API-Key": key}),
        ):
            assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert (await world.upload(key=officer)).status_code == 403, "an officer changes no document"
    assert (await world.get("/v1/keys", officer)).status_code == 403


async def test_another_tenants_erasure_is_none(world: World) -> None:
    erasure_id = (await begin(world)).json()["id"]
    for wanted in (erasure_id, new_id(), "x"):
        answer = await world.get(f"/v1/erasures/{wanted}", world.foreign_admin)
        assert (answer.status_code, answer.json()["code"]) == (404, "erasure_not_found")


async def test_a_user_is_erased_by_its_id(world: World) -> None:
    path = f"/v1/users/{new_id()}/data"
    answer = await world.client.request(
        "DELETE", path, headers={"X-API-Key": world.admin}, json={"identifiers": [MAIL]}
    )
    assert answer.status_code == 202, answer.text
    async with world.services.ledger.read() as uow:
        kinds = [each.kind for each in await uow.erasures.identifiers(world.tenant_id, answer.json()["id"])]
    assert kinds == ["email", "principal"]
    bare = await world.client.delete(path, headers={"X-API-Key": world.admin})
    assert bare.status_code == 202


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"identifiers": []}, "invalid_request"),
        ({"identifiers": [{"kind": "name", "value": "Mara"}]}, "identifier_too_weak"),
        ({"identifiers": [{"kind": "other", "value": "the"}]}, "identifier_too_weak"),
        ({"identifiers": [{"kind": "staff_number", "value": "staff"}]}, "identifier_too_weak"),
        ({"identifiers": [{"kind": "principal", "value": "a"}]}, "identifier_too_weak"),
        ({"identifiers": [{"kind": "principal", "value": NIL_ID}]}, "identifier_too_weak"),
        ({"identifiers": [{"kind": "shoe", "value": "Mara Lind"}]}, "invalid_request"),
        ({"reason": "She asked us to."}, "invalid_request"),
        ({"basis": "because"}, "invalid_request"),
        ({"also": 1}, "unknown_field"),
    ],
)
async def test_what_is_no_erasure_is_refused(world: World, change: dict[str, Any], code: str) -> None:
    answer = await begin(world, **change)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


@pytest.mark.parametrize(
    ("kind", "value", "state"),
    [
        ("other", "company", "awaiting_approval"),
        ("name", "Thank You", "awaiting_approval"),
        ("name", "Ängel Vielen", "fenced"),
        ("staff_number", "A-1234", "fenced"),
    ],
)
async def test_words_that_anybody_writes_hide_nothing_before_somebody_else_has_looked(
    world: World, kind: str, value: str, state: str
) -> None:
    answer = await begin(world, identifiers=[MAIL, {"kind": kind, "value": value}])
    assert answer.json()["state"] == state


async def test_who_was_erased_comes_back_only_when_the_suppression_is_lifted(world: World) -> None:
    erasure_id = (await begin(world)).json()["id"]
    refused = await world.upload(subjects=[MAIL])
    assert (refused.status_code, refused.json()["code"]) == (422, "subject_suppressed")
    wish = {"identifiers": [MAIL], "reason": "new-consent"}

    async def lift() -> httpx.Response:
        headers = {"X-API-Key": world.admin}
        return await world.client.request("DELETE", "/v1/suppressions", headers=headers, json=wish)

    assert (await lift()).json()["code"] == "erasure_open"
    await change(world, erasure_id, ended_at=world.clock.now())
    lifted = await lift()
    assert (lifted.status_code, lifted.json()["lifted"]) == (200, 1)
    assert (await lift()).json()["code"] == "suppression_not_found"
    services = world.services
    async with services.ledger.read() as uow:
        leaf = await uow.audit_log.find(LeafKind.LIFTED, world.tenant_id, lifted.json()["id"], 0)
        (admin,) = [each.principal_id for each in await uow.api_keys.list(world.tenant_id) if each.role is Role.ADMIN]
    assert leaf
    detail = await AuditLog(services.ledger, services.keyring).detail(leaf)
    assert detail == {"principal": admin, "reason": "new-consent"}
    assert (await world.upload(subjects=[MAIL])).status_code == 202


async def test_a_restricted_document_is_there_for_an_admin_and_its_text_for_nobody(world: World) -> None:
    sent = (await world.upload(purpose="payroll", legal_basis="consent")).json()
    path = f"/v1/documents/{sent['document_id']}"
    assert (await world.get(path, world.reader)).json()["purpose"] == "payroll"
    restricted = await world.post(f"{path}/restriction", json={"reason": "contested"})
    assert restricted.json()["reason"] == "contested"
    assert (await world.get(path, world.reader)).json()["code"] == "document_not_found"
    assert (await world.get("/v1/documents", world.reader)).json()["items"] == []
    assert (await world.get(f"{path}/chunks")).json()["code"] == "document_restricted"
    shown = (await world.get(path)).json()
    assert (shown["restriction_reason"], shown["legal_basis"]) == ("contested", "consent")
    assert shown["restricted_at"] == restricted.json()["restricted_at"]
    released = await world.client.delete(f"{path}/restriction", headers={"X-API-Key": world.admin})
    assert released.json() == {"document_id": sent["document_id"], "restricted_at": None, "reason": None}
    assert (await world.get(path, world.reader)).status_code == 200
