"""Ledger: verdicts on answers."""

import asyncio
from datetime import timedelta

from lethe.model.answers import Provenance
from lethe.model.feedback import Feedback, FeedbackBy, FeedbackFilter, FeedbackTally, Verdict
from lethe.model.ids import Id
from lethe.ports.ledger import Ledger, PageCursor
from tests.contract.ledger_rows import NOON, add_document, add_tenant, answer, at, citation, question

PROMPTED = Provenance(None, 1, "spec", "openai", "mini", prompt_version="answer-v2")


def verdict(tenant: Id, question_id: Id, given: Verdict, minute: int = 0) -> Feedback:
    return Feedback(tenant, question_id, given, b"why", at(minute))


async def test_verdicts_are_found_and_counted(ledger: Ledger):
    tenant, other = await add_tenant(ledger), await add_tenant(ledger)
    first, second, third, foreign = question(tenant), question(tenant), question(tenant), question(other)
    async with ledger.write() as unit:
        document, _, texts = await add_document(unit, tenant, count=2)
        for each in (first, second, third, foreign):
            await unit.questions.add(each)
        # Twice the same document: one answer.
        cited = [citation(1, texts[0]), citation(2, texts[1])]
        await unit.questions.put_answer(answer(first, cited, provenance=PROMPTED))
        # The second was given the first one's answer, the third got passages.
        await unit.questions.refer(tenant, second.id, first.id)
        await unit.feedback.put(verdict(tenant, first.id, Verdict.UP))
        await unit.feedback.put(verdict(tenant, first.id, Verdict.DOWN))
        await unit.feedback.put(verdict(tenant, second.id, Verdict.UP, 1))
        await unit.feedback.put(verdict(tenant, third.id, Verdict.UP, 2))
        await unit.feedback.put(verdict(other, foreign.id, Verdict.DOWN))
    async with ledger.read() as unit:
        newest = await unit.feedback.page(tenant, FeedbackFilter(), None, 2)
        assert [each.feedback.question_id for each in newest] == [third.id, second.id]
        assert [(each.model, each.document_ids) for each in newest] == [("", ()), ("mini", (document.id,))]
        last = newest[-1].feedback
        (rest,) = await unit.feedback.page(tenant, FeedbackFilter(), PageCursor(last.created_at, last.question_id), 2)
        assert rest.feedback == verdict(tenant, first.id, Verdict.DOWN)
        assert await unit.feedback.get(tenant, first.id) == rest
        assert await unit.feedback.get(other, first.id) is None
        of_document = await unit.feedback.page(tenant, FeedbackFilter(document_id=document.id), None, 9)
        assert [each.feedback.question_id for each in of_document] == [second.id, first.id]
        wanted = FeedbackFilter(prompt_version="answer-v2", verdict=Verdict.DOWN)
        assert await unit.feedback.page(tenant, wanted, None, 9) == [rest]
        by_document = await unit.feedback.tallies(tenant, FeedbackBy.DOCUMENT, 9)
        assert by_document == [FeedbackTally(document.id, up=1, down=1)]
        by_prompt = await unit.feedback.tallies(tenant, FeedbackBy.PROMPT_VERSION, 9)
        assert by_prompt == [FeedbackTally("answer-v2", up=1, down=1)]
        assert await unit.feedback.share_up(NOON + timedelta(days=9_000)) is None
    async with ledger.write() as unit:
        await unit.questions.delete(tenant, [third.id])
        assert await unit.feedback.get(tenant, third.id) is None


async def test_of_an_erased_verdict_the_bare_vote_is_left(ledger: Ledger):
    tenant = await add_tenant(ledger)
    asked = [question(tenant) for _ in range(3)]
    async with ledger.write() as unit:
        for each, given in zip(asked, (Verdict.UP, Verdict.DOWN, Verdict.DOWN), strict=True):
            await unit.questions.add(each)
            await unit.questions.put_answer(answer(each, [], provenance=PROMPTED))
            await unit.feedback.put(verdict(tenant, each.id, given))
    for erased in ([asked[0].id], [asked[0].id, asked[1].id]):
        async with ledger.write() as unit:
            await unit.personal.forget_verdicts(tenant, erased)
            await unit.questions.delete(tenant, erased)
    async with ledger.read() as unit:
        assert [each.feedback.question_id for each in await unit.feedback.page(tenant, FeedbackFilter(), None, 9)] == [
            asked[2].id
        ]
        tallies = await unit.feedback.tallies(tenant, FeedbackBy.PROMPT_VERSION, 9)
    assert tallies == [FeedbackTally("answer-v2", up=1, down=2)]


async def test_verdicts_given_at_once_leave_one_of_them(ledger: Ledger):
    tenant = await add_tenant(ledger)
    asked = question(tenant)
    async with ledger.write() as unit:
        await unit.questions.add(asked)
    given = [verdict(tenant, asked.id, (Verdict.UP, Verdict.DOWN)[minute % 2], minute) for minute in range(8)]

    async def put(each: Feedback) -> None:
        async with ledger.write() as unit:
            await unit.feedback.put(each)

    await asyncio.gather(*(put(each) for each in given))
    async with ledger.read() as unit:
        kept = await unit.feedback.get(tenant, asked.id)
        assert len(await unit.feedback.page(tenant, FeedbackFilter(), None, 9)) == 1
    assert kept is not None
    assert kept.feedback in given
