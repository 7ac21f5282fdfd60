"""Ledger: answers kept for the next one who asks the same, and what keeps them from being given."""

import asyncio
from dataclasses import dataclass, replace
from typing import Any

import pytest

from lethe.errors import NotFound
from lethe.model.answers import Question, QuestionState
from lethe.model.caches import CachedAnswer
from lethe.model.documents import Document, Status, Version
from lethe.model.glossaries import Glossary
from lethe.model.ids import Id, new_id
from lethe.model.indexes import BuildKind, BuildState
from lethe.model.quarantines import Quarantine, QuarantineKind
from lethe.ports.ledger import CacheLookup, Ledger, Standing
from lethe.privacy.retention import expire_cached_answers
from tests.contract.ledger_rows import NOON, add_document, add_tenant, at, build, question

SEQ = 5


def entry(of: Question, key: str = "key", **fields: Any) -> CachedAnswer:
    return replace(CachedAnswer(of.tenant_id, key, "bucket", of.id, NOON, NOON), **fields)


@dataclass(frozen=True, slots=True)
class Kept:
    """An entry made from two documents."""

    ledger: Ledger
    entry: CachedAnswer
    documents: tuple[tuple[Document, Version], ...]

    async def find(self, seq: int = SEQ, readers: frozenset[Id] | None = None) -> CacheLookup | None:
        tenant = self.entry.tenant_id
        async with self.ledger.read() as unit:
            return await unit.answer_cache.find(tenant, "key", at(-1), seq, readers or frozenset({tenant}))

    async def change(self, **fields: Any) -> None:
        """Of the second document."""
        async with self.ledger.write() as unit:
            await unit.documents.update(replace(self.documents[1][0], **fields))


@pytest.fixture
async def kept(ledger: Ledger) -> Kept:
    tenant = await add_tenant(ledger, SEQ)
    asked = question(tenant)
    async with ledger.write() as unit:
        made_from = [(await add_document(unit, tenant, count=1))[:2] for _ in range(2)]
        await unit.questions.add(asked)
        await unit.answer_cache.put(entry(asked), [version.id for _, version in made_from], 10)
    return Kept(ledger, entry(asked), tuple(made_from))


async def test_it_is_found_while_every_source_passes_the_gate(kept: Kept):
    assert await kept.find() == CacheLookup(kept.entry, is_servable=True)
    other = await add_tenant(kept.ledger)
    async with kept.ledger.read() as unit:
        assert await unit.answer_cache.find(other, "key", at(-1), SEQ, frozenset({kept.entry.tenant_id})) is None
        assert await unit.answer_cache.find(kept.entry.tenant_id, "key", NOON, SEQ, frozenset()) is None


@pytest.mark.parametrize("how", [{"deleted_at": NOON}, {"fenced_at": NOON}, {"status": Status.QUARANTINED}])
async def test_a_document_that_is_not_served_withholds_it(kept: Kept, how: dict[str, Any]):
    await kept.change(**how)
    assert await kept.find() == CacheLookup(kept.entry, is_servable=False)


async def test_a_replaced_version_withholds_it_from_its_seq_on(kept: Kept):
    async with kept.ledger.write() as unit:
        await unit.versions.update(replace(kept.documents[1][1], live_until=SEQ + 1))
    assert await kept.find() == CacheLookup(kept.entry, is_servable=True)
    assert await kept.find(SEQ + 1) == CacheLookup(kept.entry, is_servable=False)


async def test_what_an_answer_depends_on_is_the_tenants_own(ledger: Ledger):
    tenant, other, reader = await add_tenant(ledger), await add_tenant(ledger), new_id()
    active = build(tenant, state=BuildState.ACTIVE)
    async with ledger.write() as unit:
        assert await unit.answer_cache.standing(tenant, reader) == Standing(0, None, "", is_named=False)
        for each in (active, build(tenant, 2, state=BuildState.BUILDING), build(other, state=BuildState.ACTIVE)):
            await unit.builds.add(each)
        await unit.builds.add(build(tenant, kind=BuildKind.KEYWORD, state=BuildState.ACTIVE))
        seq = await unit.tenants.advance(tenant)
        words = Glossary(tenant, new_id(), reader, b"sealed", NOON)
        await unit.glossaries.put(words)
        assert await unit.answer_cache.standing(tenant, reader) == Standing(seq, active, words.id, is_named=False)
        with pytest.raises(NotFound):
            await unit.answer_cache.standing(new_id(), reader)


async def test_rights_are_those_of_now(kept: Kept):
    tenant, reader = kept.entry.tenant_id, new_id()
    async with kept.ledger.write() as unit:
        await unit.documents.set_readers(tenant, kept.documents[1][0].id, [reader])
        assert (await unit.answer_cache.standing(tenant, reader)).is_named
        assert not (await unit.answer_cache.standing(tenant, new_id())).is_named
    assert await kept.find() == CacheLookup(kept.entry, is_servable=False)
    assert await kept.find(readers=frozenset({tenant, reader})) == CacheLookup(kept.entry, is_servable=True)
    assert await kept.find(readers=frozenset({reader})) == CacheLookup(kept.entry, is_servable=False)


async def test_a_quarantine_withholds_it(kept: Kept):
    tenant, target = kept.entry.tenant_id, kept.documents[0][0].id
    async with kept.ledger.write() as unit:
        await unit.quarantines.add(
            Quarantine(tenant, new_id(), QuarantineKind.DOCUMENT, target, "wrong", new_id(), b"", NOON)
        )
    assert await kept.find() == CacheLookup(kept.entry, is_servable=False)


