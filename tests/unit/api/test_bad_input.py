"""Each kind of bad input is one typed error with what to do, and leaves nothing behind."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from lethe.errors import LedgerUnavailable, all_errors, by_code
from lethe.model.ids import new_id
from lethe.settings import Settings
from tests.unit.api.bad_requests import CASES, FORM, form
from tests.unit.api.world import DOCUMENT_BYTES, World, open_world


@pytest.mark.parametrize("case", CASES)
async def test_bad_input_is_a_typed_problem(world: World, case: str) -> None:
    path, options, status, code = CASES[case]
    response = await world.post(path, **dict(options))
    problem = response.json()
    assert (response.status_code, problem["code"]) == (status, code)
    assert response.headers["content-type"] == "application/problem+json"
    assert problem["type"] == f"https://lethe.invalid/errors/{code}"
    assert problem["status"] == status
    assert problem["title"] == by_code(code).title
    assert problem["detail"]
    assert problem["advice"]
    assert problem["request_id"] == response.headers["x-request-id"]
    await _nothing_is_left(world)


async def _nothing_is_left(world: World) -> None:
    assert world.blobs.contents == {}
    assert world.workflows.dispatched == []
    assert (await world.get("/v1/documents")).json() == {"items": [], "next_cursor": None}
    async with world.services.ledger.read() as uow:
        assert await uow.versions.stale_receiving(world.clock.now(), 10) == []


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"question": "x", "topk": 3}, ["topk"]),
        ({"question": "x", "top_k": 0, "alpha": 2}, ["top_k", "alpha"]),
    ],
)
async def test_the_fields_are_named(world: World, body: dict[str, Any], fields: list[str]) -> None:
    errors = (await world.post("/v1/query", json=body)).json()["errors"]
    assert [error["field"] for error in errors] == fields
    assert all(error["message"] for error in errors)


async def test_what_was_sent_is_not_sent_back(world: World) -> None:
    canary = "ada.lovelace@example.org"
    for body in ({"question": {"x": canary}}, {"question": "x", "top_k": canary}):
        assert canary not in (await world.post("/v1/query", json=body)).text


@pytest.mark.parametrize("path", ["/v1/documents", "/v1/dead-letters", "/v1/keys"])
@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"limit": 0}, "invalid_request"),
        ({"limit": 201}, "invalid_request"),
        ({"sort": "x"}, "unknown_field"),
        ({"cursor": "x"}, "invalid_cursor"),
    ],
)
async def test_bad_lists(world: World, path: str, params: dict[str, Any], code: str) -> None:
    assert (await world.get(path, params=params)).json()["code"] == code


@pytest.mark.parametrize(
    ("method", "template", "code"),
    [
        ("GET", "/v1/documents/{}", "document_not_found"),
        ("GET", "/v1/documents/{}/chunks", "document_not_found"),
        ("PATCH", "/v1/documents/{}", "document_not_found"),
        ("DELETE", "/v1/documents/{}", "document_not_found"),
        ("GET", "/v1/queries/{}", "question_not_found"),
        ("GET", "/v1/dead-letters/{}", "dead_letter_not_found"),
        ("DELETE", "/v1/keys/{}", "key_not_found"),
    ],
)
async def test_a_foreign_id_and_a_missing_id_look_the_same(world: World, method: str, template: str, code: str) -> None:
    foreign_document = (await world.upload(key=world.foreign_admin)).json()["document_id"]
    foreign_question = (await world.post("/v1/query", world.foreign_admin, json={"question": "Why?"})).json()["id"]
    foreign_key = (await world.get("/v1/keys", world.foreign_admin)).json()["items"][0]["id"]
    seen: set[tuple[bytes, str]] = set()
    for unknown in (foreign_document, foreign_question, foreign_key, new_id(), "7", "%00", "..%2Fkeys"):
        options: dict[str, Any] = {"json": {"title": "x"}} if method == "PATCH" else {}
        response = await world.client.request(
            method, template.format(unknown), headers={"X-API-Key": world.admin, "X-Request-ID": "same"}, **options
        )
        assert (response.status_code, response.json()["code"]) == (404, code) or "%2F" in unknown
        if "%2F" not in unknown:
            seen.add((response.content, json.dumps(sorted(response.headers.multi_items()))))
    assert len(seen) == 1


async def test_another_principals_question_is_not_found(world: World) -> None:
    asked = (await world.post("/v1/query", world.writer, json={"question": "Why?"})).json()["id"]
    assert (await world.get(f"/v1/queries/{asked}", world.writer)).status_code == 200
    assert (await world.get(f"/v1/queries/{asked}", world.reader)).json()["code"] == "question_not_found"


@pytest.mark.parametrize("change", ['{"title": "\\ud800"}', '{"title": "a\\u0000"}', '{"metadata": {"a": "\\ud800"}}'])
async def test_a_change_to_what_is_no_text_is_refused(world: World, change: str) -> None:
    path = f"/v1/documents/{(await world.upload()).json()['document_id']}"
    before = (await world.get(path)).json()
    headers = {"X-API-Key": world.admin, "content-type": "application/json"}
    response = await world.client.patch(path, content=change, headers=headers)
    assert (response.status_code, response.json()["code"]) == (422, "invalid_request")
    assert (await world.get(path)).json() == before


async def test_of_a_files_name_only_a_known_suffix_is_kept_in_clear(world: World) -> None:
    for name in ("letter.MD", "letter.dr-ada-lovelace"):
        assert (await world.post("/v1/documents", **form(("file", b"x", name)))).status_code == 202
    async with world.services.ledger.read() as uow:
        documents = await uow.documents.page(world.tenant_id, None, None, None, 10)
        found = [await uow.versions.of_document(world.tenant_id, document.id) for document in documents]
    assert sorted(version.filename_suffix for versions in found for version in versions) == ["", ".md"]


async def test_unknown_routes_and_methods(world: World) -> None:
    for path in ("/", "/v1", "/v1/documents/", "/v2/documents"):
        response = await world.get(path)
        assert (response.status_code, response.json()["code"]) == (404, "not_found")
    response = await world.client.put("/v1/documents", headers={"X-API-Key": world.admin})
    assert (response.status_code, response.json()["code"]) == (405, "method_not_allowed")
    assert response.headers["allow"]


async def test_a_body_without_a_length_is_counted_while_it_streams(world: World) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        yield form(("file", b"", "x.txt"), end=False)["content"][:-2]
        while True:
            sent += 10_000
            yield b"x" * 10_000

    response = await world.post("/v1/documents", content=endless(), headers=FORM)
    assert response.json()["code"] == "payload_too_large"
    assert sent < 2 * DOCUMENT_BYTES
    await _nothing_is_left(world)


async def test_an_upload_that_takes_too_long_is_given_up(api_settings: Settings) -> None:
    async def stalled() -> AsyncIterator[bytes]:
        yield form(("file", b"some bytes", "x.txt"), end=False)["content"]
        await asyncio.sleep(30)

    limits = api_settings.limits.model_copy(update={"upload_seconds": 0.2})
    async with open_world(api_settings.model_copy(update={"limits": limits})) as world:
        response = await world.post("/v1/documents", content=stalled(), headers=FORM)
        assert (response.status_code, response.json()["code"]) == (408, "upload_timeout")
        await _nothing_is_left(world)


async def test_an_unexpected_error_says_nothing_of_itself(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("the patient's name is Ada")

    monkeypatch.setattr(type(world.services.documents), "page", broken)
    response = await world.get("/v1/documents")
    assert (response.status_code, response.json()["code"]) == (500, "internal_error")
    assert "Ada" not in response.text
    assert response.headers["x-request-id"]


async def test_sql_away_is_a_closed_door(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(_: object) -> None:
        raise LedgerUnavailable

    monkeypatch.setattr(type(world.services.ledger), "read", away)
    for response in (await world.get("/v1/documents"), await world.post("/v1/search", json={"question": "x"})):
        assert (response.status_code, response.json()["code"]) == (503, "ledger_unavailable")
        assert response.headers["retry-after"] == "5"


def test_codes_are_unique() -> None:
    codes = [error.code for error in all_errors()]
    assert len(codes) == len(set(codes))
