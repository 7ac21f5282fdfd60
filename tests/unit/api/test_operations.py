"""Health, metrics, dead letters, the access log and the request's id."""

import json
import logging
from dataclasses import replace

import pytest

from lethe import telemetry
from lethe.errors import FailureClass
from lethe.model.ids import is_id, new_id
from lethe.model.operations import DeadLetter, DeadLetterState
from lethe.model.probes import EmbeddingProbe, QualityProbe
from lethe.privacy.sealing import Purpose, seal_text
from tests.contract.ledger_rows import build
from tests.unit.api.world import World


async def test_health_needs_no_key(world: World) -> None:
    response = await world.client.get("/v1/health")
    assert response.status_code == 200
    assert response.json() == {"status": "ok", "stores": {"sql": "up", "keyring": "up", "blobs": "up"}}


@pytest.mark.parametrize(("store", "status", "http"), [("blobs", "degraded", 200), ("sql", "down", 503)])
async def test_health_tells_what_is_down(
    world: World, store: str, status: str, http: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def down() -> bool:
        return False

    monkeypatch.setitem(world.services.probes, store, down)  # pyright: ignore[reportArgumentType]
    response = await world.client.get("/v1/health")
    assert (response.status_code, response.json()["status"], response.json()["stores"][store]) == (http, status, "down")
    assert ("retry-after" in response.headers) == (http == 503)


async def test_metrics_have_routes_and_no_ids(world: World) -> None:
    document = (await world.upload()).json()["document_id"]
    await world.get(f"/v1/documents/{document}")
    await world.post("/v1/query", json={"question": "Which quillfeather?"})
    await world.get("/v1/nowhere/quillfeather")
    text = (await world.get("/metrics", world.reader)).text
    for line in (
        'rag_http_requests_total{method="GET",route="/v1/documents/{document_id}",status="200"}',
        'rag_http_requests_total{method="GET",route="unmatched",status="404"}',
        'rag_queries_total{mode="no_answer"}',
        "rag_query_duration_seconds_count",
        'rag_errors_total{type="not_found"}',
    ):
        assert line in text
    assert document not in text
    assert "quillfeather" not in text


async def test_every_process_tells_how_many_models_are_stopped_now(world: World) -> None:
    used = build(world.tenant_id)
    async with world.services.ledger.write() as uow:
        await uow.builds.add(used)
    stopped = EmbeddingProbe(world.tenant_id, used.spec, world.services.clock.now(), 5, 0.5)
    unused = replace(stopped, spec="another@1/384/as-is", stopped_at=stopped.probed_at)
    for probe, told in ((replace(stopped, stopped_at=stopped.probed_at), "1.0"), (stopped, "0.0"), (unused, "0.0")):
        async with world.services.ledger.write() as uow:
            await uow.probes.put(probe)
        assert f"rag_embeddings_stopped {told}" in (await world.get("/metrics")).text


async def test_every_process_tells_the_least_precision_that_enough_questions_found(world: World) -> None:
    least = world.services.settings.probes.judged_least
    for questions, told in ((least, "0.5"), (least - 1, "NaN")):
        async with world.services.ledger.write() as uow:
            await uow.probes.put_quality(QualityProbe(world.tenant_id, world.services.clock.now(), questions, 0.5))
        assert f"rag_precision_at_5 {told}" in (await world.get("/metrics")).text


async def test_the_access_log_is_json_without_content(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    seen: list[dict[str, object]] = []
    handler = logging.Handler()
    formatter = telemetry.JsonFormatter()
    handler.emit = lambda record: seen.append(json.loads(formatter.format(record)))  # type: ignore[method-assign]
    logging.getLogger("api.access").addHandler(handler)
    try:
        await world.client.get(
            "/v1/documents?status=canary", headers={"X-API-Key": world.admin, "X-Request-ID": "mine-1"}
        )
    finally:
        logging.getLogger("api.access").removeHandler(handler)
    line = seen[-1]
    assert (line["method"], line["route"], line["status"], line["request_id"]) == (
        "GET",
        "/v1/documents",
        422,
        "mine-1",
    )
    assert isinstance(line["ms"], float)
    assert "canary" not in json.dumps(seen)


@pytest.mark.parametrize("given", ["", "has space", "x" * 129, "новый", 'quote"'])
async def test_a_request_id_that_could_do_harm_is_replaced(world: World, given: str) -> None:
    headers = [(b"x-api-key", world.reader.encode()), (b"x-request-id", given.encode())]
    response = await world.client.get("/v1/documents", headers=headers)
    assert is_id(response.headers["x-request-id"])


async def test_every_response_has_the_request_id(world: World) -> None:
    for path, key in (
        ("/v1/health", ""),
        ("/v1/documents", world.admin),
        ("/v1/documents", "wrong"),
        ("/nowhere", world.admin),
    ):
        response = await world.client.get(path, headers={"X-API-Key": key, "X-Request-ID": "mine-2"})
        assert response.headers.get_list("x-request-id") == ["mine-2"]


async def _letter(world: World, code: str, detail: str) -> DeadLetter:
    receipt = (await world.upload()).json()
    key = await world.services.keyring.get(world.tenant_id, receipt["version_id"])
    now = world.clock.now()
    letter = DeadLetter(
        tenant_id=world.tenant_id,
        id=new_id(),
        document_id=receipt["document_id"],
        version_id=receipt["version_id"],
        workflow_id=receipt["workflow_id"],
        step="parse",
        code=code,
        failure_class=FailureClass.PERMANENT,
        attempts=1,
        input_hmac="0" * 64,
        sealed_detail=seal_text(key, Purpose.FAILURE, detail),
        state=DeadLetterState.OPEN,
        created_at=now,
        updated_at=now,
    )
    async with world.services.ledger.write() as uow:
        await uow.dead_letters.record(letter)
    return letter


async def test_dead_letters(world: World) -> None:
    letters = [await _letter(world, "no_text", f"page {number} has no text") for number in range(3)]
    page = (await world.get("/v1/dead-letters", params={"limit": 2, "state": "open"})).json()
    rest = (
        await world.get("/v1/dead-letters", params={"limit": 2, "state": "open", "cursor": page["next_cursor"]})
    ).json()
    assert [item["id"] for item in page["items"] + rest["items"]] == [letter.id for letter in letters[::-1]]
    assert rest["next_cursor"] is None
    one = (await world.get(f"/v1/dead-letters/{letters[0].id}")).json()
    assert (one["step"], one["code"], one["failure_class"]) == ("parse", "no_text", "permanent")
    assert one["detail"] == "page 0 has no text"
    assert (await world.get("/v1/dead-letters", params={"state": "resolved"})).json()["items"] == []
    assert (await world.get("/v1/dead-letters", world.foreign_admin)).json()["items"] == []
    await world.services.keyring.destroy(world.tenant_id, [letters[0].version_id])
    erased = (await world.get(f"/v1/dead-letters/{letters[0].id}")).json()
    assert erased["detail"] == "No text was found in the document"
