"""Runs of the workflows that follow sources."""

from typing import Any, Final

from temporalio.client import Client, WorkflowHandle

from lethe.contracts.sync import Begun, Compared, Decided, NextStep, Removed, SourceRef, SyncRun
from lethe.model.syncs import SyncState
from tests.replay.running import DOCUMENT, TENANT, VERSION, ended
from tests.workflows.scripted_sync import INGESTION, ScriptedSync, round_of
from workflows.sync import SyncSource
from workflows.sync_schedules import ArrangeSource, SyncOnSchedule

_SOURCE = SyncRun(tenant_id=TENANT, source_id=DOCUMENT)
_REF = SourceRef(tenant_id=TENANT, source_id=DOCUMENT)


async def sync_source(client: Client) -> WorkflowHandle[Any, Any]:
    """Two pages are taken in, which takes a while; then what vanished is deleted."""
    scripted = ScriptedSync(round_of(VERSION))
    scripted.intake, scripted.pages, scripted.brought_in = INGESTION, 2, [False, True]
    scripted.removed = [Removed(documents=2, is_more=False)]
    async with scripted.running(client):
        return await ended(client, SyncSource.run, _SOURCE, "sync-source/one")


async def sync_source_unanswered(client: Client) -> WorkflowHandle[Any, Any]:
    """Too much vanished, and nobody says anything."""
    scripted = ScriptedSync(round_of(VERSION))
    scripted.compared = Compared(state=SyncState.NEEDS_ATTENTION, listed=1, vanished=9)
    scripted.decisions = [Decided(is_decided=False, wait_seconds=600_000), Decided(is_decided=False)]
    async with scripted.running(client):
        return await ended(client, SyncSource.run, _SOURCE, "sync-source/unanswered")


async def sync_source_ended(client: Client) -> WorkflowHandle[Any, Any]:
    """After a round that failed the source goes, with its documents."""
    scripted = ScriptedSync(round_of(VERSION), Begun(next=NextStep.END))
    scripted.fails["compare_source"] = ["source_missing!"]
    scripted.removed = [Removed(documents=1, is_more=False)]
    async with scripted.running(client):
        return await ended(client, SyncSource.run, _SOURCE, "sync-source/ended")


async def sync_on_schedule(client: Client) -> WorkflowHandle[Any, Any]:
    async with ScriptedSync(round_of(VERSION)).running(client):
        return await ended(client, SyncOnSchedule.run, _REF, "sync-on-schedule/one")


async def arrange_source(client: Client) -> WorkflowHandle[Any, Any]:
    async with ScriptedSync().running(client):
        return await ended(client, ArrangeSource.run, _REF, "arrange-source/one")


SOURCES: Final = (sync_source, sync_source_unanswered, sync_source_ended, sync_on_schedule, arrange_source)
