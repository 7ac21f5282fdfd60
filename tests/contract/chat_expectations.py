"""What each behaviour of the stand-in must lead to, for every vendor."""

from dataclasses import dataclass, field

import pytest

from lethe.errors import (
    LetheError,
    ModelBudget,
    ModelContextOverflow,
    ModelMisconfigured,
    ModelRateLimited,
    ModelUnavailable,
)
from lethe.ports.chat import LENGTH, REFUSAL, STOP, ChatDelta
from tests.contract.chat_providers import MODEL
from tests.servers.chat_provider import ANSWER, Vendor

FIRST_TOKEN = {"first_token_seconds": 0.3}
IDLE = {"idle_seconds": 0.3}
WHOLE = {"call_seconds": 1.0}


@dataclass(frozen=True)
class Fails:
    """``paid``: whether text came first, None where that depends on the machine."""

    error: type[LetheError]
    asked_delay: float | None = None
    paid: bool | None = False
    limits: dict[str, float] = field(default_factory=dict[str, float])


@dataclass(frozen=True)
class Answers:
    text: str | None = ANSWER
    finish: str = STOP
    is_estimated: bool = False
    model: str = MODEL


DOWN, REFUSED, CUT = Fails(ModelUnavailable), Fails(ModelMisconfigured), Fails(ModelUnavailable, paid=True)

EXPECTED: dict[str, Fails | Answers] = {
    "rate_limited": Fails(ModelRateLimited),
    "rate_limited_for_seconds": Fails(ModelRateLimited, 7.0),
    "rate_limited_for_milliseconds": Fails(ModelRateLimited, 1.5),
    "rate_limited_for_nonsense": Fails(ModelRateLimited),
    "rate_limited_until_a_date": Fails(ModelRateLimited, 30.0),
    "server_error": DOWN,
    "bad_gateway": DOWN,
    "unavailable": DOWN,
    "unavailable_for_seconds": Fails(ModelUnavailable, 3.0),
    "gateway_timeout": DOWN,
    "overloaded": DOWN,
    "request_timeout": DOWN,
    "unauthorized": REFUSED,
    "forbidden": REFUSED,
    "unknown_model": REFUSED,
    "invalid": REFUSED,
    "unprocessable": REFUSED,
    "elsewhere": REFUSED,
    "payment_required": Fails(ModelBudget),
    "out_of_quota": Fails(ModelBudget),
    "too_large": Fails(ModelContextOverflow),
    "context_length": Fails(ModelContextOverflow),
    "filtered_question": Answers("", REFUSAL, is_estimated=True),
    "hang_before_headers": Fails(ModelUnavailable, limits=FIRST_TOKEN),
    "hang_after_headers": Fails(ModelUnavailable, limits=FIRST_TOKEN),
    "hang_in_an_error": Fails(ModelUnavailable, limits=FIRST_TOKEN),
    "slow_headers": Fails(ModelUnavailable, limits=FIRST_TOKEN),
    "only_keepalives": Fails(ModelUnavailable, limits=FIRST_TOKEN),
    "closed_at_once": DOWN,
    "reset_at_once": DOWN,
    "not_http": DOWN,
    "empty_body": DOWN,
    "html_page": DOWN,
    "not_streamed": DOWN,
    "not_gzip": DOWN,
    "an_empty_stream": DOWN,
    "empty_pieces": DOWN,
    "error_first": DOWN,
    "null_first": DOWN,
    "hang_mid_stream": Fails(ModelUnavailable, paid=True, limits=IDLE),
    "slow_drip": Fails(ModelUnavailable, paid=None, limits=WHOLE),
    "cut_mid_stream": CUT,
    "reset_mid_stream": Fails(ModelUnavailable, paid=None),
    "gzip_breaks_off": Fails(ModelUnavailable, paid=None),
    "half_stream": CUT,
    "half_an_event": CUT,
    "done_without_a_finish": CUT,
    "bad_json": CUT,
    "json_of_another_shape": CUT,
    "not_utf8": CUT,
    "error_mid_stream": CUT,
    "a_line_without_end": CUT,
    "ok": Answers(),
    "length": Answers(finish=LENGTH),
    "unknown_finish": Answers(),
    "refusal": Answers("", REFUSAL),
    "filtered_mid_stream": Answers("The heron stands ", REFUSAL),
    "no_usage": Answers(is_estimated=True),
    "crlf": Answers(),
    "cr": Answers(),
    "comments": Answers(),
    "doubled_done": Answers(),
    "null_pieces": Answers(),
    "unknown_events": Answers(),
    "huge_piece": Answers(None, LENGTH, is_estimated=True),
    "endless_words": Answers(None, LENGTH, is_estimated=True),
    "other_model": Answers(model="another-model"),
    "wrong_content_type": Answers(),
    "no_blank_at_the_end": Answers(),
    "byte_by_byte": Answers(),
    "hang_after_the_end": Answers(),
    "cut_after_the_end": Answers(),
}

OTHERWISE: dict[tuple[Vendor, str], Fails | Answers] = {
    # Its errors have no codes: a mistake in the request like any.
    (Vendor.COHERE, "filtered_question"): REFUSED,
    # Cohere's reasons are a closed list with errors in it, and it does not repeat the model's name.
    (Vendor.COHERE, "unknown_finish"): CUT,
    (Vendor.COHERE, "other_model"): Answers(),
}


def expected(vendor: Vendor, name: str) -> Fails | Answers:
    return OTHERWISE.get((vendor, name)) or EXPECTED[name]


def assert_failed(error: LetheError, wanted: Fails, deltas: list[ChatDelta]) -> None:
    assert type(error) is wanted.error
    assert error.asked_delay == (wanted.asked_delay and pytest.approx(wanted.asked_delay, abs=4))
    assert all(not delta.finish_reason for delta in deltas)
    assert "heron" not in error.detail
    if isinstance(error, ModelUnavailable) and wanted.paid is not None:
        assert bool(deltas) == wanted.paid


def assert_answered(deltas: list[ChatDelta], wanted: Answers) -> None:
    *pieces, last = deltas
    text = "".join(piece.text for piece in pieces)
    assert text == wanted.text or (wanted.text is None and len(text) > 1_000)
    assert all(not piece.finish_reason for piece in pieces)
    assert (last.text, last.finish_reason, last.model) == ("", wanted.finish, wanted.model)
    assert last.is_estimated == wanted.is_estimated
    if wanted == Answers():
        assert (last.tokens_in, last.tokens_out) == (11, 7)