async def test_a_removed_version_takes_it_along_and_so_does_its_question(kept: Kept):
    tenant = kept.entry.tenant_id
    async with kept.ledger.write() as unit:
        await unit.answer_cache.forget_version(tenant, kept.documents[1][1].id)
    assert await kept.find() is None
    async with kept.ledger.write() as unit:
        await unit.answer_cache.put(kept.entry, [], 10)
        assert await unit.questions.delete(tenant, [kept.entry.question_id]) == 1
    assert await kept.find() is None


async def test_a_question_given_an_earlier_answer_goes_with_it(kept: Kept):
    tenant, later = kept.entry.tenant_id, question(kept.entry.tenant_id)
    async with kept.ledger.write() as unit:
        await unit.questions.add(later)
        await unit.questions.refer(tenant, later.id, kept.entry.question_id)
        referring = replace(later, state=QuestionState.ANSWERED, answered_by=kept.entry.question_id)
        assert await unit.questions.get(tenant, later.id) == referring
        await unit.questions.refer(tenant, later.id, later.id)
        assert await unit.questions.get(tenant, later.id) == referring
        assert await unit.questions.delete(tenant, [kept.entry.question_id]) == 1
        assert await unit.questions.get(tenant, later.id) is None


async def test_the_newer_answer_takes_the_place_and_is_not_dropped_for_the_older(kept: Kept):
    tenant, later = kept.entry.tenant_id, question(kept.entry.tenant_id)
    async with kept.ledger.write() as unit:
        await unit.questions.add(later)
        await unit.answer_cache.put(entry(later), [kept.documents[0][1].id], 10)
        await unit.answer_cache.drop(kept.entry)
    await kept.change(deleted_at=NOON)
    assert await kept.find() == CacheLookup(entry(later), is_servable=True)
    async with kept.ledger.write() as unit:
        await unit.answer_cache.drop(entry(later))
        assert await unit.answer_cache.find(tenant, "key", at(-1), SEQ, frozenset({tenant})) is None


async def test_equal_questions_answered_at_once_leave_the_entry_of_one_with_its_sources(ledger: Ledger):
    tenant = await add_tenant(ledger, SEQ)
    asked = [question(tenant) for _ in range(8)]
    versions = dict[Id, Id]()
    async with ledger.write() as unit:
        for each in asked:
            _, version, _ = await add_document(unit, tenant)
            versions[each.id] = version.id
            await unit.questions.add(each)

    async def finish(each: Question) -> None:
        async with ledger.write() as unit:
            await unit.answer_cache.put(entry(each), [versions[each.id]], 10)

    await asyncio.gather(*(finish(each) for each in asked))

    async def left() -> Id | None:
        async with ledger.read() as unit:
            found = await unit.answer_cache.find(tenant, "key", at(-1), SEQ, frozenset({tenant}))
        return None if found is None else found.entry.question_id

    kept = await left()
    async with ledger.write() as unit:
        for each in asked:
            if each.id != kept:
                await unit.answer_cache.forget_version(tenant, versions[each.id])
    assert kept is not None
    assert await left() == kept
    async with ledger.write() as unit:
        await unit.answer_cache.forget_version(tenant, versions[kept])
    assert await left() is None


async def test_the_least_recently_used_go_first(ledger: Ledger):
    tenant, other = await add_tenant(ledger), await add_tenant(ledger)
    asked, foreign = question(tenant), question(other)
    async with ledger.write() as unit:
        await unit.questions.add(asked)
        await unit.questions.add(foreign)
        await unit.answer_cache.put(entry(foreign), [], 3)
        for minute in range(3):
            await unit.answer_cache.put(entry(asked, f"key {minute}", used_at=at(minute)), [], 3)
        await unit.answer_cache.touch(tenant, "key 0", at(9))
        await unit.answer_cache.put(entry(asked, "key 3", used_at=at(3)), [], 3)
    async with ledger.read() as unit:
        found = [
            await unit.answer_cache.find(tenant, f"key {each}", at(-1), SEQ, frozenset({tenant})) for each in range(4)
        ]
        assert [each is not None for each in found] == [True, False, True, True]
        assert await unit.answer_cache.find(other, "key", at(-1), SEQ, frozenset({other})) is not None


async def test_the_newest_of_a_bucket_are_those_with_a_vector(ledger: Ledger):
    tenant = await add_tenant(ledger)
    asked = question(tenant)
    rows = [entry(asked, f"key {each}", created_at=at(each), sealed_vector=b"vector") for each in range(4)]
    async with ledger.write() as unit:
        await unit.questions.add(asked)
        for row in (*rows, entry(asked, "plain"), entry(asked, "elsewhere", bucket_hmac="x", sealed_vector=b"v")):
            await unit.answer_cache.put(row, [], 10)
        assert await unit.answer_cache.newest(tenant, "bucket", at(0), 2) == [rows[3], rows[2]]
        assert await unit.answer_cache.newest(tenant, "bucket", at(0), 9) == [rows[3], rows[2], rows[1]]


async def test_what_is_too_old_is_forgotten(ledger: Ledger):
    tenant = await add_tenant(ledger)
    asked = question(tenant)
    async with ledger.write() as unit:
        await unit.questions.add(asked)
        for minute in range(3):
            await unit.answer_cache.put(entry(asked, f"key {minute}", created_at=at(minute - 600)), [], 9)
    assert await expire_cached_answers(ledger, at(1 - 600)) >= 1
    async with ledger.read() as unit:
        found = [
            await unit.answer_cache.find(tenant, f"key {each}", at(-999), SEQ, frozenset({tenant})) for each in range(3)
        ]
        assert [each is not None for each in found] == [False, True, True]
        assert await unit.questions.get(tenant, asked.id) == asked
