"""The activities of a source's rounds with the real names: what there is to do is what a test says."""

from collections.abc import Callable
from typing import Any

from temporalio import activity

from lethe.contracts.selection import RemovalPage, RemovedPage
from lethe.contracts.sync import (
    Begun,
    Compared,
    Decided,
    Failed,
    Intake,
    IntakeEnd,
    Mapped,
    MappingPage,
    NextStep,
    Removed,
    SourceRef,
    SyncRef,
    SyncRun,
    TookIn,
)
from lethe.model.ids import Id
from lethe.model.syncs import SyncState
from tests.workflows.scripted_bulk import ScriptedBulk
from workflows.policies import Queue

INGESTION = "01900000-0000-7000-8000-000000000009"


class ScriptedSync(ScriptedBulk):
    """``rounds`` are what `begin_round` finds in turn, then nothing. ``pages`` of items are to be taken in."""

    def __init__(self, *rounds: Begun) -> None:
        super().__init__(given=0)
        self.rounds = list(rounds)
        self.compared = Compared(state=SyncState.INGESTING, listed=3, work=2)
        self.decisions: list[Decided] = []
        self.intake: Id | None = None
        self.pages = 0
        self.brought_in: list[bool] = []
        self.removed: list[Removed] = []
        self.wishes_of_runs: list[bool] = []
        self.ended: list[str] = []

    @activity.defn
    async def arrange_source(self, ref: SourceRef) -> None:
        self._called("arrange_source")

    @activity.defn
    async def begin_round(self, run: SyncRun) -> Begun:
        self._called("begin_round")
        self.wishes_of_runs.append(run.is_scheduled)
        return self.rounds.pop(0) if self.rounds else Begun(next=NextStep.REST)

    @activity.defn
    async def compare_source(self, ref: SyncRef) -> Compared:
        self._called("compare_source")
        return self.compared

    @activity.defn
    async def look_at_decision(self, ref: SyncRef) -> Decided:
        self._called("look_at_decision")
        return self.decisions.pop(0)

    @activity.defn
    async def apply_mapping(self, page: MappingPage) -> Mapped:
        self._called("apply_mapping")
        return Mapped(documents=0)

    @activity.defn
    async def begin_intake(self, ref: SyncRef) -> Intake:
        self._called("begin_intake")
        return Intake(ingestion_id=self.intake)

    @activity.defn
    async def take_items(self, ref: SyncRef) -> TookIn:
        self._called("take_items")
        self.pages -= 1
        return TookIn(items=1, is_more=self.pages >= 0)

    @activity.defn
    async def close_intake(self, ref: SyncRef) -> Intake:
        self._called("close_intake")
        return Intake(ingestion_id=self.intake)

    @activity.defn
    async def look_at_intake(self, ref: SyncRef) -> IntakeEnd:
        self._called("look_at_intake")
        return IntakeEnd(is_over=self.brought_in.pop(0) if self.brought_in else True)

    @activity.defn
    async def remove_vanished(self, ref: SyncRef) -> Removed:
        self._called("remove_vanished")
        return self.removed.pop(0) if self.removed else Removed(documents=0, is_more=False)

    @activity.defn
    async def remove_source_documents(self, ref: SourceRef) -> Removed:
        self._called("remove_source_documents")
        return self.removed.pop(0) if self.removed else Removed(documents=0, is_more=False)

    @activity.defn
    async def remove_deleted(self, page: RemovalPage) -> RemovedPage:
        self._called("remove_deleted")
        return RemovedPage(after=None, documents=1, objects=2)

    @activity.defn
    async def finish_round(self, ref: SyncRef) -> None:
        self._called("finish_round")
        self.ended.append("")

    @activity.defn
    async def fail_round(self, failed: Failed) -> None:
        self._called("fail_round")
        self.ended.append(failed.code)

    @activity.defn
    async def forget_source(self, ref: SourceRef) -> None:
        self._called("forget_source")

    def of(self, queue: Queue) -> list[Callable[..., Any]]:
        own: dict[Queue, list[Callable[..., Any]]] = {
            Queue.IO: [
                self.compare_source,
                self.apply_mapping,
                self.take_items,
                self.remove_vanished,
                self.remove_source_documents,
                self.remove_deleted,
            ],
            Queue.CONTROL: [
                self.arrange_source,
                self.begin_round,
                self.look_at_decision,
                self.begin_intake,
                self.close_intake,
                self.look_at_intake,
                self.finish_round,
                self.fail_round,
                self.forget_source,
            ],
        }
        return [*super().of(queue), *own.get(queue, [])]


def round_of(sync_id: Id, state: SyncState = SyncState.LISTING, *, is_dry_run: bool = False) -> Begun:
    return Begun(next=NextStep.ROUND, sync_id=sync_id, state=state, is_dry_run=is_dry_run)
