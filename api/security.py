"""Who asks: every request is authenticated before its route is even looked up or its body read."""

import base64
import binascii
from contextlib import ExitStack
from typing import Annotated, Final

from fastapi import Depends, Request
from fastapi.security import APIKeyHeader, HTTPBearer
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from api.limits import InFlight
from lethe.errors import Forbidden, Unauthenticated
from lethe.model.principals import Caller, Role
from lethe.ports.ledger import Ledger
from lethe.privacy.credentials import secret_digest
from lethe.privacy.short_lived import ShortLived

HEALTH: Final = "/v1/health"
"""The one route that never needs a key."""
QUESTIONS: Final = "/v1/query"
DOCS: Final = ("/docs", "/openapi.json")
DOCS_ASSETS: Final = "/docs/assets/"

_REMEMBERED: Final = 1_000
_REMEMBERED_SECONDS: Final = 60.0

SCHEMES: Final = [
    Depends(APIKeyHeader(name="X-API-Key", auto_error=False)),
    Depends(HTTPBearer(auto_error=False, description="The API key as a bearer token")),
]
"""What the API page shows; the check itself is `Authentication`."""


class Authentication:
    """Lets a request pass with a valid key and puts its Caller into the request's state.

    The key is looked up every time (about a millisecond), so a revoked one stops at once. Only to be told that too many
    questions are being answered, one that was valid a minute ago is enough: whoever is refused costs those who are
    answered next to nothing.
    """

    def __init__(self, app: ASGIApp, ledger: Ledger, questions: InFlight, *, public_docs: bool) -> None:
        self.app = app
        self._ledger = ledger
        self._questions = questions
        self._public_docs = public_docs
        self._valid = ShortLived[str, bool](_REMEMBERED, _REMEMBERED_SECONDS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with ExitStack() as place:
            if scope["type"] == "http" and not self._is_public(scope["path"]):
                scope.setdefault("state", {})
                scope["state"]["caller"] = await self._caller(scope, place)
            await self.app(scope, receive, send)

    def _is_public(self, path: str) -> bool:
        return path == HEALTH or (self._public_docs and _is_docs(path))

    async def _caller(self, scope: Scope, place: ExitStack) -> Caller:
        secret = _presented(Headers(scope=scope), is_docs=_is_docs(scope["path"]))
        if not secret:
            raise Unauthenticated
        digest = secret_digest(secret)
        if (scope["method"], scope["path"]) == ("POST", QUESTIONS) and self._valid.get(digest):
            scope["state"]["route"] = QUESTIONS
            place.enter_context(self._questions.reserved())
        async with self._ledger.read() as uow:
            key = await uow.api_keys.by_secret(digest)
        if key is None:
            self._valid.pop(digest)
            raise Unauthenticated
        self._valid.put(digest, True)
        return Caller(key.tenant_id, key.principal_id, key.role, key.groups)


def _is_docs(path: str) -> bool:
    return path in DOCS or path.startswith(DOCS_ASSETS)


def _presented(headers: Headers, *, is_docs: bool) -> str | None:
    if headers.get("x-api-key"):
        return headers["x-api-key"]
    scheme, _, credentials = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return credentials.strip()
    if scheme.lower() == "basic" and is_docs:
        return _basic_password(credentials)
    return None


def _basic_password(credentials: str) -> str | None:
    """A browser cannot send a header of its own, but it asks for a password: the key, under any user name."""
    try:
        return base64.b64decode(credentials, validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return None


async def current_caller(request: Request) -> Caller:
    """The caller that `Authentication` found; without one the route is closed, whatever the middleware did."""
    caller = request.scope.get("state", {}).get("caller")
    if not isinstance(caller, Caller):
        raise Unauthenticated
    return caller


Reader = Annotated[Caller, Depends(current_caller)]


async def _at_least_writer(caller: Reader) -> Caller:
    return _with_role(caller, Role.WRITER)


async def _at_least_admin(caller: Reader) -> Caller:
    return _with_role(caller, Role.ADMIN)


async def _officer(caller: Reader) -> Caller:
    return _with_role(caller, Role.OFFICER)


def _with_role(caller: Caller, role: Role) -> Caller:
    if not caller.role.includes(role):
        raise Forbidden(f"This needs a key of role {role.value}.")
    return caller


Writer = Annotated[Caller, Depends(_at_least_writer)]
Admin = Annotated[Caller, Depends(_at_least_admin)]
Officer = Annotated[Caller, Depends(_officer)]
"""Who may erase and restrict: a key of role officer or admin."""
