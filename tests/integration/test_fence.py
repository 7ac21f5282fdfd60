"""The fence: from its commit on no route shows the person; others' text passes. On both SQL engines."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import pytest

from lethe.errors import (
    ChunkNotFound,
    DocumentNotFound,
    ErasureFenced,
    ErasureOpen,
    IdentifierTooWeak,
    IllegalErasureMove,
    SecondApproverNeeded,
    SubjectSuppressed,
    SuppressionNotFound,
)
from lethe.ingestion.requests import MetadataPatch, Outcome, Receipt
from lethe.model.documents import Chunk, SubjectMention
from lethe.model.erasures import ErasureBasis, ErasureState, IdentifierKind
from lethe.model.ids import Id, new_id
from lethe.model.principals import Caller, Role
from lethe.ports.vectors import Hit
from lethe.privacy.erasure.fencing import Fencing
from lethe.privacy.erasure.intake import Erasures, ErasureView, ErasureWish
from lethe.privacy.erasure.suppressing import Lifting, Suppressing
from lethe.privacy.sealing import Purpose, seal_text
from lethe.retrieval.gate import Gate
from lethe.settings import ErasureSettings
from tests.contract.ledger_rows import chunks
from tests.integration.house import House

MAIL: Final = "mara.lind@mail.example"
IDENTIFIERS: Final = (
    (IdentifierKind.EMAIL, MAIL),
    (IdentifierKind.NAME, "Mara Lind"),
    (IdentifierKind.PHONE, "+49 171 2345678"),
    (IdentifierKind.STAFF_NUMBER, "EMP-00417"),
)
FREE: Final = (
    "The claim was sent by MARA  LIND in May.",
    "Answer to Mara.Lind@Mail.Example by Friday.",
    "Ring 0171/234 56 78 before noon.",
    "Keys were handed to emp 00417.",
    "Signed:\u00a0Mara\nLind",
)
PROBES: Final = 10_000


@dataclass
class Planted:
    """Chunks that show the person, half of them in documents linked to nobody, and chunks that do not."""

    person: list[Chunk]
    others: list[Chunk]
    linked: Receipt
    shared: Receipt

    @property
    def hits(self) -> list[Hit]:
        return [Hit(chunk.id, chunk.version_id, chunk.document_id, 1.0) for chunk in (*self.person, *self.others)]


def erasures(house: House, approval_documents: int = 100) -> Erasures:
    settings = ErasureSettings(approval_documents=approval_documents)
    return Erasures(house.ledger, house.keyring, house.uploads.clock, settings)


def wish(*identifiers: tuple[IdentifierKind, str], documents: Sequence[Id] = ()) -> ErasureWish:
    return ErasureWish(identifiers or IDENTIFIERS, ErasureBasis.SUBJECT_REQUEST, "asked", tuple(documents))


async def begin(house: House) -> ErasureView:
    return await erasures(house).begin(house.admin, wish(), new_id())


def other(caller: Caller) -> Caller:
    return replace(caller, principal_id=new_id())


async def live(house: House, uri: str, texts: Sequence[str], *people: str) -> tuple[Receipt, list[Chunk]]:
    """A served document with these chunks, linked to the people."""
    subjects = tuple(SubjectMention("email", person) for person in people)
    receipt = await house.live(uri, source_uri=uri, subjects=subjects)
    version = await house.version(receipt)
    key = await house.keyring.get(house.tenant_id, version.id)
    rows = [
        replace(
            chunk,
            sealed_text=seal_text(key, Purpose.CHUNK_TEXT, text),
            sealed_section=seal_text(key, Purpose.CHUNK_SECTION, "Letters"),
        )
        for chunk, text in zip(chunks(version, len(texts)), texts, strict=True)
    ]
    async with house.ledger.write() as uow:
        await uow.chunks.replace(house.tenant_id, version.id, rows)
    return receipt, rows


async def plant(house: House) -> Planted:
    linked, own = await live(house, "file:///own.txt", [f"About the lease, part {n}." for n in range(99)], MAIL)
    shared, mixed = await live(house, "file:///both.txt", [FREE[0], "Jon Berg paid."], MAIL, "jon@mail.example")
    person, others = [*own, mixed[0]], [mixed[1]]
    for number in range(5):
        texts = [*FREE * 4, f"The pump {number} was oiled."]
        _, free = await live(house, f"file:///free{number}.txt", texts)
        person += free[:-1]
        others.append(free[-1])
    return Planted(person, others, linked, shared)


async def passing(house: House, hits: Sequence[Hit]) -> set[Id]:
    async with house.ledger.read() as uow:
        seq = await uow.tenants.seq(house.tenant_id)
    readers = frozenset({house.tenant_id})
    admitted = await Gate(house.ledger, house.keyring).admit(house.tenant_id, hits, seq, readers)
    return {survivor.hit.chunk_id for survivor in admitted}


async def test_ten_thousand_probes_find_nothing_behind_the_fence(house: House):
    planted = await plant(house)
    hidden, shown = {chunk.id for chunk in planted.person}, {chunk.id for chunk in planted.others}
    assert await passing(house, planted.hits) == hidden | shown, "the control: everything is found before"
    stands, probes = asyncio.Event(), 0

    async def probe() -> None:
        nonlocal probes
        while probes < PROBES:
            stood = stands.is_set()
            found = await passing(house, planted.hits)
            assert shown <= found
            if stood:
                assert found == shown
                probes += len(planted.hits)

    probers = [asyncio.create_task(probe()) for _ in range(4)]
    view = await begin(house)
    stands.set()
    await asyncio.gather(*probers)
    assert probes >= PROBES
    assert view.request.state is ErasureState.FENCED
    assert view.request.documents == 2


async def test_the_person_is_on_no_page_and_others_are(house: House):
    planted = await plant(house)
    readers_own = Caller(house.tenant_id, new_id(), Role.READER)
    listed = [view.id for view in (await house.documents.page(readers_own, None, None, 50)).views]
    assert planted.linked.document_id in listed
    await begin(house)
    for caller in (readers_own, house.admin):
        after = [view.id for view in (await house.documents.page(caller, None, None, 50)).views]
        assert set(listed) - set(after) == {planted.linked.document_id}
        with pytest.raises(DocumentNotFound):
            await house.documents.chunks(caller, planted.linked.document_id, 0, 9)
        page = await house.documents.chunks(caller, planted.shared.document_id, 0, 1)
        assert ([view.text for view in page.views], page.after) == ([], 1)
        page = await house.documents.chunks(caller, planted.shared.document_id, 1, 1)
        assert ([view.text for view in page.views], page.after) == (["Jon Berg paid."], None)
        kept, gone = planted.others[0].id, planted.person[99].id
        assert (await house.documents.neighbours(caller, planted.shared.document_id, kept, 1, 1)).before == []
        with pytest.raises(ChunkNotFound):
            await house.documents.neighbours(caller, planted.shared.document_id, gone, 1, 1)


async def test_the_fence_raises_the_clock_and_the_epochs_once(house: House):
    planted = await plant(house)

    async def standing() -> tuple[int, list[int]]:
        async with house.ledger.read() as uow:
            ids = [planted.linked.document_id, planted.shared.document_id]
            documents = await uow.documents.get_many(house.tenant_id, ids)
            return await uow.tenants.seq(house.tenant_id), [documents[each].epoch for each in ids]

    seq, epochs = await standing()
    view = await begin(house)
    assert await standing() == (seq + 1, [epoch + 1 for epoch in epochs])
    again = await Fencing(house.ledger, house.uploads.clock).fence(house.tenant_id, view.request.id)
    assert again == view.request
    assert await erasures(house).begin(house.admin, wish(), view.request.id) == view
    assert (await standing())[0] == seq + 1


async def test_an_upload_that_was_under_way_does_not_get_past_the_fence(house: House):
    await house.live("first", subjects=(SubjectMention("email", MAIL),))
    with pytest.raises(Exception, match="deleted while"):
        await house.upload("second", meanwhile=lambda: begin(house))


async def test_many_documents_want_a_second_principal(house: House):
    planted = await plant(house)
    cases = erasures(house, approval_documents=1)
    view = await cases.begin(house.admin, wish(), new_id())
    assert view.request.state is ErasureState.AWAITING_APPROVAL
    assert await passing(house, planted.hits) == {hit.chunk_id for hit in planted.hits}
    with pytest.raises(SecondApproverNeeded):
        await cases.approve(house.admin, view.request.id)
    with pytest.raises(IllegalErasureMove):
        await Fencing(house.ledger, house.uploads.clock).fence(house.tenant_id, view.request.id)
    approver = other(house.admin)
    for _ in range(2):
        approved = await cases.approve(approver, view.request.id)
        assert (approved.request.state, approved.request.approved_by) == (ErasureState.FENCED, approver.principal_id)
    assert await passing(house, planted.hits) == {chunk.id for chunk in planted.others}


async def test_before_anything_is_destroyed_it_is_cancelled_and_then_nothing_of_it_is_left(house: House):
    await plant(house)
    cases = erasures(house, approval_documents=0)
    view = await cases.begin(house.admin, wish(), new_id())
    for _ in range(2):
        cancelled = await cases.cancel(house.admin, view.request.id)
        assert cancelled.request.state is ErasureState.CANCELLED
    assert await house.keyring.get_many(house.tenant_id, [view.request.id]) == {}
    async with house.ledger.read() as uow:
        assert await uow.erasures.identifiers(house.tenant_id, view.request.id) == []
    fenced = await begin(house)
    async with house.ledger.write() as uow:
        await uow.erasures.update(replace(fenced.request, erasing_at=fenced.request.fenced_at))
    with pytest.raises(ErasureFenced):
        await cases.cancel(house.admin, fenced.request.id)


async def test_a_hold_keeps_the_fence_and_its_release_goes_on_where_it_was(house: House):
    planted = await plant(house)
    cases, view = erasures(house), await begin(house)
    with pytest.raises(IllegalErasureMove):
        await cases.release(house.admin, view.request.id)
    held = await cases.hold(house.admin, view.request.id, "litigation")
    assert (held.request.state, held.request.held_from) == (ErasureState.HELD, ErasureState.FENCED)
    assert await passing(house, planted.hits) == {chunk.id for chunk in planted.others}
    released = await cases.release(house.admin, view.request.id)
    assert (released.request.state, released.request.hold_reason) == (ErasureState.FENCED, "")


async def test_a_scope_is_kept(house: House):
    planted = await plant(house)
    asked = wish(documents=[planted.shared.document_id])
    view = await erasures(house).begin(house.admin, asked, new_id())
    assert view.request.documents == 1
    assert (await house.documents.get(house.admin, planted.linked.document_id)).id == planted.linked.document_id
    async with house.ledger.read() as uow:
        assert await uow.suppressions.all(house.tenant_id) == frozenset()


async def test_who_was_erased_does_not_come_back_until_the_suppression_is_lifted(house: House):
    view = await begin(house)
    guard = Suppressing(house.ledger, house.keyring)
    with pytest.raises(SubjectSuppressed):
        await house.upload("a letter", subjects=(SubjectMention("email", MAIL.upper()),))
    for text in FREE:
        with pytest.raises(SubjectSuppressed):
            await guard.check_texts(house.tenant_id, ["Nothing.", text])
    await guard.check_texts(house.tenant_id, ["Mara met Ms Lind. Ring 0171/234 56 79."])
    lifting = Lifting(house.ledger, house.keyring, house.uploads.clock)
    every = [(kind.value, value) for kind, value in IDENTIFIERS]
    with pytest.raises(ErasureOpen):
        await lifting.lift(house.admin, every, "consent", new_id())
    async with house.ledger.write() as uow:
        await uow.erasures.update(replace(view.request, ended_at=view.request.fenced_at))
    assert await lifting.lift(house.admin, every, "consent", new_id()) == len(every)
    with pytest.raises(SuppressionNotFound):
        await lifting.lift(house.admin, every, "consent", new_id())
    await guard.check_texts(house.tenant_id, FREE)


@pytest.mark.parametrize("field", [{"title": "Letter to Mara Lind"}, {"metadata": {"to": MAIL}}])
async def test_who_was_erased_does_not_come_back_in_a_field(house: House, field: dict[str, Any]):
    receipt = await house.live("a letter", source_uri="file:///letter.txt")
    before = await house.fields(receipt)
    await begin(house)
    with pytest.raises(SubjectSuppressed):
        await house.documents.patch(house.admin, receipt.document_id, MetadataPatch(**field))
    with pytest.raises(SubjectSuppressed):
        await house.upload("a letter", source_uri="file:///letter.txt", **field)
    assert await house.fields(receipt) == before
    patched = await house.documents.patch(house.admin, receipt.document_id, MetadataPatch(title="Letter to Jon Berg"))
    assert patched.outcome is Outcome.METADATA_UPDATED


@pytest.mark.parametrize("value", ["Mara", "x"])
async def test_a_word_alone_names_nobody(house: House, value: str):
    with pytest.raises(IdentifierTooWeak):
        await erasures(house).begin(house.admin, wish((IdentifierKind.NAME, value)), new_id())
