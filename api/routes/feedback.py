"""Thumbs up and down: given by whoever asked, read by the tenant's admins."""

from typing import Annotated, Final

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel

from api.dependencies import IdempotencyKey, ServicesDep
from api.idempotency import Attempt, tell_replay
from api.schemas.base import Page
from api.schemas.feedback import FeedbackIn, FeedbackOut, FeedbackQuery, TalliesOut, TallyOut, TallyQuery
from api.security import Admin, Reader
from api.services import Services
from lethe.errors import QuestionNotFound
from lethe.model.feedback import Feedback, FeedbackFilter, RatedAnswer
from lethe.model.ids import Id
from lethe.model.principals import Caller
from lethe.privacy.erasure.needles import standing_needles
from lethe.privacy.sealing import Purpose, seal_text, unseal_text

router = APIRouter(prefix="/v1/feedback", tags=["questions"])

_MOST_TALLIES: Final = 200


class _Given(BaseModel):
    query_id: Id


@router.post("", status_code=201)
async def give_feedback(
    given: FeedbackIn, response: Response, caller: Reader, services: ServicesDep, idempotency_key: IdempotencyKey = None
) -> FeedbackOut:
    """Judge the answer to a question of one's own; a later verdict takes the place of an earlier one."""

    async def perform() -> _Given:
        await _keep(services, caller, given)
        return _Given(query_id=given.query_id)

    attempt = Attempt(caller, idempotency_key, ("feedback", given.model_dump_json()), 201)
    _, is_repeated = await services.idempotency.once(attempt, _Given, perform)
    tell_replay(response, is_repeated=is_repeated)
    async with services.ledger.read() as uow:
        rated = await uow.feedback.get(caller.tenant_id, given.query_id)
    if rated is None:
        raise QuestionNotFound
    return (await _shown(services, caller, [rated]))[0]


@router.get("")
async def list_feedback(
    caller: Admin, services: ServicesDep, query: Annotated[FeedbackQuery, Query()]
) -> Page[FeedbackOut]:
    """Verdicts with their reasons, newest first."""
    wanted = FeedbackFilter(query.document_id, query.prompt_version, query.verdict)
    listing = f"feedback:{query.document_id or ''}:{query.prompt_version or ''}:{query.verdict or ''}"
    after = await services.cursors.position(caller.tenant_id, listing, query.cursor)
    async with services.ledger.read() as uow:
        found = await uow.feedback.page(caller.tenant_id, wanted, after, query.limit + 1)
    shown = found[: query.limit]
    cursor = None
    if len(found) > query.limit:
        last = shown[-1].feedback
        cursor = await services.cursors.after(caller.tenant_id, listing, last.created_at, last.question_id)
    return Page(items=await _shown(services, caller, shown), next_cursor=cursor)


@router.get("/summary")
async def summarise_feedback(caller: Admin, services: ServicesDep, query: Annotated[TallyQuery, Query()]) -> TalliesOut:
    """Verdicts counted by document or by version of the prompt."""
    async with services.ledger.read() as uow:
        tallies = await uow.feedback.tallies(caller.tenant_id, query.by, _MOST_TALLIES)
    return TalliesOut(items=[TallyOut.model_validate(tally) for tally in tallies])


async def _keep(services: Services, caller: Caller, given: FeedbackIn) -> None:
    """The key first: for a question that was given another's answer it is the first of its own."""
    async with services.ledger.read() as uow:
        question = await uow.questions.get(caller.tenant_id, given.query_id)
    if question is None or question.principal_id != caller.principal_id:
        raise QuestionNotFound
    sealed = None
    if given.reason is not None:
        key = await services.keyring.create(caller.tenant_id, given.query_id)
        sealed = seal_text(key, Purpose.FEEDBACK, given.reason)
    feedback = Feedback(caller.tenant_id, given.query_id, given.verdict, sealed, services.clock.now())
    async with services.ledger.write() as uow:
        if await uow.questions.get(caller.tenant_id, given.query_id) is None:
            raise QuestionNotFound
        await uow.feedback.put(feedback)


async def _shown(services: Services, caller: Caller, rated: list[RatedAnswer]) -> list[FeedbackOut]:
    """A reason whose key was destroyed is gone; the verdict still counts."""
    sealed = {each.feedback.question_id: each.feedback.sealed_reason for each in rated if each.feedback.sealed_reason}
    keys = await services.keyring.get_many(caller.tenant_id, list(sealed))
    reasons = {
        question_id: unseal_text(keys[question_id], Purpose.FEEDBACK, reason)
        for question_id, reason in sealed.items()
        if question_id in keys
    }
    needles = await standing_needles(services.ledger, services.keyring, caller.tenant_id)
    reasons = {question_id: reason for question_id, reason in reasons.items() if not needles.hides(reason)}
    return [
        FeedbackOut(
            query_id=each.feedback.question_id,
            verdict=each.feedback.verdict,
            reason=reasons.get(each.feedback.question_id),
            created_at=each.feedback.created_at,
            provider=each.provider,
            model=each.model,
            prompt_version=each.prompt_version,
            document_ids=list(each.document_ids),
        )
        for each in rated
    ]
