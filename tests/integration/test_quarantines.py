"""What a quarantine hides, from whom, and what lifting it shows again: on both SQL engines."""

from dataclasses import replace

import pytest
from sqlalchemy import delete

from lethe.adapters.sql.engine import make_engines, transaction
from lethe.adapters.sql.tables import source_prefixes
from lethe.contracts.ingestion import DocumentRef
from lethe.errors import (
    DocumentConflict,
    DocumentNotFound,
    DocumentQuarantined,
    Forbidden,
    IngestionNotFound,
    KeyDestroyed,
    QuarantineNotFound,
)
from lethe.ingestion.deletion import Deletions
from lethe.ingestion.metadata import Change, write_metadata
from lethe.ingestion.quarantines import Quarantines, keep_prefixes
from lethe.ingestion.requests import MetadataPatch, Receipt, UploadRequest
from lethe.model.documents import Status
from lethe.model.ids import Id, new_id
from lethe.model.ingestions import Ingestion, IngestionState, Taking
from lethe.settings import Settings
from tests.contract.ledger_rows import add_tenant, chunks
from tests.integration.house import House
from tests.integration.installation import once


def quarantines(house: House) -> Quarantines:
    return Quarantines(house.ledger, house.keyring, house.uploads.clock)


async def live(house: House, uri: str) -> Receipt:
    """A served document with one chunk."""
    receipt = await house.live(f"The text at {uri}.", source_uri=uri)
    await chunked(house, receipt)
    return receipt


async def chunked(house: House, receipt: Receipt) -> None:
    version = await house.version(receipt)
    async with house.ledger.write() as uow:
        await uow.chunks.replace(house.tenant_id, version.id, chunks(version, 1))


async def shown(house: House, *receipts: Receipt) -> list[bool]:
    """Whether the gate lets the chunk of each through."""
    async with house.ledger.read() as uow:
        found = [await uow.chunks.of_version(house.tenant_id, receipt.version_id) for receipt in receipts]
        seq = await uow.tenants.seq(house.tenant_id)
        ids = [chunk.id for texts in found for chunk in texts]
        passed = await uow.chunks.gate(house.tenant_id, ids, seq, frozenset({house.tenant_id}))
    return [texts[0].id in passed for texts in found]


async def test_a_document_is_hidden_from_every_read_and_shown_again(house: House) -> None:
    one, other = await live(house, "file:///a/one.txt"), await live(house, "file:///a/other.txt")
    async with house.ledger.read() as uow:
        before = await uow.tenants.seq(house.tenant_id)
    ordered = await quarantines(house).hide_document(house.admin, one.document_id, "malware")
    assert (ordered.documents, ordered.document_id, ordered.source_prefix) == (1, one.document_id, None)
    assert await shown(house, one, other) == [False, True]
    async with house.ledger.read() as uow:
        assert await uow.tenants.seq(house.tenant_id) == before + 1

    for read in (
        house.documents.get(house.writer, one.document_id),
        house.documents.chunks(house.writer, one.document_id, 0, 9),
    ):
        with pytest.raises(DocumentNotFound):
            await read
    with pytest.raises(DocumentNotFound):
        await house.documents.delete(house.writer, one.document_id)
    with pytest.raises(DocumentQuarantined):
        await house.documents.chunks(house.admin, one.document_id, 0, 9)
    assert (await house.documents.get(house.admin, one.document_id)).status is Status.QUARANTINED

    async def listed(status: Status | None, *, admin: bool) -> set[Id]:
        page = await house.documents.page(house.admin if admin else house.writer, status, None, 9)
        return {view.id for view in page.views}

    assert await listed(None, admin=False) == {other.document_id}
    assert await listed(Status.QUARANTINED, admin=False) == set()
    assert await listed(None, admin=True) == {one.document_id, other.document_id}
    assert await listed(Status.QUARANTINED, admin=True) == {one.document_id}
    assert await listed(Status.READY, admin=True) == {other.document_id}

    lifted = await quarantines(house).lift(house.admin, ordered.id)
    assert (lifted.documents, lifted.lifted_at is not None) == (0, True)
    assert await shown(house, one, other) == [True, True]
    assert (await house.documents.get(house.writer, one.document_id)).status is Status.READY
    await quarantines(house).lift(house.admin, ordered.id)
    with pytest.raises(QuarantineNotFound):
        await quarantines(house).lift(house.admin, new_id())


