"""Sending to addresses that strangers chose."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress

import httpx

from lethe.adapters.outside_http import AddressInside, checked_number, outside_client, pinned_request
from lethe.errors import WebhookAddressRefused, WebhookTimedOut, WebhookUnreachable
from lethe.model.web_addresses import UnfitAddress, web_address
from lethe.ports.webhooks import Reply
from lethe.settings import WebhookSettings


class HttpSender:
    """The `WebhookSender` port. The name is resolved here, once; the connection goes to the number that came out."""

    def __init__(self, settings: WebhookSettings) -> None:
        self._settings = settings
        self._http = outside_client(settings.timeout_seconds)

    async def send(self, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        inside = self._settings.allow_private
        try:
            async with asyncio.timeout(self._settings.timeout_seconds):
                address = web_address(url, any_host=inside)
                number = await checked_number(address, may_be_inside=inside)
                said = {**headers, "user-agent": "lethe-webhooks"}
                request = pinned_request(self._http, "POST", address, number, said, body)
                response = await self._http.send(request, stream=True)
                await response.aclose()
        except (UnfitAddress, AddressInside) as error:
            raise WebhookAddressRefused from error
        except (TimeoutError, httpx.TimeoutException) as error:
            raise WebhookTimedOut from error
        except (OSError, httpx.HTTPError, httpx.InvalidURL) as error:
            raise WebhookUnreachable from error
        return Reply(response.status_code, _seconds(response.headers.get("retry-after", "")))

    async def close(self) -> None:
        await self._http.aclose()


def _seconds(text: str) -> float | None:
    with suppress(ValueError):
        return max(0.0, float(text))
    return None
