"""Determinism, two more ways: stored histories replay, and each workflow still asks for the same things in order."""

import json

import pytest
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer

from tests.replay.scenarios import ALL_WORKFLOWS, HISTORIES, SCENARIOS, Scenario, commands
from tests.workflows.conftest import start_environment
from workers.converter import DATA_CONVERTER
from workers.runner import sandbox

FINGERPRINTS: dict[str, list[str]] = json.loads((HISTORIES.parent / "fingerprints.json").read_text())


@pytest.mark.parametrize("name", sorted(path.name for path in HISTORIES.glob("*.json")))
async def test_a_stored_history_replays(name: str) -> None:
    history = WorkflowHistory.from_json(name, (HISTORIES / name).read_text())
    replayer = Replayer(workflows=ALL_WORKFLOWS, workflow_runner=sandbox(), data_converter=DATA_CONVERTER)
    await replayer.replay_workflow(history)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
async def test_a_workflow_asks_for_what_its_fingerprint_says(scenario: Scenario) -> None:
    async with start_environment() as environment:
        history = await (await scenario(environment.client)).fetch_history()
    assert commands(history) == FINGERPRINTS[scenario.__name__]


async def test_the_replay_notices_a_change() -> None:
    """The check itself can fail: a history whose activities come in another order is refused."""
    text = (HISTORIES / "ingest_superseded.json").read_text()
    swapped = text.replace('"parse_document"', '"chunk_document"', 1)
    assert swapped != text
    replayer = Replayer(workflows=ALL_WORKFLOWS, workflow_runner=sandbox(), data_converter=DATA_CONVERTER)
    with pytest.raises(Exception, match=r"\[TMPRL1100\]|[Nn]ondeterminism"):
        await replayer.replay_workflow(WorkflowHistory.from_json("swapped", swapped))
