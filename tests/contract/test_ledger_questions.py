"""Ledger: questions, answers, citations."""

from dataclasses import replace

from lethe.model.answers import AnswerMode, Provenance, QuestionState
from lethe.model.ids import new_id
from lethe.ports.ledger import Ledger
from tests.contract.ledger_rows import add_document, add_tenant, answer, at, citation, question


async def test_a_question_is_read_back_as_written(ledger: Ledger):
    tenant, other = await add_tenant(ledger), await add_tenant(ledger)
    one, two = question(tenant), question(tenant)
    async with ledger.write() as unit:
        await unit.questions.add(one)
        await unit.questions.add(two)
        await unit.questions.set_state(tenant, one.id, QuestionState.FAILED)
        await unit.questions.set_state(other, two.id, QuestionState.FAILED)
    async with ledger.read() as unit:
        assert await unit.questions.get(tenant, one.id) == replace(one, state=QuestionState.FAILED)
        assert await unit.questions.get(tenant, two.id) == two
        assert await unit.questions.get(other, one.id) is None


async def test_old_questions_without_an_answer_are_closed(ledger: Ledger):
    tenant = await add_tenant(ledger)
    # Earlier than what other tests leave there.
    asked = [question(tenant, state=state, created_at=at(-9_000)) for state in QuestionState]
    late = question(tenant, created_at=at(-8_998))
    async with ledger.write() as unit:
        for each in (*asked, late):
            await unit.questions.add(each)
        assert await unit.questions.close_unanswered(at(-8_999)) == 2
    async with ledger.read() as unit:
        found = [await unit.questions.get(tenant, each.id) for each in (*asked, late)]
    assert [each.state.value for each in found if each] == ["failed", "failed", "answered", "failed", "asked"]


async def test_an_answer_is_read_back_with_its_citations_in_order(ledger: Ledger):
    tenant, other = await add_tenant(ledger), await add_tenant(ledger)
    one = question(tenant)
    async with ledger.write() as unit:
        *_, texts = await add_document(unit, tenant, count=3)
        await unit.questions.add(one)
        assert await unit.questions.answer(tenant, one.id) is None
        given = answer(one, [citation(number, text) for number, text in enumerate(texts, 1)])
        await unit.questions.put_answer(replace(given, citations=given.citations[::-1]))
    async with ledger.read() as unit:
        assert await unit.questions.answer(tenant, one.id) == given
        assert await unit.questions.answer(other, one.id) is None


async def test_the_final_answer_replaces_the_draft(ledger: Ledger):
    tenant = await add_tenant(ledger)
    one = question(tenant)
    async with ledger.write() as unit:
        *_, texts = await add_document(unit, tenant, count=3)
        await unit.questions.add(one)
        await unit.questions.put_answer(answer(one, [citation(number, texts[number]) for number in (1, 2)]))
        provenance = Provenance(
            None, 4, "spec", "openai", "model", "fp_1", "prompt-2", 900, 80, 1234, "EUR",
            {"embed": 3.0, "search": 5.25},
            "complex: compares", ("openai:model answered",), True, {"llm": 1234}, 700, 300, 1, 2, 0.75,
        )  # fmt: skip
        final = answer(
            one, [citation(1, texts[0])], mode=AnswerMode.NO_ANSWER, is_degraded=False, degraded_reasons=(),
            provenance=provenance, is_final=True, created_at=at(1), sealed_body=b"final", sealed_trace=b"trace",
        )  # fmt: skip
        await unit.questions.put_answer(final)
        assert await unit.questions.answer(tenant, one.id) == final


async def test_questions_are_found_by_the_document_they_cite_also_after_its_version_is_gone(ledger: Ledger):
    tenant, other = await add_tenant(ledger), await add_tenant(ledger)
    asked = [question(tenant) for _ in range(3)]
    async with ledger.write() as unit:
        _, one, first = await add_document(unit, tenant, count=2)
        _, two, second = await add_document(unit, tenant, count=1)
        for row, cited in zip(asked, (first, second, []), strict=True):
            await unit.questions.add(row)
            await unit.questions.put_answer(answer(row, [citation(n, text) for n, text in enumerate(cited, 1)]))
        assert await unit.questions.citing(tenant, one.document_id) == [asked[0].id]
        assert await unit.questions.citing(tenant, new_id()) == []
        assert await unit.questions.citing(other, one.document_id) == []
        await unit.versions.delete(tenant, two.id)
        assert await unit.questions.citing(tenant, two.document_id) == [asked[1].id]


async def test_questions_that_were_given_an_answer_are_found_by_what_it_cites(ledger: Ledger):
    tenant = await add_tenant(ledger)
    leader, follower, other = (question(tenant) for _ in range(3))
    async with ledger.write() as unit:
        _, version, texts = await add_document(unit, tenant, count=1)
        for row in (leader, follower, other):
            await unit.questions.add(row)
        await unit.questions.put_answer(answer(leader, [citation(1, texts[0])]))
        await unit.questions.refer(tenant, follower.id, leader.id)
        assert await unit.questions.citing(tenant, version.document_id) == sorted([leader.id, follower.id])


async def test_an_answer_is_kept_after_what_it_cites_is_gone(ledger: Ledger):
    tenant = await add_tenant(ledger)
    one = question(tenant)
    async with ledger.write() as unit:
        _, version, texts = await add_document(unit, tenant, count=1)
        await unit.questions.add(one)
        given = answer(one, [citation(1, texts[0])])
        await unit.questions.put_answer(given)
        await unit.versions.delete(tenant, version.id)
        assert await unit.questions.answer(tenant, one.id) == given


async def test_a_question_takes_its_answer_along(ledger: Ledger):
    tenant, other = await add_tenant(ledger), await add_tenant(ledger)
    asked = [question(tenant) for _ in range(3)]
    async with ledger.write() as unit:
        _, version, texts = await add_document(unit, tenant, count=1)
        for row in asked:
            await unit.questions.add(row)
            await unit.questions.put_answer(answer(row, [citation(1, texts[0])]))
        assert await unit.questions.delete(other, [asked[0].id]) == 0
        assert await unit.questions.delete(tenant, [asked[0].id, asked[1].id, new_id()]) == 2
        assert await unit.questions.delete(tenant, []) == 0
        assert await unit.questions.answer(tenant, asked[0].id) is None
        assert await unit.questions.citing(tenant, version.document_id) == [asked[2].id]
