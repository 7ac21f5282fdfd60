"""What is configured by address is used, not started: `lethe up` beside another Temporal, Weaviate and PostgreSQL."""

from pathlib import Path

import httpx
import pytest

from lethe.settings import WeaviateSettings
from tests.servers.postgres import Postgres
from tests.servers.stack import running_stack

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def test_only_what_is_nowhere_else_is_started(
    temporal_address: str, weaviate: WeaviateSettings, postgres: Postgres, tmp_path: Path
) -> None:
    external = {
        "TEMPORAL_ADDRESS": temporal_address,
        "WEAVIATE_URL": weaviate.url,
        "LETHE_WEAVIATE__GRPC_PORT": str(weaviate.grpc_port),
        "WEAVIATE_API_KEY": weaviate.api_key.get_secret_value(),
        "DATABASE_URL": postgres.create_database("external_ledger"),
        "LETHE_SQL__KEYRING_URL": postgres.create_database("external_keyring"),
        "LETHE_BLOBS__URL": f"file://{tmp_path}/elsewhere",
    }
    with running_stack(tmp_path / "state", external) as stack:
        runs = {part["name"]: part["runs"] for part in stack.run("status")["components"]}
        assert {name for name, where in runs.items() if where == "here"} == {"api", "witness", "worker"}
        (tmp_path / "notice.txt").write_text("The north gate of the depot is locked at 19:30.")
        counts = stack.run("ingest", str(tmp_path / "notice.txt"))
        assert (counts["added"], counts["failed"]) == (1, 0)
        answer = stack.run("ask", "When is the north gate of the depot locked?")
        assert "19:30" in answer["answer"]
        health = httpx.get(stack.address("api") + "/v1/health", trust_env=False).json()
        assert health["status"] == "ok"
    assert not list((tmp_path / "state").glob("sql/*.db"))
    assert list((tmp_path / "elsewhere").rglob("original"))
