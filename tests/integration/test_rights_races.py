"""Rights and fields while several people change one document at once: on both engines, with only SQL being real."""

import asyncio
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from lethe.errors import DocumentConflict, DocumentNotFound, Forbidden
from lethe.ingestion.metadata import Fields
from lethe.ingestion.requests import MetadataPatch, Outcome, Receipt
from lethe.model.documents import Status
from lethe.model.ids import Id
from tests.integration.house import SOURCE, House


async def test_a_patch_names_its_fields_only_also_on_the_version_to_come(house: House) -> None:
    first = await house.live("one", title="Old", metadata={"a": 1})
    second = await house.upload("two", readers=(house.hr,), metadata={"b": 2})
    await house.documents.patch(house.admin, first.document_id, MetadataPatch(title="New"))
    for receipt, readers, metadata in ((first, (house.tenant_id,), {"a": 1}), (second, (house.hr,), {"b": 2})):
        fields = await house.fields(receipt)
        assert (fields.title, fields.readers, fields.metadata) == ("New", readers, metadata)


async def test_a_patch_the_live_version_has_still_reaches_the_version_to_come(house: House) -> None:
    first = await house.live("one")
    second = await house.upload("two", readers=(house.hr,))
    patch = MetadataPatch(readers=(house.tenant_id,))
    receipt = await house.documents.patch(house.admin, first.document_id, patch)
    assert receipt.outcome is Outcome.METADATA_UPDATED
    assert (await house.fields(second)).readers == (house.tenant_id,)
    again = await house.documents.patch(house.admin, first.document_id, patch)
    assert (again.outcome, again.workflow_id) == (Outcome.SKIPPED, "")


async def test_readers_revoked_while_the_bytes_come_stay_revoked(house: House) -> None:
    first = await house.live("one")

    async def revoke() -> None:
        await house.documents.patch(house.admin, first.document_id, MetadataPatch(readers=(house.hr,)))

    second = await house.upload("two", meanwhile=revoke, title="Two")
    fields, version = await house.fields(second), await house.version(second)
    assert (fields.title, fields.readers) == ("Two", (house.hr,))
    assert (version.status, version.size_bytes) == (Status.PENDING, 3)
    assert version.content_fp
    await house.publish(second)
    with pytest.raises(DocumentNotFound):
        await house.documents.get(house.writer, first.document_id)


async def test_readers_revoked_while_the_same_bytes_come_stay_revoked(house: House) -> None:
    first = await house.live("one")

    async def revoke() -> None:
        await house.documents.patch(house.admin, first.document_id, MetadataPatch(readers=(house.hr,)))

    again = await house.upload("one", meanwhile=revoke, title="One")
    assert (again.version_id, again.outcome) == (first.version_id, Outcome.METADATA_UPDATED)
    fields = await house.fields(first)
    assert (fields.title, fields.readers) == ("One", (house.hr,))


async def test_readers_revoked_while_a_version_waits_for_attention_stay_revoked(house: House) -> None:
    first = await house.live("one")
    second = await house.upload("two")
    await house.fail(second)
    await house.documents.patch(house.admin, first.document_id, MetadataPatch(readers=(house.hr,)))
    assert (await house.fields(second)).readers == (house.hr,)


async def test_patches_of_different_fields_at_once_all_hold(house: House) -> None:
    first = await house.live("one")
    patches = [
        MetadataPatch(title="Title"),
        MetadataPatch(metadata={"a": 1}),
        MetadataPatch(readers=(house.hr,)),
        MetadataPatch(classification="secret"),
    ]
    await asyncio.gather(*(house.documents.patch(house.admin, first.document_id, patch) for patch in patches))
    expected = Fields(SOURCE, "Title", {"a": 1}, (house.hr,), "secret")
    assert await house.fields(first) == expected
    async with house.ledger.read() as uow:
        assert await uow.documents.readers(house.tenant_id, [first.document_id]) == {first.document_id: (house.hr,)}


