"""What a newcomer does, and what an operator checks, on the stack as it is started for them."""

import time
from pathlib import Path

import httpx
import pytest

from lethe.privacy.data_map import STATE
from tests.e2e.conftest import Demo

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def test_a_question_from_the_command_line(demo: Demo) -> None:
    answer = demo.stack.run("ask", "How long does the battery of a Heron 3 last?")
    assert "22 months" in answer["answer"]
    assert answer["citations"][0]["title"]
    assert answer["citations"][0]["place"]
    found = demo.stack.run("search", "mooring depth")
    assert len(found["items"]) == 5


def test_the_same_folder_again_costs_nothing(demo: Demo) -> None:
    again = demo.stack.run("ingest", str(Path(__file__).parents[2] / "samples"))
    assert (again["added"], again["updated"], again["failed"]) == (0, 0, 0)
    assert again["skipped"] == demo.ingested["added"]


def test_the_state_folder_holds_what_the_data_map_declares(demo: Demo) -> None:
    assert {path.name for path in demo.stack.state.iterdir()} == {field.name for field in STATE.fields}


def test_pages_for_people_answer(demo: Demo) -> None:
    docs = demo.stack.address("api_docs")
    assert httpx.get(docs, trust_env=False).status_code == 401
    assert httpx.get(docs, trust_env=False, auth=("anyone", demo.stack.admin_key)).status_code == 200
    assert httpx.get(demo.stack.address("temporal_ui"), trust_env=False, follow_redirects=True).status_code == 200


def test_every_route_but_health_wants_a_key(demo: Demo) -> None:
    schema = demo.api.get("/openapi.json").json()
    with httpx.Client(base_url=demo.stack.address("api"), trust_env=False) as nobody:
        for path, methods in schema["paths"].items():
            for method in methods:
                status = nobody.request(method, path.replace("{", "").replace("}", "")).status_code
                assert status == (200 if path == "/v1/health" else 401), (method, path, status)


def test_the_metrics_have_their_names(demo: Demo) -> None:
    api = demo.api.get("/metrics").text
    worker = httpx.get(demo.stack.address("worker_metrics"), trust_env=False).text
    assert "rag_queries_total" in api
    assert "rag_query_duration_seconds_bucket" in api
    assert "retriever_query_duration_seconds_bucket" in api
    assert 'queue_wait_time_seconds_bucket{le="0.005",queue="bulk"}' in worker
    assert 'rag_documents_total{outcome="ready"}' in worker


def test_the_api_dies_between_commit_and_start(demo: Demo) -> None:
    """The supervisor starts the API again, the worker's sweeper starts what the dead one could not."""
    (demo.stack.state.parent / "dispatch.latch").unlink()
    with pytest.raises(httpx.TransportError):
        demo.api.post("/v1/documents", json={"text": "The gate valve is painted orange.", "source_uri": "mem:valve"})
    for _ in range(900):
        try:
            items = demo.api.get("/v1/documents", params={"limit": 5}).json()["items"]
            break
        except httpx.TransportError:
            time.sleep(0.2)
    else:
        raise AssertionError("the API did not come back")
    valve = next(item for item in items if item["source_uri"] == "mem:valve")
    assert demo.ended(valve["id"])["status"] == "ready"
