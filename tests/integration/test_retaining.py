"""What is past its time goes, and only that: in process, on both SQL engines."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from lethe.adapters.fakes.clock import FakeClock
from lethe.adapters.sql import SqlLedger
from lethe.contracts.retention import RetainedPage, RetentionPage, RetentionPlan, RetentionRef, RetentionStart
from lethe.contracts.selection import RemovalPage
from lethe.errors import DocumentNotFound, RetentionRunNotFound
from lethe.ingestion.deletion import Deletions
from lethe.ingestion.removing import remove_page
from lethe.ingestion.requests import Expiry, MetadataPatch, Outcome
from lethe.ingestion.restricting import Restrictions
from lethe.ingestion.retaining import Retaining
from lethe.ingestion.retention_policy import RetentionRules
from lethe.model.answers import QuestionState
from lethe.model.documents import SubjectMention
from lethe.model.erasures import ErasureState, IdentifierKind
from lethe.model.ids import Id, new_id
from lethe.model.operations import DeadLetterState
from lethe.model.retention import RetentionKind, RetentionPolicy
from lethe.ports.keyring import SecretPurpose
from lethe.privacy.digests import blind_index
from lethe.settings import RetentionSettings
from tests.contract.ledger_rows import letter, question
from tests.contract.test_ledger_erasures import identifier, item, request
from tests.integration.house import House, KilledError, KilledOnce, open_house

LATER = timedelta(days=100)


def retaining(house: House, **days: int) -> Retaining:
    return Retaining(house.ledger, house.keyring, house.uploads.clock, RetentionSettings(**days))


async def plan(house: House, settings: Retaining, *, dry_run: bool = False, after: timedelta = LATER) -> RetentionPlan:
    """As of a time to come; the run is ordered before, as the API does."""
    rules = RetentionRules(house.ledger, house.uploads.clock, settings.settings)
    run = await rules.order(house.admin, new_id(), dry_run=dry_run)
    ref = RetentionRef(tenant_id=house.tenant_id, run_id=run.id)
    return await settings.plan(RetentionStart(run=ref, as_of=house.uploads.clock.now() + after))


async def page(
    house: House, settings: Retaining, kind: RetentionKind, of: RetentionPlan, after: Id | None = None
) -> RetainedPage:
    ref = RetentionRef(tenant_id=house.tenant_id, run_id=new_id())
    return await settings.page(RetentionPage(run=ref, plan=of, kind=kind, after=after))


async def test_documents_go_by_the_first_of_their_limits(house: House) -> None:
    kept = await house.live("kept", source_uri="file:///kept.txt")
    own = await house.live(
        "own", source_uri="file:///own.txt", expires_at=house.uploads.clock.now() + timedelta(days=30)
    )
    settings = retaining(house)
    early = await page(house, settings, RetentionKind.DOCUMENTS, await plan(house, settings, after=timedelta(days=29)))
    assert (early.tally.matched, early.tally.oldest_at) == (0, None)

    counted = await page(house, settings, RetentionKind.DOCUMENTS, await plan(house, settings, dry_run=True))
    assert (counted.tally.matched, counted.tally.removed) == (1, 0)
    assert (await house.documents.get(house.admin, own.document_id)).expires_at is not None
    removed = await page(house, settings, RetentionKind.DOCUMENTS, await plan(house, settings))
    assert (removed.tally.matched, removed.tally.removed, removed.after) == (1, 1, None)
    with pytest.raises(DocumentNotFound):
        await house.documents.get(house.admin, own.document_id)
    await _deletions(house).finish_many(house.tenant_id, [own.document_id])
    assert await house.keyring.get_many(house.tenant_id, [own.version_id]) == {}

    policy = RetentionPolicy(house.tenant_id, document_days=99)
    await RetentionRules(house.ledger, house.uploads.clock, settings.settings).put(house.admin, policy)
    by_policy = await page(house, settings, RetentionKind.DOCUMENTS, await plan(house, settings, dry_run=True))
    assert (by_policy.tally.matched, by_policy.tally.oldest_at) == (1, (await _document(house, kept.document_id))[0])


async def test_who_sends_a_document_again_has_it_kept_longer(house: House) -> None:
    settings, clock = retaining(house, document_days=50), house.uploads.clock
    assert isinstance(clock, FakeClock)
    sent = await house.live("the same")
    first, _ = await _document(house, sent.document_id)
    clock.advance(timedelta(days=40))
    assert (await house.upload("the same")).outcome is Outcome.SKIPPED
    renewed, _ = await _document(house, sent.document_id)
    assert renewed - first >= timedelta(days=40)
    assert (await house.upload("the same", is_renewal=False)).outcome is Outcome.SKIPPED
    assert (await _document(house, sent.document_id))[0] == renewed
    for days, matched in ((40, 0), (51, 1)):
        of = await plan(house, settings, dry_run=True, after=timedelta(days=days))
        assert (await page(house, settings, RetentionKind.DOCUMENTS, of)).tally.matched == matched


async def test_a_document_s_own_time_is_changed_and_taken_back(house: House) -> None:
    sent, soon = await house.live("a text"), house.uploads.clock.now() + timedelta(days=1)
    for expiry, outcome, shown in (
        (Expiry(soon), Outcome.METADATA_UPDATED, soon),
        (Expiry(soon), Outcome.SKIPPED, soon),
        (None, Outcome.SKIPPED, soon),
        (Expiry(None), Outcome.METADATA_UPDATED, None),
    ):
        receipt = await house.documents.patch(house.admin, sent.document_id, MetadataPatch(), expiry)
        assert (receipt.outcome, receipt.workflow_id) == (outcome, "")
        assert (await house.documents.get(house.admin, sent.document_id)).expires_at == shown


async def test_what_is_restricted_fenced_or_held_stays_and_is_counted(house: House) -> None:
    names = ("restricted", "fenced", "linked", "found", "free")
    ids: dict[str, Id] = {}
    for name in names:
        subjects = (SubjectMention("email", "ada@example.org"),) if name == "linked" else ()
        sent = await house.live(name, source_uri=f"file:///{name}.txt", subjects=subjects)
        ids[name] = sent.document_id
    clock, tenant_id = house.uploads.clock, house.tenant_id
    await Restrictions(house.ledger, clock).restrict(house.admin, ids["restricted"], "objection")
    blind = blind_index(await house.keyring.secret(tenant_id, SecretPurpose.BLIND), "email", "ada@example.org")
    held = request(tenant_id, state=ErasureState.HELD, held_from=ErasureState.RECEIVED)
    async with house.ledger.write() as uow:
        fenced = await uow.documents.get(tenant_id, ids["fenced"])
        assert fenced
        await uow.documents.update(replace(fenced, fenced_at=clock.now()))
        await uow.erasures.add(held, [identifier(held, blind, kind=IdentifierKind.EMAIL)])
        await uow.erasures.put_items([item(held, ids["found"], store="documents", kind="document")])
    settings = retaining(house, document_days=1)
    removed = await page(house, settings, RetentionKind.DOCUMENTS, await plan(house, settings))
    assert (removed.tally.matched, removed.tally.held, removed.tally.removed) == (5, 4, 1)
    async with house.ledger.read() as uow:
        documents = await uow.documents.get_many(tenant_id, list(ids.values()))
    assert {name for name in names if documents[ids[name]].deleted_at is None} == set(names) - {"free"}


async def test_a_page_that_is_repeated_counts_what_it_hid_and_removes_it(house: House) -> None:
    settings = retaining(house, document_days=1)
    for name in ("one", "two"):
        await house.live(name, source_uri=f"file:///{name}.txt")
    ref = RetentionRef(tenant_id=house.tenant_id, run_id=new_id())
    asked = RetentionPage(run=ref, plan=await plan(house, settings), kind=RetentionKind.DOCUMENTS)
    first = await settings.page(asked)
    assert (first.tally.removed, await settings.page(asked)) == (2, first)
    assert (await page(house, settings, RetentionKind.DOCUMENTS, asked.plan)).tally.matched == 0
    removed = await remove_page(house.ledger, _deletions(house), RemovalPage(tenant_id=house.tenant_id, after=None))
    assert (removed.documents, (await settings.page(asked)).tally.matched) == (2, 0)


async def test_a_hold_that_comes_after_the_hiding_keeps_the_bytes(house: House) -> None:
    settings, tenant_id = retaining(house, document_days=1), house.tenant_id
    held, free = [await house.live(name, source_uri=f"file:///{name}.txt") for name in ("held", "free")]
    removed = await page(house, settings, RetentionKind.DOCUMENTS, await plan(house, settings))
    assert removed.tally.removed == 2
    stopped = request(tenant_id, state=ErasureState.HELD, held_from=ErasureState.RECEIVED)
    async with house.ledger.write() as uow:
        await uow.erasures.add(stopped, [])
        await uow.erasures.put_items([item(stopped, held.document_id, store="documents", kind="document")])
    versions = [held.version_id, free.version_id]
    assert (
        await remove_page(house.ledger, _deletions(house), RemovalPage(tenant_id=tenant_id, after=None))
    ).documents == 1
    assert set(await house.keyring.get_many(tenant_id, versions)) == {held.version_id}
    async with house.ledger.write() as uow:
        await uow.erasures.update(replace(stopped, state=ErasureState.CANCELLED))
    assert (
        await remove_page(house.ledger, _deletions(house), RemovalPage(tenant_id=tenant_id, after=None))
    ).documents == 1
    assert await house.keyring.get_many(tenant_id, versions) == {}


async def test_questions_go_with_their_keys_unless_an_answer_is_still_needed(ledger: SqlLedger) -> None:
    async with open_house(ledger) as house:
        killed = KilledOnce()
        await killed.create_tenant(house.tenant_id)
        settings = replace(retaining(house), keyring=killed)
        then, now = house.uploads.clock.now() - timedelta(days=91), house.uploads.clock.now()
        old, given, needed, young, held = (
            question(house.tenant_id, created_at=at, state=QuestionState.ANSWERED)
            for at in (then, then, then, now, then)
        )
        stopped = request(house.tenant_id, state=ErasureState.HELD, held_from=ErasureState.DISCOVERING)
        async with house.ledger.write() as uow:
            for each in (old, replace(given, answered_by=old.id), needed, replace(young, answered_by=needed.id), held):
                await killed.create(house.tenant_id, each.id)
                await uow.questions.add(each)
            await uow.erasures.add(stopped, [])
            await uow.erasures.put_items([item(stopped, held.id, store="questions", kind="question")])
        today = timedelta()
        counted = await page(
            house, settings, RetentionKind.QUESTIONS, await plan(house, settings, dry_run=True, after=today)
        )
        real = await plan(house, settings, after=today)
        with pytest.raises(KilledError):
            await page(house, settings, RetentionKind.QUESTIONS, real)
        removed = await page(house, settings, RetentionKind.QUESTIONS, real)
        assert (counted.tally.matched, counted.tally.held, counted.tally.removed) == (3, 1, 0)
        assert (removed.tally.matched, removed.tally.held, removed.tally.removed) == (3, 1, 2)
        left = {needed.id, young.id, held.id}
        everyone = {old.id, given.id, *left}
        assert set(await killed.get_many(house.tenant_id, everyone)) == left
        async with house.ledger.read() as uow:
            assert {each for each in everyone if await uow.questions.get(house.tenant_id, each)} == left


async def test_dead_letters_on_which_nothing_is_to_be_decided_go(house: House) -> None:
    sent = await house.live("a text")
    version, then = await house.version(sent), house.uploads.clock.now() - timedelta(days=31)
    settled, open_, young = (
        letter(version, step=step, state=state, updated_at=at)
        for step, state, at in (
            ("parse", DeadLetterState.CLOSED, then),
            ("chunk", DeadLetterState.OPEN, then),
            ("embed", DeadLetterState.RESOLVED, house.uploads.clock.now()),
        )
    )
    async with house.ledger.write() as uow:
        for each in (settled, open_, young):
            await uow.dead_letters.record(each)
    settings = retaining(house)
    removed = await page(house, settings, RetentionKind.DEAD_LETTERS, await plan(house, settings, after=timedelta()))
    assert (removed.tally.matched, removed.tally.removed, removed.tally.oldest_at) == (1, 1, then)
    async with house.ledger.read() as uow:
        left = {each.id for each in await uow.dead_letters.of_version(house.tenant_id, version.id)}
    assert left == {open_.id, young.id}


async def test_more_than_a_page_is_gone_through_in_order(house: House) -> None:
    then = house.uploads.clock.now() - timedelta(days=91)
    many = [question(house.tenant_id, created_at=then) for _ in range(250)]
    async with house.ledger.write() as uow:
        for each in many:
            await uow.questions.add(each)
    settings = retaining(house)
    of = await plan(house, settings, dry_run=True, after=timedelta())
    first = await page(house, settings, RetentionKind.QUESTIONS, of)
    last = await page(house, settings, RetentionKind.QUESTIONS, of, first.after)
    assert (first.tally.matched, last.tally.matched, last.after) == (200, 50, None)
    with pytest.raises(RetentionRunNotFound):
        await RetentionRules(house.ledger, house.uploads.clock, settings.settings).run(house.writer, new_id())


def _deletions(house: House) -> Deletions:
    return Deletions(house.ledger, house.uploads.remover, house.uploads.clock)


async def _document(house: House, document_id: Id) -> tuple[datetime, datetime | None]:
    async with house.ledger.read() as uow:
        document = await uow.documents.get(house.tenant_id, document_id)
    assert document
    assert document.renewed_at
    return document.renewed_at, document.expires_at
