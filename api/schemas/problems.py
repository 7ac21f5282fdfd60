"""Errors on the wire (RFC 9457)."""

from pydantic import BaseModel


class FieldProblem(BaseModel):
    """One field and what it takes."""

    field: str
    message: str


class Problem(BaseModel):
    """An error. ``code`` is stable and never reused; decide by it, not by the text."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    advice: str
    request_id: str
    errors: list[FieldProblem] | None = None
