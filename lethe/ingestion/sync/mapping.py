"""Bringing documents that were taken in before up to what the source says now of who reads them, and why."""

from dataclasses import replace

from lethe.contracts.ingestion import DocumentRef
from lethe.contracts.sync import Mapped, MappingPage
from lethe.errors import DocumentConflict, SubjectSuppressed
from lethe.ingestion.metadata import Change, write_metadata
from lethe.ingestion.requests import MetadataPatch
from lethe.ingestion.steps.pipeline import Pipeline
from lethe.ingestion.steps.publishing import apply_metadata
from lethe.ingestion.sync.syncing import Syncing, open_round
from lethe.model.ids import Id
from lethe.model.syncs import Source, SourceEntry

PAGE = 50


async def apply_mapping(deps: Syncing, pipeline: Pipeline, page: MappingPage) -> Mapped:
    """The next documents that have an earlier mapping; nothing of the source is read. What is not live yet, or is just
    being changed, is left to the next round.
    """
    async with deps.ledger.read() as uow:
        source, _ = await open_round(uow, page)
        behind = await uow.sources.behind(page.tenant_id, page.source_id, source.mapping, page.after, PAGE)
    done = 0
    for entry in behind:
        if entry.document_id is None or not await _map(deps, source, entry.document_id):
            continue
        await apply_metadata(pipeline, DocumentRef(tenant_id=page.tenant_id, document_id=entry.document_id))
        await _note(deps, source, entry)
        done += 1
    return Mapped(documents=done, after=behind[-1].key_hmac if len(behind) == PAGE else None)


async def _map(deps: Syncing, source: Source, document_id: Id) -> bool:
    async with deps.ledger.read() as uow:
        document = await uow.documents.get(source.tenant_id, document_id)
        live_id = document.live_version_id if document else None
        live = await uow.versions.get(source.tenant_id, live_id) if live_id else None
    if live is None:
        return False
    patch = MetadataPatch(readers=source.readers)
    try:
        await write_metadata(
            deps.ledger, deps.keyring, deps.clock, Change(source.caller, live, patch, dispatches=False)
        )
    except (DocumentConflict, SubjectSuppressed):
        return False
    async with deps.ledger.write() as uow:
        await uow.tenants.lock(source.tenant_id)
        document = await uow.documents.get(source.tenant_id, document_id)
        if document is not None:
            said = replace(document, purpose=source.purpose, legal_basis=source.legal_basis)
            await uow.documents.update(said)
    return True


async def _note(deps: Syncing, source: Source, entry: SourceEntry) -> None:
    async with deps.ledger.write() as uow:
        known = await uow.sources.entries(source.tenant_id, source.id, [entry.key_hmac])
        if entry.key_hmac in known:
            await uow.sources.put_entries([replace(known[entry.key_hmac], mapping=source.mapping)])
