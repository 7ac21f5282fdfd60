"""Fetching pages from addresses that strangers chose. Each hop of a redirect is judged like the address itself."""

import asyncio
import base64
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Final, cast
from urllib.parse import urljoin

import httpx

from lethe.adapters.outside_http import (
    AddressInside,
    checked_number,
    outside_client,
    pinned_request,
)
from lethe.adapters.sources.credentials import may_be_shown
from lethe.errors import (
    SourceAccessDenied,
    SourceAddressRefused,
    SourceMissing,
    SourceTimedOut,
    SourceUnavailable,
)
from lethe.model.web_addresses import UnfitAddress, WebAddress, web_address
from lethe.settings import SourceCredentials, SourceSettings

_REDIRECTS: Final = 5
_DENIED: Final = (401, 403, 407)
_GONE: Final = (404, 410)
_PIECE_BYTES: Final = 256 * 1024


@dataclass(frozen=True, slots=True)
class Page:
    """An answer whose body is still to come. ``address`` is where it was found in the end."""

    address: WebAddress
    status: int
    headers: httpx.Headers
    pieces: AsyncGenerator[bytes] = field(repr=False)

    @property
    def is_missing(self) -> bool:
        return self.status in _GONE

    def refuse_failed(self) -> None:
        """Raises SourceAccessDenied, SourceMissing, SourceUnavailable for a status that is not 2xx."""
        if self.status in _DENIED:
            raise SourceAccessDenied(f"A page answered {self.status}.")
        if self.is_missing:
            raise SourceMissing(f"A page answered {self.status}.")
        if not 200 <= self.status < 300:
            raise SourceUnavailable(f"A page answered {self.status}.", asked_delay=_seconds(self.headers))


class Fetcher:
    """Requests for one tenant's source. Credentials go to addresses they are for, and to no redirect elsewhere."""

    def __init__(
        self,
        settings: SourceSettings,
        tenant_id: str,
        credentials: SourceCredentials | None = None,
    ) -> None:
        self._settings: Final = settings
        self._tenant_id: Final = tenant_id
        self._credentials: Final = credentials
        self._clients: Final[dict[str, httpx.AsyncClient]] = {}

    def address(self, url: str) -> WebAddress:
        """Raises SourceAddressRefused."""
        try:
            return web_address(url, private_hosts=self._settings.private_hosts)
        except UnfitAddress as error:
            raise SourceAddressRefused(f"A page's address is refused: {error}.") from error

    async def number(self, address: WebAddress) -> str:
        """The number that may be connected to. Raises SourceAddressRefused, SourceUnavailable."""
        is_private = address.host in self._settings.private_hosts
        try:
            return await checked_number(address, may_be_inside=is_private)
        except AddressInside as error:
            raise SourceAddressRefused("A page's name leads to an address that is not public.") from error
        except OSError as error:
            raise SourceUnavailable from error

    def authorization(self, address: WebAddress) -> str:
        """The header for that address; "" where there are no credentials for it."""
        credentials = self._credentials
        if credentials is None or not may_be_shown(credentials, str(address), self._tenant_id):
            return ""
        if credentials.username:
            pair = f"{credentials.username}:{credentials.password.get_secret_value()}"
            return f"Basic {base64.b64encode(pair.encode()).decode()}"
        token = credentials.token.get_secret_value()
        return f"Bearer {token}" if token else ""

    @asynccontextmanager
    async def fetch(self, method: str, url: str, headers: Mapping[str, str] | None = None) -> AsyncGenerator[Page]:
        """Raises SourceAddressRefused, SourceTimedOut, SourceUnavailable; a status that is no redirect is no error."""
        ends = time.monotonic() + self._settings.page_seconds
        with _told():
            async with asyncio.timeout(self._settings.request_seconds):
                response, address = await self._answer(method, url, headers or {})
        try:
            yield Page(address, response.status_code, response.headers, self._pieces(response, ends))
        finally:
            await response.aclose()

    async def close(self) -> None:
        for client in self._clients.values():
            await client.aclose()

    async def _answer(self, method: str, url: str, headers: Mapping[str, str]) -> tuple[httpx.Response, WebAddress]:
        """The first answer that is no redirect."""
        for _ in range(_REDIRECTS + 1):
            address = self.address(url)
            response = await self._sent(method, address, headers)
            location = response.headers.get("location", "") if response.is_redirect else ""
            if not location:
                return response, address
            await response.aclose()
            url = urljoin(str(address), location).partition("#")[0]
        raise SourceUnavailable(f"A page redirects more than {_REDIRECTS} times.")

    async def _sent(self, method: str, address: WebAddress, headers: Mapping[str, str]) -> httpx.Response:
        number = await self.number(address)
        said = {**headers, "user-agent": f"{self._settings.robots_agent}-sources", "accept-encoding": "identity"}
        if authorization := self.authorization(address):
            said["authorization"] = authorization
        client = self._client(address)
        return await client.send(pinned_request(client, method, address, number, said), stream=True)

    def _client(self, address: WebAddress) -> httpx.AsyncClient:
        """The first host's keeps its connections; a redirect's host may be any, so it gets a client that keeps none."""
        host = address.host if not self._clients or address.host in self._clients else ""
        if host not in self._clients:
            keepalive = self._settings.web_requests if host else 0
            self._clients[host] = outside_client(self._settings.request_seconds, keepalive)
        return self._clients[host]

    async def _pieces(self, response: httpx.Response, ends: float) -> AsyncGenerator[bytes]:
        with _told():
            async with aclosing(cast("AsyncGenerator[bytes]", response.aiter_bytes(_PIECE_BYTES))) as pieces:
                while True:
                    left = min(ends - time.monotonic(), self._settings.request_seconds)
                    async with asyncio.timeout(left):
                        piece = await anext(pieces, None)
                    if piece is None:
                        return
                    yield piece


class _told:  # noqa: N801 - reads as a sentence
    """What the network says, in the port's errors. A class: a generator may not be left while it is suspended."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, TimeoutError | httpx.TimeoutException):
            raise SourceTimedOut from error
        if isinstance(error, OSError | httpx.HTTPError | httpx.InvalidURL | httpx.StreamError):
            raise SourceUnavailable from error


def _seconds(headers: httpx.Headers) -> float | None:
    with suppress(ValueError):
        return max(0.0, float(headers.get("retry-after", "")))
    return None
