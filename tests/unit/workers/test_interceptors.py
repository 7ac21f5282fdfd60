"""Across the activity boundary only the code goes; the real cause goes to the journal."""

from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from temporalio import activity
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput

from activities.answering import AnsweringActivities
from lethe.contracts.ingestion import EmbedBatch, VersionRef
from lethe.errors import EmbedderUnavailable, EncryptedDocument, IndexUnavailable, LetheError, ParserCrashed, Place
from lethe.model.ids import new_id
from lethe.settings import TestingSettings as FaultSettings
from workers.failpoints import Failpoint
from workers.interceptors import PAID, ActivityGuard

REF = VersionRef(tenant_id=new_id(), version_id=new_id())


@dataclass
class Journal:
    noted: list[tuple[VersionRef, str, str, int]] = field(default_factory=list[tuple[VersionRef, str, str, int]])
    places: list[Place | None] = field(default_factory=list[Place | None])

    async def note(self, ref: VersionRef, step: str, error: BaseException, attempt: int, place: Place | None) -> None:
        self.noted.append((ref, step, str(error), attempt))
        self.places.append(place)


class Failing(ActivityInboundInterceptor):
    def __init__(self, error: Exception) -> None:
        self._error = error

    async def execute_activity(self, input: ExecuteActivityInput) -> object:
        raise self._error


async def run(
    error: Exception, value: object, journal: Journal, attempt: int = 1, name: str = "unknown"
) -> ApplicationError:
    guard = ActivityGuard(Failpoint.from_settings(FaultSettings()), journal)  # pyright: ignore[reportArgumentType]
    guarded = guard.intercept_activity(Failing(error))

    async def body() -> None:
        await guarded.execute_activity(ExecuteActivityInput(fn=body, args=[value], executor=None, headers={}))

    environment = ActivityEnvironment()
    environment.info = replace(environment.info, attempt=attempt, activity_type=name)
    with pytest.raises(ApplicationError) as raised:
        await environment.run(activity.defn(body))
    return raised.value


@pytest.mark.parametrize(
    ("error", "code", "final"),
    [
        (EncryptedDocument("budget of Jane Roe.docx"), "encrypted_document", True),
        (IndexUnavailable("http://10.0.0.7 refused"), "index_unavailable", False),
        (KeyError("jane@example.org"), LetheError.code, False),
    ],
)
async def test_a_failure_is_told_by_its_code_only(error: Exception, code: str, final: bool) -> None:
    journal = Journal()
    told = await run(error, REF, journal)
    assert (told.type, told.message, told.non_retryable) == (code, code, final)
    assert told.__cause__ is None
    assert told.__suppress_context__
    assert [(ref, text) for ref, _, text, _ in journal.noted] == [(REF, str(error))]


@pytest.mark.parametrize(("asked", "delay"), [(7.5, timedelta(seconds=7.5)), (None, None)])
async def test_only_a_wait_that_was_asked_for_replaces_the_policys(asked: float | None, delay: timedelta | None):
    told = await run(EmbedderUnavailable(asked_delay=asked), REF, Journal())
    assert told.next_retry_delay == delay


async def test_a_batch_is_noted_for_its_version() -> None:
    journal = Journal()
    await run(IndexUnavailable(), EmbedBatch(version=REF, start=0, stop=64), journal)
    assert journal.noted[0][0] == REF
    assert journal.places == [Place(first_chunk=0, last_chunk=63)]


async def test_a_parser_that_died_once_may_try_again() -> None:
    assert not (await run(ParserCrashed(), REF, Journal(), attempt=1)).non_retryable
    assert (await run(ParserCrashed(), REF, Journal(), attempt=2)).non_retryable


@pytest.mark.parametrize("error", [IndexUnavailable(), KeyError("unexpected"), ParserCrashed()])
async def test_what_was_paid_for_is_not_tried_again(error: Exception) -> None:
    for name in PAID:
        assert hasattr(AnsweringActivities, name)
        assert (await run(error, REF, Journal(), name=name)).non_retryable