async def test_a_source_is_hidden_with_what_comes_later(house: House) -> None:
    inside, beside = await live(house, "file:///a/in.txt"), await live(house, "file:///ab/beside.txt")
    ordered = await quarantines(house).hide_sources(house.admin, "file:///a/", "review")
    assert ordered.documents == 1
    later = await live(house, "file:///a/deep/er/later.txt")
    edited = await house.live("Another text.", source_uri="file:///a/in.txt")
    await chunked(house, edited)
    assert await shown(house, inside, later, edited, beside) == [False, False, False, True]
    assert (await quarantines(house).get(house.admin, ordered.id)).documents == 2

    await quarantines(house).lift(house.admin, ordered.id)
    assert await shown(house, later, edited, beside) == [True, True, True]
    after = await live(house, "file:///a/after.txt")
    assert await shown(house, after) == [True]
    with pytest.raises(KeyDestroyed):
        await house.keyring.get(house.tenant_id, ordered.id)
    assert (await quarantines(house).get(house.admin, ordered.id)).source_prefix is None


async def test_an_ingestion_is_hidden_with_what_it_still_brings(house: House) -> None:
    now, ingestion_id = house.uploads.clock.now(), new_id()
    me = house.admin
    async with house.ledger.write() as uow:
        await uow.ingestions.add(
            Ingestion(me.tenant_id, ingestion_id, me.principal_id, me.role, (), IngestionState.RUNNING, 4, now, now)
        )

    async def brought(uri: str) -> Receipt:
        request, data = UploadRequest(source_uri=uri), once(f"The text at {uri}.".encode())
        receipt = await house.uploads.receive(me, request, data, Taking(ingestion_id))
        await house.publish(receipt)
        await chunked(house, receipt)
        return receipt

    first, beside = await brought("file:///a/first.txt"), await live(house, "file:///a/beside.txt")
    ordered = await quarantines(house).hide_ingestion(me, ingestion_id, "review")
    assert (ordered.documents, ordered.ingestion_id) == (1, ingestion_id)
    second = await brought("file:///a/second.txt")
    assert await shown(house, first, second, beside) == [False, False, True]
    await quarantines(house).lift(me, ordered.id)
    assert await shown(house, first, second, beside) == [True, True, True]
    with pytest.raises(IngestionNotFound):
        await quarantines(house).hide_ingestion(me, new_id(), "review")


async def test_what_two_quarantines_cover_is_shown_when_both_are_lifted(house: House) -> None:
    one = await live(house, "file:///a/one.txt")
    by_id = await quarantines(house).hide_document(house.admin, one.document_id, "malware")
    by_source = await quarantines(house).hide_sources(house.admin, "file:///a", "review")
    for each, is_shown in ((by_id, False), (by_source, True)):
        await quarantines(house).lift(house.admin, each.id)
        assert await shown(house, one) == [is_shown]


async def test_a_writer_cannot_replace_what_is_hidden_nor_tell_it_from_what_it_may_not_read(house: House) -> None:
    hidden = await live(house, "file:///a/hidden.txt")
    await house.live("For the group.", source_uri="file:///a/secret.txt", readers=(house.hr,))
    ordered = await quarantines(house).hide_document(house.admin, hidden.document_id, "malware")
    told: list[str] = []
    for uri in ("file:///a/hidden.txt", "file:///a/secret.txt"):
        with pytest.raises(Forbidden) as refused:
            await house.upload("Something harmless.", house.writer, source_uri=uri)
        told.append(refused.value.detail)
    assert told[0] == told[1]
    async with house.ledger.read() as uow:
        kept = await uow.versions.of_document(house.tenant_id, hidden.document_id)
    assert [version.id for version in kept] == [hidden.version_id]

    edited = await house.upload("The admin's text.", source_uri="file:///a/hidden.txt")
    assert edited.document_id == hidden.document_id
    await quarantines(house).lift(house.admin, ordered.id)
    again = await house.upload("The writer's text.", house.writer, source_uri="file:///a/hidden.txt")
    assert again.document_id == hidden.document_id


