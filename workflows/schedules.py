"""Temporal schedules. An operator's pause survives a redeploy: only the action and the times are ours."""

import dataclasses
from datetime import timedelta

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
    ScheduleUpdate,
    ScheduleUpdateInput,
)

from lethe.settings import AuditSettings
from workflows.audit import AuditAll
from workflows.maintenance import TidyUp
from workflows.policies import Queue

TIDY_UP = "tidy-up"
AUDIT = "audit-all"


def wanted(audit: AuditSettings) -> dict[str, Schedule]:
    """Every schedule by its id. A round of audits that is still running is not begun again."""
    return {
        TIDY_UP: Schedule(
            action=ScheduleActionStartWorkflow(TidyUp.run, id=TIDY_UP, task_queue=Queue.CONTROL),
            spec=ScheduleSpec(
                intervals=[ScheduleIntervalSpec(every=timedelta(minutes=15))], jitter=timedelta(minutes=1)
            ),
            policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=timedelta(hours=1)),
        ),
        AUDIT: Schedule(
            action=ScheduleActionStartWorkflow(AuditAll.run, id=AUDIT, task_queue=Queue.CONTROL),
            spec=ScheduleSpec(
                intervals=[ScheduleIntervalSpec(every=timedelta(minutes=audit.every_minutes))],
                jitter=timedelta(minutes=audit.jitter_minutes),
            ),
            policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=timedelta(hours=1)),
        ),
    }


async def ensure(client: Client, audit: AuditSettings) -> None:
    """Create the schedules, or bring their action and times up to date. Safe from several processes at once."""
    for schedule_id, schedule in wanted(audit).items():
        try:
            await client.create_schedule(schedule_id, schedule)
        except ScheduleAlreadyRunningError:
            await client.get_schedule_handle(schedule_id).update(_keeping_state(schedule))


def _keeping_state(schedule: Schedule):  # noqa: ANN202  (the SDK's own callback type)
    def update(current: ScheduleUpdateInput) -> ScheduleUpdate:
        return ScheduleUpdate(schedule=dataclasses.replace(schedule, state=current.description.schedule.state))

    return update
