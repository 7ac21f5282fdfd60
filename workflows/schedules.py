"""Temporal schedules. Only the action and the times are ours, and a redeploy that changes neither writes nothing."""

from datetime import timedelta

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleCalendarSpec,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleRange,
    ScheduleSpec,
)

from lethe.settings import Settings
from workflows.audit import AuditAll
from workflows.maintenance import TidyUp
from workflows.policies import Queue
from workflows.probes import ProbeAll
from workflows.rechecks import RecheckErasures
from workflows.retention import RetainAll
from workflows.schedule_updates import put_schedule

TIDY_UP = "tidy-up"
AUDIT = "audit-all"
RETENTION = "retain-all"
PROBES = "probe-all"
RECHECKS = "recheck-erasures"


def wanted(settings: Settings) -> dict[str, Schedule]:
    """Every schedule by its id. A round that is still running is not begun again."""
    audit, retention = settings.audit, settings.retention
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
        RETENTION: Schedule(
            action=ScheduleActionStartWorkflow(RetainAll.run, id=RETENTION, task_queue=Queue.CONTROL),
            spec=nightly(retention.hour, retention.jitter_minutes),
            policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=timedelta(hours=20)),
        ),
        RECHECKS: Schedule(
            action=ScheduleActionStartWorkflow(RecheckErasures.run, id=RECHECKS, task_queue=Queue.CONTROL),
            spec=nightly(settings.erasure.recheck_hour, retention.jitter_minutes),
            policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=timedelta(hours=20)),
        ),
        PROBES: Schedule(
            action=ScheduleActionStartWorkflow(ProbeAll.run, id=PROBES, task_queue=Queue.CONTROL),
            spec=nightly(settings.probes.hour, settings.probes.jitter_minutes),
            policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=timedelta(hours=20)),
        ),
    }


def nightly(hour: int, jitter_minutes: int) -> ScheduleSpec:
    """Once a day from this hour on, in UTC."""
    on_the_hour = (ScheduleRange(0),)
    calendar = ScheduleCalendarSpec(hour=(ScheduleRange(hour),), minute=on_the_hour, second=on_the_hour)
    return ScheduleSpec(calendars=[calendar], jitter=timedelta(minutes=jitter_minutes))


async def ensure(client: Client, settings: Settings) -> None:
    """Create the schedules, or bring their action and times up to date. Safe from several processes at once."""
    for schedule_id, schedule in wanted(settings).items():
        await put_schedule(client, schedule_id, schedule, lambda state: state)
