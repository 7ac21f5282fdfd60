"""The trace of a question: sealed under its key, since rewritten questions are words of a person."""

from typing import Final

from pydantic import TypeAdapter

from lethe.model.ids import Id
from lethe.model.traces import Trace
from lethe.privacy.sealing import Purpose, seal, unseal
from lethe.privacy.short_lived import ShortLived

_TRACE: Final = TypeAdapter(Trace)
_MOST: Final = 1_000


def seal_trace(key: bytes, trace: Trace) -> bytes:
    """The trace under the question's data key."""
    return seal(key, Purpose.TRACE, _TRACE.dump_json(trace))


def open_trace(key: bytes, sealed: bytes) -> Trace:
    """What ``seal_trace`` made. Raises SealBroken."""
    return _TRACE.validate_json(unseal(key, Purpose.TRACE, sealed))


class Traces:
    """Traces between the step that searches and the step that first writes, which spares a commit.

    A workflow's history may not carry them. Where the steps run in two processes (one died), the trace is lost.
    """

    def __init__(self) -> None:
        self._kept = ShortLived[Id, Trace](_MOST)

    def keep(self, question_id: Id, trace: Trace) -> None:
        """Until it is forgotten, too old, or too many newer ones are kept."""
        self._kept.put(question_id, trace)

    def get(self, question_id: Id) -> Trace | None:
        """For an attempt that may be repeated."""
        return self._kept.get(question_id)

    def forget(self, question_id: Id) -> None:
        """Once it is stored for good."""
        self._kept.pop(question_id)
