"""The trace of a question: sealed under its key, since rewritten questions are words of a person."""

from typing import Final

from pydantic import TypeAdapter

from lethe.model.traces import Trace
from lethe.privacy.sealing import Purpose, seal, unseal

_TRACE: Final = TypeAdapter(Trace)


def seal_trace(key: bytes, trace: Trace) -> bytes:
    """The trace under the question's data key."""
    return seal(key, Purpose.TRACE, _TRACE.dump_json(trace))


def open_trace(key: bytes, sealed: bytes) -> Trace:
    """What ``seal_trace`` made. Raises SealBroken."""
    return _TRACE.validate_json(unseal(key, Purpose.TRACE, sealed))
