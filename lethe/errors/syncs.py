"""Rounds of a source: what is not there, what is not waited for, and how one ends without success."""

from lethe.errors.base import FailureClass, LetheError
from lethe.errors.requests import ClientError, NotFound


class SourceNotFound(NotFound):
    code = "source_not_found"
    title = "There is no such source"


class SyncNotFound(NotFound):
    code = "sync_not_found"
    title = "There is no such round of the source"


class ScheduleNotFound(NotFound):
    code = "schedule_not_found"
    title = "There is no such schedule of this tenant"
    advice = "Give a source a schedule; what the whole installation does by schedule is paused in Temporal."


class SourceDeleting(ClientError):
    code = "source_deleting"
    status = 409
    title = "The source is being deleted"
    advice = "Register it again when it is gone."


class SyncNotWaiting(ClientError):
    code = "sync_not_waiting"
    status = 409
    title = "The round waits for no decision"
    advice = "Read its state: it goes on by itself, or has ended."


class SyncUnanswered(LetheError):
    code = "sync_unanswered"
    status = 409
    title = "Nobody decided in time what becomes of the documents that the listing lacked"
    advice = "Look at the source; the next round asks again."
    failure_class = FailureClass.PERMANENT


class SyncCancelled(LetheError):
    code = "sync_cancelled"
    status = 409
    title = "The round was cancelled"
    advice = "Order another one."
    failure_class = FailureClass.PERMANENT
