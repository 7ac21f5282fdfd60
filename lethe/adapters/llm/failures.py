"""From a refusal of a vendor to the error that says what the chain does next."""

from datetime import datetime
from typing import Final

from lethe.adapters.llm.vendor import Refused
from lethe.adapters.vendor_errors import InputTooLong, Refusal, error_of
from lethe.errors import (
    LetheError,
    ModelBudget,
    ModelContextOverflow,
    ModelMisconfigured,
    ModelRateLimited,
    ModelUnavailable,
)

_BUDGET: Final = ("insufficient_quota", "billing_hard_limit", "billing_not_active", "credit balance is too low",
                  "billing_error", "trial key")  # fmt: skip
_FILTER: Final = ("content_filter", "content_policy_violation", "responsibleaipolicyviolation")
_PATIENCE: Final = ("rate_limit", "too many requests")
_OVERFLOW: Final = ("prompt is too long", "request_too_large", "string_above_max_length")
_PAYMENT_REQUIRED: Final = 402
_TOO_LARGE: Final = 413
_TOO_MANY: Final = 429


def failure_of(refusal: Refusal, now: datetime | None = None) -> LetheError | Refused:
    """The error to raise, by the status and the vendor's own codes. ``told`` of it is code, type and message."""
    status, told = refusal.status, refusal.told.lower()
    if status == _PAYMENT_REQUIRED or _has(told, _BUDGET, status, {400, 403, _TOO_MANY}):
        return ModelBudget(f"HTTP {status}")
    if _has(told, _FILTER, status, {400, 403, 422}):
        return Refused()
    if status == _TOO_LARGE or _has(told, _OVERFLOW, status, {400, 422}):
        return ModelContextOverflow(f"HTTP {status}")
    patience = status == _TOO_MANY or _has(told, _PATIENCE, status, {200})
    found = error_of(refusal, ModelRateLimited if patience else ModelUnavailable, ModelMisconfigured, now)
    return ModelContextOverflow(f"HTTP {status}") if isinstance(found, InputTooLong) else found


def _has(told: str, words: tuple[str, ...], status: int | None, statuses: set[int]) -> bool:
    """Only of those statuses: a vendor may quote what it was sent."""
    return status in statuses and any(word in told for word in words)
