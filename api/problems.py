"""Every error as problem+json (RFC 9457), by one function."""

import logging
import math
from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from api.schemas.problems import FieldProblem, Problem
from lethe import telemetry
from lethe.errors import (
    ClientError,
    InvalidRequest,
    LetheError,
    MalformedJson,
    MethodNotAllowed,
    NotFound,
    PayloadTooLarge,
    Unauthenticated,
    UnknownField,
    UnsupportedMediaType,
)

MEDIA_TYPE: Final = "application/problem+json"

_BY_STATUS: Final[Mapping[int, type[LetheError]]] = {
    400: MalformedJson,
    404: NotFound,
    405: MethodNotAllowed,
    413: PayloadTooLarge,
    415: UnsupportedMediaType,
}

_log = logging.getLogger(__name__)


class Problems:
    """Renders errors. ``docs_url`` is the prefix of every `type`."""

    def __init__(self, docs_url: str) -> None:
        self._docs_url = docs_url

    def response(self, error: Exception) -> Response:
        """The response that tells of an error; one that nobody raised on purpose says nothing but that it happened."""
        known, fields, headers = _known(error)
        if known.retry_after is not None:
            headers["Retry-After"] = str(math.ceil(known.retry_after))
        if isinstance(known, Unauthenticated):
            headers["WWW-Authenticate"] = 'Bearer, Basic realm="the API key is the password"'
        return Response(self._body(known, fields), known.status, headers, MEDIA_TYPE)

    def body(self, error: Exception) -> str:
        """The same problem where a response has begun already."""
        known, fields, _ = _known(error)
        return self._body(known, fields)

    async def handle(self, _: Request, error: Exception) -> Response:
        """`response`, in the form FastAPI calls."""
        return self.response(error)

    def _body(self, error: LetheError, fields: list[FieldProblem]) -> str:
        return Problem(
            type=self._docs_url + error.code,
            title=error.title,
            status=error.status,
            detail=_told(error.detail),
            code=error.code,
            advice=error.advice,
            request_id=telemetry.request_id.get(),
            errors=fields or None,
        ).model_dump_json(exclude_none=True)


def _known(error: Exception) -> tuple[LetheError, list[FieldProblem], dict[str, str]]:
    """The error of our tree, what is wrong with which field, and headers. It is counted."""
    fields: list[FieldProblem] = []
    headers: dict[str, str] = {}
    if isinstance(error, RequestValidationError):
        fields, known = _of_validation(error)
    elif isinstance(error, HTTPException):
        headers |= error.headers or {}
        known = _of_framework(error)
    elif isinstance(error, LetheError):
        known = error
    else:
        _log.error("unexpected", exc_info=error, extra={"code": LetheError.code})
        known = LetheError()
    telemetry.ERRORS.labels(known.code).inc()
    return known, fields, headers


def _of_framework(error: HTTPException) -> LetheError:
    # FastAPI wraps whatever reading a JSON body raises; ours carry the true cause.
    if isinstance(error.__cause__, LetheError):
        return error.__cause__
    kind = _BY_STATUS.get(error.status_code, ClientError if error.status_code < 500 else LetheError)
    return kind("There is no such route.") if kind is NotFound else kind()


def _of_validation(error: RequestValidationError) -> tuple[list[FieldProblem], LetheError]:
    found = cast("Sequence[Mapping[str, Any]]", error.errors())
    kinds = {item["type"] for item in found}
    fields = [FieldProblem(field=_told(_path(item["loc"])), message=_told(item["msg"])) for item in found]
    if "json_invalid" in kinds:
        return [], MalformedJson()
    if any(tuple(item["loc"]) == ("body",) and isinstance(item.get("input"), bytes) for item in found):
        return [], UnsupportedMediaType("This route takes application/json.")
    names = ", ".join(sorted({field.field for field in fields}))
    if "extra_forbidden" in kinds:
        return fields, UnknownField(f"See errors: {names}.")
    return fields, InvalidRequest(f"See errors: {names}.")


def _told(text: str) -> str:
    """As text: a name that was sent may hold a lone surrogate, which no response can."""
    return text.encode(errors="backslashreplace").decode()


def _path(location: Sequence[str | int]) -> str:
    """`subjects.0.kind`; what part of the request it is in matters only outside the body."""
    parts = location[1:] if location and location[0] == "body" and len(location) > 1 else location
    return ".".join(str(part) for part in parts)