async def test_a_patch_meets_an_upload_planned_between_its_look_and_its_lock(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await house.live("one")
    get_many, planned = house.keyring.get_many, list[Receipt]()

    async def upload_behind(tenant_id: Id, key_ids: Collection[Id]) -> Mapping[Id, bytes]:
        found = await get_many(tenant_id, key_ids)
        monkeypatch.setattr(house.keyring, "get_many", get_many)
        planned.append(await house.upload("two"))
        return found

    monkeypatch.setattr(house.keyring, "get_many", upload_behind)
    await house.documents.patch(house.admin, first.document_id, MetadataPatch(readers=(house.hr,)))
    assert (await house.fields(planned[0])).readers == (house.hr,)


async def test_the_last_submission_wins_over_a_failed_one_that_is_driven_again(house: House) -> None:
    await house.live("one")
    second = await house.upload("two")
    await house.fail(second)
    third = await house.upload("one")
    assert third.outcome is Outcome.UPDATED
    await house.publish(third)
    assert (await house.upload("one")).outcome is Outcome.SKIPPED


async def test_whole_rows_are_not_written_over_a_switch(house: House) -> None:
    """Uploads, patches and switches of one document at once: every one of them is in the rows at the end."""
    first = await house.live("one")
    waiting = [await house.upload(f"text {number}") for number in range(3)]

    async def switch() -> None:
        for receipt in waiting:
            await house.publish(receipt)

    async def patch(number: int) -> None:
        with suppress(DocumentConflict):
            await house.documents.patch(house.admin, first.document_id, MetadataPatch(metadata={"a": number}))

    uploads = [house.upload(f"later {number}") for number in range(3)]
    receipts, *_ = await asyncio.gather(asyncio.gather(*uploads), switch(), patch(0), patch(1), patch(2))
    async with house.ledger.read() as uow:
        document = await uow.documents.get(house.tenant_id, first.document_id)
        versions = await uow.versions.get_many(house.tenant_id, [receipt.version_id for receipt in receipts])
    assert document
    assert document.live_version_id == waiting[-1].version_id
    assert document.next_submission == 8
    assert {version.status for version in versions.values()} == {Status.PENDING}
    assert all(version.content_fp for version in versions.values())


async def test_a_source_that_is_someone_elses_is_refused_before_anything_of_it_shows(house: House) -> None:
    first = await house.live("one", title="Who is let go", metadata={"a": 1}, readers=(house.hr,))
    wishes: list[dict[str, Any]] = [{}, {"readers": (house.tenant_id,)}, {"title": "Mine"}]
    for wish in wishes:
        with pytest.raises(Forbidden, match="may not read"):
            await house.upload("two", house.writer, **wish)
    async with house.ledger.read() as uow:
        versions = await uow.versions.of_document(house.tenant_id, first.document_id)
        document = await uow.documents.get(house.tenant_id, first.document_id)
    assert [version.id for version in versions] == [first.version_id]
    assert document
    assert document.next_submission == 2
    assert {key_id for (_, key_id), key in house.keyring.keys.items() if key} == {first.version_id}
    of_hr = replace(house.writer, groups=frozenset({house.hr}))
    second = await house.upload("two", of_hr)
    assert (second.document_id, (await house.fields(second)).title) == (first.document_id, "Who is let go")


async def test_a_source_whose_next_version_is_someone_elses_is_refused(house: House) -> None:
    await house.live("one")
    await house.upload("two", readers=(house.hr,), title="Who is let go")
    with pytest.raises(Forbidden):
        await house.upload("three", house.writer)


async def test_a_new_version_inherits_from_an_upload_planned_between_look_and_lock(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.live("one")
    get_many, restricted = house.keyring.get_many, list[Receipt]()

    async def upload_behind(tenant_id: Id, key_ids: Collection[Id]) -> Mapping[Id, bytes]:
        found = await get_many(tenant_id, key_ids)
        monkeypatch.setattr(house.keyring, "get_many", get_many)
        restricted.append(await house.upload("two", readers=(house.hr,)))
        return found

    monkeypatch.setattr(house.keyring, "get_many", upload_behind)
    third = await house.upload("three")
    assert (await house.fields(third)).readers == (house.hr,)
    assert (await house.version(third)).submission == (await house.version(restricted[0])).submission + 1


async def test_rights_outlive_the_key_of_the_version_they_are_inherited_from(house: House) -> None:
    first = await house.upload("one", readers=(house.hr,), classification="secret")
    await house.keyring.destroy(house.tenant_id, [first.version_id])
    fields = await house.fields(await house.upload("two"))
    assert (fields.readers, fields.classification, fields.title) == ((house.hr,), "secret", None)
