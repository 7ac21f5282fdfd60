"""What runs by the clock."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.documents import DocumentActivities
    from activities.migrations import MigrationActivities

from workflows import policies
from workflows.policies import Queue


@workflow.defn(name="tidy-up")
class TidyUp:
    """Removes uploads whose sender or API process went away in the middle, and what is remembered for a time only."""

    @workflow.run
    async def run(self) -> None:
        for step in (
            DocumentActivities.reap_receiving,
            DocumentActivities.expire_idempotency,
            DocumentActivities.expire_ingestions,
            DocumentActivities.expire_letters,
            DocumentActivities.expire_processor_calls,
            DocumentActivities.expire_cached_answers,
            DocumentActivities.expire_deliveries,
            DocumentActivities.expire_dispatches,
            MigrationActivities.expire_migrations,
        ):
            await workflow.execute_activity_method(
                step,
                task_queue=Queue.CONTROL,
                start_to_close_timeout=policies.LONG,
                heartbeat_timeout=policies.HEARTBEAT,
                retry_policy=policies.STEP_RETRY,
            )
