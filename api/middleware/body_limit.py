"""How large a body may be, decided before it is read where the sender says its length, else while it streams."""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lethe.errors import PayloadTooLarge

FORM_OVERHEAD = 256 * 1024
"""Room for a form's fields and boundaries beside its file."""

BULK = "/v1/ingestions"
"""Below this path a form may hold many documents."""


class BodyLimit:
    """Multipart bodies are streamed and may hold a document; every other body is held in memory and must be small."""

    def __init__(self, app: ASGIApp, document_bytes: int, json_bytes: int, bulk_bytes: int) -> None:
        self.app = app
        self._bulk_bytes = bulk_bytes
        self._document_bytes = document_bytes
        self._json_bytes = json_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        is_form = headers.get("content-type", "").startswith("multipart/form-data")
        form_bytes = self._bulk_bytes if scope["path"].startswith(BULK) else self._document_bytes
        limit = form_bytes + FORM_OVERHEAD if is_form else self._json_bytes
        advice = "" if is_form else " Send a longer text as multipart/form-data."
        too_large = f"The body has more than {limit} bytes.{advice}"
        length = headers.get("content-length", "")
        if length.isdigit() and int(length) > limit:
            raise PayloadTooLarge(too_large)
        size = 0

        async def counted() -> Message:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            if size > limit:
                raise PayloadTooLarge(too_large)
            return message

        await self.app(scope, counted, send)
