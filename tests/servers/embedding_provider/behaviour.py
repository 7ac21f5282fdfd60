"""What the stand-in can be told to do, and what it remembers of each request."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict


class Kind(StrEnum):
    OK = "ok"
    STATUS = "status"
    """``status`` with a JSON error as the vendor words it; ``retry_after`` goes into the header as it is."""
    RETRY_AFTER_DATE = "retry_after_date"
    """429, to be tried again ``seconds`` from now, as an HTTP date."""
    BAD_GATEWAY = "bad_gateway"
    """502 with a page of HTML."""
    PAGE = "page"
    """200 with a page of HTML."""
    HANG = "hang"
    """No answer for ``seconds``, then the connection ends."""
    CUT = "cut"
    """Half of the body, then the connection ends."""
    DRIP = "drip"
    """A few bytes every 0.1 s, for ``seconds``."""
    CONTEXT_LENGTH = "context_length"
    """400: a text is too long for the model."""
    CHANGED = "changed"
    """The vectors of another model of as many dimensions."""
    WRONG_DIMS = "wrong_dims"
    NOT_A_NUMBER = "not_a_number"
    ZERO = "zero"
    """One vector is all zeros."""
    SHORT = "short"
    """The last vector is missing."""
    REORDERED = "reordered"
    """Every vector is there with its own index, the last one first (Cohere has no index: nothing changes)."""
    REPEATED = "repeated"
    """Two vectors carry the same index (Cohere: nothing changes)."""


class Behaviour(BaseModel):
    """What to do with one request."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Kind = Kind.OK
    status: int = 500
    retry_after: str = ""
    seconds: float = 1.0


class Script(BaseModel):
    """``first`` are for the next requests, one each; ``then`` for all that follow."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    first: list[Behaviour] = []
    then: Behaviour = Behaviour()


class Seen(BaseModel):
    """A request as it arrived. ``at`` is a monotonic time in seconds; ``did`` how it was answered."""

    model_config = ConfigDict(frozen=True)

    at: float
    path: str
    model: str
    inputs: list[str]
    input_type: str = ""
    dimensions: int | None = None
    authorized_by: str = ""
    did: Kind
