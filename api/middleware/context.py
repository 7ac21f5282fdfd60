"""The request's id, its log line and its metrics."""

import logging
import re
import time
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lethe import telemetry
from lethe.model.ids import new_id

HEADER: Final = "X-Request-ID"
_VALID: Final = re.compile(r"[A-Za-z0-9._-]{1,128}")

_log = logging.getLogger("api.access")


class RequestContext:
    """Takes the sender's X-Request-ID if it is a harmless word, else makes one; every response and log line has it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = Headers(scope=scope).get(HEADER, "")
        token = telemetry.request_id.set(given if _VALID.fullmatch(given) else new_id())
        started, status = time.perf_counter(), 0

        async def with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[HEADER] = telemetry.request_id.get()
            await send(message)

        try:
            await self.app(scope, receive, with_id)
        finally:
            _record(scope, status, time.perf_counter() - started)
            telemetry.request_id.reset(token)


def _record(scope: Scope, status: int, seconds: float) -> None:
    """Never the raw path: ids and typing errors belong to the sender, and would be labels without bound."""
    route = getattr(scope.get("route"), "path", None) or scope.get("state", {}).get("route", "unmatched")
    method = scope["method"] if scope["method"] in {"GET", "POST", "PATCH", "DELETE", "HEAD", "PUT"} else "other"
    telemetry.HTTP_REQUESTS.labels(method, route, str(status)).inc()
    telemetry.HTTP_DURATION.labels(route).observe(seconds)
    _log.info("request", extra={"method": method, "route": route, "status": status, "ms": round(seconds * 1000, 1)})