async def test_a_sending_that_broke_off_below_a_hidden_source_is_taken_up_again(house: House) -> None:
    await quarantines(house).hide_sources(house.admin, "file:///a", "review")
    uri, document_ids = "file:///a/new.txt", list[Id]()

    async def sent_again() -> None:
        again = await house.upload("The whole text.", house.writer, source_uri=uri)
        document_ids.append(again.document_id)

    first = await house.upload("The whole text.", house.writer, meanwhile=sent_again, source_uri=uri)
    assert document_ids == [first.document_id]
    with pytest.raises(Forbidden):
        await house.upload("Another text.", house.writer, source_uri=uri)


async def test_fields_are_not_changed_behind_a_quarantine(house: House) -> None:
    """The look of a writer that was slower than the admin."""
    seen = await live(house, "file:///a/one.txt")
    version = await house.version(seen)
    await quarantines(house).hide_document(house.admin, seen.document_id, "malware")
    patch = MetadataPatch(title="Nothing to see here")
    clock = house.uploads.clock
    with pytest.raises(DocumentConflict):
        await write_metadata(house.ledger, house.keyring, clock, Change(house.writer, version, patch))
    assert (await house.fields(seen)).title is None
    assert await write_metadata(house.ledger, house.keyring, clock, Change(house.admin, version, patch))


async def test_other_tenants_are_not_touched(house: House) -> None:
    one = await live(house, "file:///a/one.txt")
    stranger = replace(house.admin, tenant_id=await add_tenant(house.ledger))
    await house.keyring.create_tenant(stranger.tenant_id)
    with pytest.raises(DocumentNotFound):
        await quarantines(house).hide_document(stranger, one.document_id, "malware")
    assert (await quarantines(house).hide_sources(stranger, "file:///a", "review")).documents == 0
    assert await shown(house, one) == [True]


async def test_they_are_listed_newest_first_and_forgotten_with_their_document(house: House) -> None:
    one = await live(house, "file:///a/one.txt")
    by_id = await quarantines(house).hide_document(house.admin, one.document_id, "malware")
    by_source = await quarantines(house).hide_sources(house.admin, "file:///a", "review")
    listed = await quarantines(house).page(house.admin, None, 9, in_force=True)
    assert [(each.id, each.source_prefix) for each in listed] == [(by_source.id, "file:///a"), (by_id.id, None)]
    await house.documents.delete(house.admin, one.document_id)
    deletions = Deletions(house.ledger, house.uploads.remover, house.uploads.clock)
    await deletions.finish(DocumentRef(tenant_id=house.tenant_id, document_id=one.document_id))
    listed = await quarantines(house).page(house.admin, None, 9, in_force=False)
    assert [(each.id, each.documents) for each in listed] == [(by_source.id, 0)]


async def test_documents_older_than_the_table_get_their_prefixes(house: House, sql_settings: Settings) -> None:
    one, other = await live(house, "file:///a/one.txt"), await live(house, "file:///b/other.txt")
    await forget_prefixes(sql_settings)
    await quarantines(house).hide_sources(house.admin, "file:///a", "review")
    assert await shown(house, one, other) == [True, True]
    assert await keep_prefixes(house.ledger, house.keyring, house.tenant_id) == 2
    assert await keep_prefixes(house.ledger, house.keyring, house.tenant_id) == 0
    assert await shown(house, one, other) == [False, True]


async def test_documents_whose_keys_are_gone_do_not_stand_in_the_way_of_later_ones(
    house: House, sql_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lethe.ingestion.quarantines.BACKFILL_PAGE", 2)
    gone = [await live(house, f"file:///a/gone-{n}.txt") for n in range(3)]
    left = [await live(house, f"file:///a/left-{n}.txt") for n in range(3)]
    assert max(each.document_id for each in gone) < min(each.document_id for each in left)
    await forget_prefixes(sql_settings)
    await house.keyring.destroy(house.tenant_id, [each.version_id for each in gone])
    await quarantines(house).hide_sources(house.admin, "file:///a", "review")
    assert await keep_prefixes(house.ledger, house.keyring, house.tenant_id) == 3
    assert await shown(house, *left) == [False, False, False]


async def forget_prefixes(sql_settings: Settings) -> None:
    """As in a ledger from before there was that table."""
    engines = make_engines(sql_settings.sql_url, sql_settings.sql)
    async with transaction(engines.writing) as connection:
        await connection.execute(delete(source_prefixes))
    await engines.close()
