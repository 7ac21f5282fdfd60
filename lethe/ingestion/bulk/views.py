"""A bulk ingestion and its documents as their sender sees them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Generic, Self, TypeVar

from lethe.ingestion.metadata import IN_FLIGHT
from lethe.ingestion.rights import may_read, reachable
from lethe.model.documents import Status, Version
from lethe.model.ids import Id
from lethe.model.ingestions import Ingestion, IngestionState, Refusal
from lethe.model.principals import Caller
from lethe.ports.ledger import UnitOfWork
from lethe.privacy.erasure.needles import Needles
from lethe.privacy.sealing import Purpose, unseal_text

CursorT = TypeVar("CursorT")


@dataclass(frozen=True, slots=True)
class IngestionView:
    """An ingestion as its sender sees it. ``total`` = ``done`` + what is under way; ``rate`` is per second so far.

    ``lost`` documents were overtaken by a later submission, deleted, or discarded.
    """

    id: Id
    state: str
    is_open: bool
    window: int
    total: int
    done: int
    added: int
    updated: int
    skipped: int
    failed: int
    lost: int
    rate: float
    created_at: datetime
    closed_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class ItemView:
    """A document of an ingestion: one with a version, or one that was refused and has only a name and a code."""

    position: int | None
    document_id: Id | None
    version_id: Id | None
    status: str
    code: str
    name: str

    def without(self, needles: Needles) -> Self:
        """Without its name if that shows somebody who is being erased."""
        return replace(self, name="") if needles.hides(self.name) else self


@dataclass(frozen=True, slots=True)
class ItemPage(Generic[CursorT]):
    """Part of a list. It may hold fewer than were asked for, even none, and still go on: ``after`` None is its end."""

    views: tuple[ItemView, ...]
    after: CursorT | None


def view_of(ingestion: Ingestion, counts: Mapping[Status, int], now: datetime) -> IngestionView:
    """The view; ``counts`` are of its versions by status."""
    waiting = sum(number for status, number in counts.items() if status in IN_FLIGHT)
    failed = counts.get(Status.FAILED, 0)
    total = ingestion.given + ingestion.skipped + ingestion.refused
    done = total - waiting
    is_waiting = ingestion.is_open and ingestion.state is IngestionState.RUNNING
    seconds = ((ingestion.ended_at or now) - ingestion.created_at).total_seconds()
    return IngestionView(
        id=ingestion.id,
        state="open" if is_waiting else ingestion.state.value,
        is_open=ingestion.is_open,
        window=ingestion.batch_window,
        total=total,
        done=done,
        added=ingestion.added,
        updated=ingestion.updated,
        skipped=ingestion.skipped,
        failed=failed + ingestion.refused,
        lost=max(0, ingestion.given - ingestion.added - ingestion.updated - waiting - failed),
        rate=round(done / seconds, 2) if seconds > 0 else 0.0,
        created_at=ingestion.created_at,
        closed_at=ingestion.closed_at,
        ended_at=ingestion.ended_at,
    )


async def readable_versions(uow: UnitOfWork, caller: Caller, versions: Sequence[Version]) -> list[Version]:
    """Those that the caller may read now, of documents that its list of documents shows."""
    if not versions:
        return []
    found = await uow.documents.get_many(caller.tenant_id, {version.document_id for version in versions})
    there = [each.id for each in found.values() if each.deleted_at is None and each.fenced_at is None]
    shown = await reachable(uow, caller, there)
    return [version for version in versions if version.document_id in shown and may_read(caller, version.readers)]


async def failure_codes(uow: UnitOfWork, versions: Sequence[Version]) -> dict[Id, str]:
    """Why those of the versions failed that did."""
    codes: dict[Id, str] = {}
    for version in versions:
        if version.status is Status.FAILED:
            letters = await uow.dead_letters.of_version(version.tenant_id, version.id)
            codes[version.id] = letters[-1].code if letters else ""
    return codes


def item_view(version: Version, code: str, keys: Mapping[Id, bytes]) -> ItemView:
    """A document with a version; one whose key is destroyed has no name."""
    key = keys.get(version.id)
    name = "" if key is None else unseal_text(key, Purpose.SOURCE_URI, version.sealed_source_uri)
    return ItemView(version.position, version.document_id, version.id, version.status.value, code, name)


def refused_view(refusal: Refusal, key: bytes | None) -> ItemView:
    """A document that was refused; ``key`` is its ingestion's."""
    name = "" if key is None else unseal_text(key, Purpose.REFUSED_NAME, refusal.sealed_name)
    return ItemView(None, None, None, "refused", refusal.code, name)
