"""How questions end in this process."""

import asyncio

from api.endings import Endings
from lethe.contracts.answering import AnswerOutcome
from lethe.model.answers import AnswerMode
from lethe.model.ids import new_id

OUTCOME = AnswerOutcome(mode=AnswerMode.EXTRACTIVE, citations=1, is_degraded=False)


async def test_what_a_step_tells_is_heard_by_everybody_who_waits_for_it() -> None:
    endings, question = Endings(), new_id()
    with endings.of(question) as first, endings.of(question) as second:
        endings.tell(new_id(), OUTCOME)
        assert not (await first.told()).done()
        endings.tell(question, OUTCOME)
        endings.tell(question, OUTCOME)  # a step that is made again
        told = await asyncio.gather(first.told(), second.told())
        assert [each.result() for each in told] == [OUTCOME, OUTCOME]


async def test_what_nobody_waits_for_is_not_kept() -> None:
    endings, question = Endings(), new_id()
    endings.tell(question, OUTCOME)
    with endings.of(question) as ending:
        assert not (await ending.told()).done()
    endings.tell(question, OUTCOME)
    assert not (await ending.told()).done()
