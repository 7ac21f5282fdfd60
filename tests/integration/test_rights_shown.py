"""Who is shown what of a document with several versions, and the keys of the people it is about; on both engines."""

from dataclasses import replace

import pytest

from lethe.adapters.fakes.clock import FakeClock
from lethe.contracts.ingestion import VersionRef
from lethe.errors import DocumentNotFound, LetheError, NoText
from lethe.ingestion.failures import FailureJournal
from lethe.model.documents import Status, SubjectMention
from lethe.model.ids import Id, new_id
from lethe.settings import FailureSettings, LimitSettings
from tests.integration.house import House

ADA = SubjectMention("email", "ada@example.org")


async def test_a_person_is_linked_although_a_removal_takes_the_known_key_meanwhile(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await house.upload("one", subjects=(ADA,))
    create, calls = house.keyring.create, 0

    async def removed_first(tenant_id: Id, key_id: Id) -> bytes:
        # The version's key is the first; at the second, whoever looks what is known has looked.
        nonlocal calls
        calls += 1
        if calls == 2:
            await house.uploads.remover.remove_unindexed(tenant_id, first.version_id)
        return await create(tenant_id, key_id)

    monkeypatch.setattr(house.keyring, "create", removed_first)
    second = await house.upload("two", source_uri="file:///other.txt", subjects=(ADA,))
    third = await house.upload("three", source_uri="file:///third.txt", subjects=(ADA,))
    async with house.ledger.read() as uow:
        owners = await uow.subjects.of_version(house.tenant_id, second.version_id)
        assert await uow.subjects.of_version(house.tenant_id, third.version_id) == owners
    assert len(await house.keyring.get_many(house.tenant_id, owners)) == 1


async def test_a_known_person_whose_key_went_is_linked_again(house: House) -> None:
    first = await house.upload("one", subjects=(ADA,))
    async with house.ledger.read() as uow:
        known = await uow.subjects.of_version(house.tenant_id, first.version_id)
    # As a removal does whose rows are still there.
    await house.keyring.destroy(house.tenant_id, known)
    second = await house.upload("two", source_uri="file:///other.txt", subjects=(ADA,))
    async with house.ledger.read() as uow:
        assert await uow.subjects.of_version(house.tenant_id, second.version_id) == known


async def test_a_person_named_with_unchanged_text_is_linked_to_what_is_there(house: House) -> None:
    first = await house.live("one")
    again = await house.upload("one", subjects=(ADA,))
    assert again.version_id == first.version_id
    async with house.ledger.read() as uow:
        (known,) = await uow.subjects.of_version(house.tenant_id, first.version_id)
    assert len(await house.keyring.get_many(house.tenant_id, [known])) == 1


async def test_no_key_is_kept_that_opens_nothing(house: House) -> None:
    receipts = [await house.upload("one", source_uri=uri, subjects=(ADA, ADA)) for uri in ("file:///a", "file:///b")]
    async with house.ledger.read() as uow:
        owners = await uow.subjects.of_version(house.tenant_id, receipts[0].version_id)
    alive = {key_id for (_, key_id), key in house.keyring.keys.items() if key}
    assert alive == {*owners, *(receipt.version_id for receipt in receipts)}


async def test_a_plan_that_fails_leaves_no_key(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refused(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("lethe.ingestion.planning.write_links", refused)
    with pytest.raises(RuntimeError):
        await house.upload("one", subjects=(ADA,))
    assert [key for key in house.keyring.keys.values() if key] == []


async def test_an_unpublished_version_shows_to_its_own_readers_only(house: House) -> None:
    first = await house.live("one", title="Plan", metadata={"room": "open"})
    second = await house.upload(
        "two", title="Who is let go", metadata={"room": "closed"}, readers=(house.hr,), classification="secret"
    )
    shown = await house.documents.get(house.writer, first.document_id)
    assert (shown.title, shown.metadata, shown.classification) == ("Plan", {"room": "open"}, "internal")
    assert (shown.version_id, shown.status, shown.failure) == (first.version_id, Status.READY, None)
    assert list((await house.documents.page(house.writer, None, None, 5)).views) == [shown]
    assert (await house.documents.page(house.writer, Status.PENDING, None, 5)).views == ()
    of_hr = replace(house.writer, principal_id=new_id(), groups=frozenset({house.hr}))
    for caller in (house.admin, of_hr):
        shown = await house.documents.get(caller, first.document_id)
        assert (shown.title, shown.version_id) == ("Who is let go", second.version_id)


@pytest.mark.parametrize(
    ("error", "shown"),
    [(ValueError("salary of Ada"), LetheError.title), (NoText("Only pictures."), "Only pictures.")],
)
async def test_a_trace_of_our_own_code_is_for_admins(house: House, error: Exception, shown: str) -> None:
    receipt = await house.upload("one")
    journal = FailureJournal(house.ledger, house.keyring, FakeClock(), LimitSettings(), FailureSettings())
    await journal.note(VersionRef(tenant_id=house.tenant_id, version_id=receipt.version_id), "parse", error, 1)
    await house.fail(receipt)
    for caller, holds in ((house.writer, shown), (house.admin, str(error))):
        failure = (await house.documents.get(caller, receipt.document_id)).failure
        assert failure
        assert holds in failure.detail
        assert caller is house.admin or failure.detail == shown


async def test_a_document_without_a_key_is_not_found_and_ends_no_list(house: House) -> None:
    receipts = [await house.upload("one", source_uri=f"file:///{number}") for number in range(5)]
    await house.keyring.destroy(house.tenant_id, [receipt.version_id for receipt in receipts[2:]])
    with pytest.raises(DocumentNotFound):
        await house.documents.get(house.admin, receipts[4].document_id)
    seen: list[Id] = []
    page = await house.documents.page(house.admin, None, None, 2)
    assert page.views == ()
    while page.after:
        page = await house.documents.page(house.admin, None, page.after, 2)
        seen += [view.id for view in page.views]
    assert seen == [receipts[1].document_id, receipts[0].document_id]
