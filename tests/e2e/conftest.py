"""The embedded stack as a user starts it, with the samples ingested by the command line."""

import time
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.servers.stack import Stack, running_stack

SAMPLES = Path(__file__).parents[2] / "samples"


@dataclass(frozen=True, slots=True)
class Demo:
    """A running stack that knows the samples."""

    stack: Stack
    api: httpx.Client
    ingested: dict[str, Any]

    def ask(self, question: str) -> dict[str, Any]:
        response = self.api.post("/v1/query", json={"question": question})
        assert response.status_code == 200, response.text
        return response.json()

    def ended(self, document_id: str) -> dict[str, Any]:
        """The document once it is ready or has failed."""
        deadline = time.monotonic() + 180
        while time.monotonic() < deadline:
            document = self.api.get(f"/v1/documents/{document_id}").json()
            if document["status"] in {"ready", "failed"}:
                return document
            time.sleep(0.1)
        raise AssertionError(f"{document_id} neither became ready nor failed")


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Generator[Demo]:
    state = tmp_path_factory.mktemp("demo") / "state"
    latch = state.parent / "dispatch.latch"
    failpoint = {
        "LETHE_TESTING__FAILPOINT": "start_dispatched:before",
        "LETHE_TESTING__FAILPOINT_LATCH": str(latch),
    }
    latch.touch()
    with running_stack(state, failpoint) as stack:
        ingested = stack.run("ingest", str(SAMPLES))
        with httpx.Client(
            base_url=stack.address("api"), headers={"X-API-Key": stack.admin_key}, timeout=60, trust_env=False
        ) as api:
            yield Demo(stack, api, ingested)
