"""Deleting or updating all documents that fit a description: by id, metadata, source prefix or ingestion."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import Any, cast

from lethe.contracts.selection import (
    Changed,
    SelectedPage,
    SelectionBatch,
    SelectionPage,
    SelectionRef,
    SelectionTotals,
)
from lethe.errors import DocumentConflict, KeyDestroyed, SelectionNotFound, SubjectSuppressed
from lethe.ingestion.deletion import mark_deleted
from lethe.ingestion.metadata import IN_FLIGHT, Change, open_fields, write_metadata
from lethe.ingestion.requests import MetadataPatch
from lethe.ingestion.rights import reachable
from lethe.model.documents import Document, Status
from lethe.model.filters import Predicate, compile_predicate
from lethe.model.ids import Id, new_id
from lethe.model.operations import Dispatch, DispatchKind
from lethe.model.principals import Caller, Role
from lethe.model.selections import Selection, SelectionAction, SelectionState
from lethe.model.workflow_ids import dispatch_id
from lethe.ports.clock import Clock
from lethe.ports.keyring import KeyRing, SecretPurpose
from lethe.ports.ledger import Ledger, UnitOfWork
from lethe.privacy.digests import prefix_digest
from lethe.privacy.holds import free_to_go
from lethe.privacy.sealing import Purpose, seal_json, unseal_json

PAGE = 200
LOCKED = 50
"""Documents changed under one lock of their tenant."""
RUNNING_MOST = 1000


@dataclass(frozen=True, slots=True)
class Description:
    """Which documents are meant; exactly one field is not None."""

    ids: tuple[Id, ...] | None = None
    filter: Mapping[str, object] | None = None
    source_prefix: str | None = None
    ingestion_id: Id | None = None


@dataclass(frozen=True, slots=True)
class _Opened:
    """A selection and its wish in clear text."""

    selection: Selection
    caller: Caller
    ids: tuple[Id, ...] | None
    predicate: Predicate | None
    prefix_hmac: str | None
    ingestion_id: Id | None
    patch: MetadataPatch


@dataclass(frozen=True, slots=True)
class Selections:
    """Orders selections for a caller, and carries them out with that caller's rights: what it may not read it may not
    change. Every step may be repeated.
    """

    ledger: Ledger
    keyring: KeyRing
    clock: Clock

    async def order(
        self,
        caller: Caller,
        action: SelectionAction,
        described: Description,
        patch: MetadataPatch,
        selection_id: Id | None = None,
    ) -> Selection:
        """Store it with its dispatch. Raises InvalidRequest for a filter or prefix that means nothing.

        ``selection_id``: what it is called; one that an earlier, broken off sending of the request ordered is met again
        by it, and means what it meant then.
        """
        selection_id = selection_id or new_id()
        async with self.ledger.read() as uow:
            ordered = await uow.selections.get(caller.tenant_id, selection_id)
        if ordered is not None:
            return ordered
        if described.filter is not None:
            compile_predicate(described.filter)
        tenant_id, now = caller.tenant_id, self.clock.now()
        wish = asdict(described) | {"patch": asdict(patch)}
        if described.source_prefix is not None:
            digest_key = await self.keyring.secret(tenant_id, SecretPurpose.DIGEST)
            wish["source_prefix"] = prefix_digest(digest_key, described.source_prefix)
        key = await self.keyring.create(tenant_id, selection_id)
        selection = Selection(
            tenant_id=tenant_id,
            id=selection_id,
            action=action,
            state=SelectionState.RUNNING,
            principal_id=caller.principal_id,
            role=caller.role,
            readers=tuple(sorted(caller.readers)),
            sealed_wish=seal_json(key, Purpose.WISH, wish),
            matched=0,
            done=0,
            skipped=0,
            created_at=now,
        )
        # Its key is kept whatever happens: a unit whose answer is lost may have been committed.
        async with self.ledger.write() as uow:
            await uow.selections.add(selection)
            await uow.dispatches.add(dispatch_of(selection))
        return selection

    async def get(self, caller: Caller, selection_id: Id) -> Selection:
        """A selection of the caller's own, any of the tenant's for an admin. Raises SelectionNotFound."""
        async with self.ledger.read() as uow:
            selection = await uow.selections.get(caller.tenant_id, selection_id)
        if selection is None or (caller.role is not Role.ADMIN and selection.principal_id != caller.principal_id):
            raise SelectionNotFound
        return selection

    async def page(self, page: SelectionPage) -> SelectedPage:
        """The next documents that fit, and that the caller may read."""
        opened = await self._open(page.selection)
        if opened is None:
            return SelectedPage(action=SelectionAction.COUNT, ids=[], after=None)
        await self._note(opened.selection, page.totals)
        tenant_id = opened.selection.tenant_id
        ids = opened.ids
        if ids is not None:
            ids = tuple(each for each in ids if page.after is None or each > page.after)[:PAGE]
        async with self.ledger.read() as uow:
            documents = await uow.selections.documents_after(
                tenant_id,
                page.after,
                PAGE,
                created_before=opened.selection.created_at + timedelta(microseconds=1),
                ids=ids,
                prefix_hmac=opened.prefix_hmac,
                ingestion_id=opened.ingestion_id,
            )
            allowed = await _changeable(uow, opened.caller, documents)
        fitting = await self._fitting(opened, allowed)
        if ids is not None:
            # Ids that are nobody's, gone, or not the caller's to see are all the same.
            after = ids[-1] if len(ids) == PAGE else None
            return SelectedPage(
                action=opened.selection.action, ids=fitting, after=after, skipped=len(ids) - len(fitting)
            )
        after = documents[-1].id if len(documents) == PAGE else None
        return SelectedPage(action=opened.selection.action, ids=fitting, after=after)

    async def delete(self, batch: SelectionBatch) -> Changed:
        """Make the documents unreachable, each LOCKED of them in one commit."""
        opened = await self._open(batch.selection)
        if opened is None:
            return Changed(done=0, skipped=len(batch.ids))
        tenant_id, done, running = opened.selection.tenant_id, 0, list[Id]()
        for start in range(0, len(batch.ids), LOCKED):
            ids = batch.ids[start : start + LOCKED]
            async with self.ledger.write() as uow:
                await uow.tenants.lock(tenant_id)
                found = [await uow.documents.get(tenant_id, each) for each in ids]
                there = [document for document in found if document is not None]
                allowed = await _changeable(uow, opened.caller, there)
                free = await free_to_go(uow, tenant_id, allowed)
                going = [document for document in free if document.deleted_at is None]
                seq = await uow.tenants.advance(tenant_id) if going else 0
                for document in going:
                    await mark_deleted(uow, document, seq, self.clock.now())
                    versions = await uow.versions.of_document(tenant_id, document.id)
                    running += [each.id for each in versions if each.status in IN_FLIGHT | {Status.FAILED}]
            # Gone already is as good as gone now, also when this step is repeated.
            done += len(free) + len(ids) - len(there)
        return Changed(done=done, skipped=len(batch.ids) - done, running=running[:RUNNING_MOST])

    async def update(self, batch: SelectionBatch) -> Changed:
        """Change the documents' fields in the ledger, where they count at once; the index is brought after by the
        workflow, whether or not this attempt changed anything.
        """
        opened = await self._open(batch.selection)
        if opened is None:
            return Changed(done=0, skipped=len(batch.ids))
        tenant_id, done = opened.selection.tenant_id, 0
        for document_id in batch.ids:
            async with self.ledger.read() as uow:
                document = await uow.documents.get(tenant_id, document_id)
                allowed = await _changeable(uow, opened.caller, [document] if document else [])
                live_id = allowed[0].live_version_id if allowed else None
                live = await uow.versions.get(tenant_id, live_id) if live_id else None
            if live is None:
                continue
            try:
                change = Change(opened.caller, live, opened.patch, dispatches=False)
                await write_metadata(self.ledger, self.keyring, self.clock, change)
            except (DocumentConflict, SubjectSuppressed):
                continue
            done += 1
        return Changed(done=done, skipped=len(batch.ids) - done)

    async def finish(self, ref: SelectionRef, totals: SelectionTotals) -> None:
        """Store the counts, and forget what was wished."""
        async with self.ledger.write() as uow:
            selection = await uow.selections.get(ref.tenant_id, ref.selection_id)
            await uow.dispatches.delete_for(ref.tenant_id, [ref.selection_id])
            if selection is not None:
                now = self.clock.now()
                ended = replace(_counted(selection, totals), state=SelectionState.DONE, sealed_wish=b"", ended_at=now)
                await uow.selections.update(ended)
        await self.keyring.destroy(ref.tenant_id, [ref.selection_id])

    async def _open(self, ref: SelectionRef) -> _Opened | None:
        """None once it is finished."""
        async with self.ledger.read() as uow:
            selection = await uow.selections.get(ref.tenant_id, ref.selection_id)
        if selection is None or not selection.sealed_wish:
            return None
        try:
            key = await self.keyring.get(ref.tenant_id, ref.selection_id)
        except KeyDestroyed:
            return None
        wish = cast("dict[str, Any]", unseal_json(key, Purpose.WISH, selection.sealed_wish))
        patch = wish["patch"]
        readers = patch["readers"]
        groups = frozenset(selection.readers) - {selection.principal_id, selection.tenant_id}
        return _Opened(
            selection=selection,
            caller=Caller(selection.tenant_id, selection.principal_id, selection.role, groups),
            ids=None if wish["ids"] is None else tuple(sorted(set(wish["ids"]))),
            predicate=None if wish["filter"] is None else compile_predicate(wish["filter"]),
            prefix_hmac=wish["source_prefix"],
            ingestion_id=wish["ingestion_id"],
            patch=MetadataPatch(**patch | {"readers": None if readers is None else tuple(readers)}),
        )

    async def _note(self, selection: Selection, totals: SelectionTotals) -> None:
        async with self.ledger.write() as uow:
            await uow.selections.update(_counted(selection, totals))

    async def _fitting(self, opened: _Opened, documents: Sequence[Document]) -> list[Id]:
        """Those whose metadata fit: of the served version, else of the newest."""
        predicate = opened.predicate
        if predicate is None:
            return [document.id for document in documents]
        tenant_id = opened.selection.tenant_id
        async with self.ledger.read() as uow:
            served = await uow.versions.get_many(tenant_id, [d.live_version_id for d in documents if d.live_version_id])
            others = [document.id for document in documents if document.live_version_id not in served]
            newest = await uow.versions.newest_of(tenant_id, others)
        versions = {version.document_id: version for version in (*newest.values(), *served.values())}
        keys = await self.keyring.get_many(tenant_id, [version.id for version in versions.values()])
        return [
            document.id
            for document in documents
            if (version := versions.get(document.id)) is not None
            and version.id in keys
            and predicate(open_fields(keys[version.id], version).metadata)
        ]


async def _changeable(uow: UnitOfWork, caller: Caller, documents: Sequence[Document]) -> list[Document]:
    """What is restricted, or is being erased, is served to nobody: no description means it."""
    shown = [document for document in documents if document.restricted_at is None and document.fenced_at is None]
    allowed = await reachable(uow, caller, [document.id for document in shown])
    return [document for document in shown if document.id in allowed]


def _counted(selection: Selection, totals: SelectionTotals) -> Selection:
    return replace(selection, matched=totals.matched, done=totals.done, skipped=totals.skipped)


def dispatch_of(selection: Selection) -> Dispatch:
    """What starts its workflow."""
    kind = DispatchKind.APPLY_SELECTION
    workflow_id = dispatch_id(kind, selection.tenant_id, selection.id)
    return Dispatch(selection.tenant_id, workflow_id, kind, selection.id, selection.created_at)
