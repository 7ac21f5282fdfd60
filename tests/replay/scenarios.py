"""Runs of each workflow whose histories are kept: `python -m tests.replay.scenarios` records them again.

Record only when a workflow is changed on purpose. Until the first release no run is older than its code, so the new
history takes the old one's place; from then on a change that must replay old histories is gated by `workflow.patched`,
and the old file stays beside the new one.
"""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from temporalio.client import Client, WorkflowHandle, WorkflowHistory

from tests.replay.answers import ANSWERS
from tests.replay.audits import AUDITS
from tests.replay.builds import BUILDS
from tests.replay.documents import DOCUMENTS, ingest_bulk
from tests.replay.erasures import erase_subject
from tests.replay.probes import probe_all, probe_embeddings
from tests.replay.rechecks import recheck_erasure, recheck_erasures
from tests.replay.reindexing import reindex_tenant
from tests.replay.retention import apply_retention, retain_all
from tests.replay.sources import SOURCES
from tests.workflows.conftest import start_environment
from workers.runner import WORKFLOWS
from workflows.answering import AnswerQuestion

HISTORIES = Path(__file__).parent / "histories"
ALL_WORKFLOWS = (*WORKFLOWS, AnswerQuestion)
Scenario = Callable[[Client], Awaitable[WorkflowHandle[Any, Any]]]


SCENARIOS: Sequence[Scenario] = (
    *DOCUMENTS,
    apply_retention,
    retain_all,
    probe_embeddings,
    probe_all,
    *AUDITS,
    erase_subject,
    recheck_erasure,
    recheck_erasures,
    reindex_tenant,
    *BUILDS,
    *SOURCES,
    *ANSWERS,
)


CONCURRENT: Sequence[Scenario] = (ingest_bulk,)
"""Their histories are kept; what they ask for comes in an order that depends on which batch ends first."""


def commands(history: WorkflowHistory) -> list[str]:
    """What the workflow asked for, in order: the fingerprint that a changed order changes."""
    found: list[str] = []
    for event in history.events:
        if event.HasField("activity_task_scheduled_event_attributes"):
            found.append(f"activity {event.activity_task_scheduled_event_attributes.activity_type.name}")
        elif event.HasField("start_child_workflow_execution_initiated_event_attributes"):
            started = event.start_child_workflow_execution_initiated_event_attributes
            found.append(f"child {started.workflow_type.name}")
        elif event.HasField("workflow_execution_continued_as_new_event_attributes"):
            found.append("continue as new")
        elif event.HasField("timer_started_event_attributes"):
            found.append(f"timer {event.timer_started_event_attributes.start_to_fire_timeout.ToSeconds()} s")
        elif event.HasField("marker_recorded_event_attributes"):
            found.append(f"marker {event.marker_recorded_event_attributes.marker_name}")
        elif event.HasField("upsert_workflow_search_attributes_event_attributes"):
            found.append("search attributes")
    return found


async def record() -> None:
    """Write every scenario's history and fingerprint."""
    fingerprints: dict[str, list[str]] = {}
    for scenario in (*SCENARIOS, *CONCURRENT):
        async with start_environment() as environment:
            history = await (await scenario(environment.client)).fetch_history()
        # Which machine recorded it, and where its files are, is nobody's business.
        text = re.sub(r'"identity": ?"[^"]*"', '"identity": "recorder"', history.to_json())
        text = re.sub(r'"stackTrace": ?"(?:[^"\\]|\\.)*"', '"stackTrace": ""', text)
        (HISTORIES / f"{scenario.__name__}.json").write_text(text + "\n")
        if scenario in SCENARIOS:
            fingerprints[scenario.__name__] = commands(history)
    (HISTORIES.parent / "fingerprints.json").write_text(json.dumps(fingerprints, indent=1) + "\n")


if __name__ == "__main__":
    asyncio.run(record())
