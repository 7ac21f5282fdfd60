"""Cursors of lists: opaque to the caller, and signed, so that only what this API issued is taken back."""

import base64
import binascii
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from lethe.errors import InvalidCursor
from lethe.model.ids import Id, is_id
from lethe.ports.keyring import KeyRing, SecretPurpose
from lethe.ports.ledger import PageCursor
from lethe.privacy.digests import keyed_digest

_MAC_BYTES = 32
_MAX_CHARACTERS = 500


class Row(Protocol):
    """What a list is in the order of."""

    @property
    def created_at(self) -> datetime: ...

    @property
    def id(self) -> Id: ...


@dataclass(frozen=True, slots=True)
class Cursors:
    """base64url(HMAC-SHA-256 + JSON). The MAC covers the list's name and filters: one list's cursor is no other's."""

    keyring: KeyRing

    async def position(self, tenant_id: Id, listing: str, cursor: str | None) -> PageCursor | None:
        """Where a (created_at, id) list goes on. Raises InvalidCursor."""
        if cursor is None:
            return None
        match await self._open(tenant_id, listing, cursor):
            case [str(at), str(row_id)] if is_id(row_id):
                return PageCursor(datetime.fromisoformat(at), row_id)
            case _:
                raise InvalidCursor

    async def after(self, tenant_id: Id, listing: str, created_at: datetime, row_id: Id) -> str:
        """The cursor behind a row."""
        return await self._seal(tenant_id, listing, [created_at.isoformat(), row_id])

    async def behind(self, tenant_id: Id, listing: str, found: Sequence[Row], limit: int) -> str | None:
        """The cursor behind the first ``limit`` rows, of which one more was looked for; None: there is no more."""
        if len(found) <= limit:
            return None
        last = found[limit - 1]
        return await self.after(tenant_id, listing, last.created_at, last.id)

    async def number(self, tenant_id: Id, listing: str, cursor: str | None) -> int:
        """Where a numbered list goes on; 0 without a cursor. Raises InvalidCursor."""
        if cursor is None:
            return 0
        match await self._open(tenant_id, listing, cursor):
            case [int(start)]:
                return start
            case _:
                raise InvalidCursor

    async def at_number(self, tenant_id: Id, listing: str, start: int) -> str:
        """The cursor of a numbered list's item ``start``."""
        return await self._seal(tenant_id, listing, [start])

    async def _seal(self, tenant_id: Id, listing: str, place: list[str | int]) -> str:
        body = json.dumps(place, separators=(",", ":")).encode()
        return base64.urlsafe_b64encode(await self._mac(tenant_id, listing, body) + body).rstrip(b"=").decode()

    async def _open(self, tenant_id: Id, listing: str, cursor: str) -> object:
        if len(cursor) > _MAX_CHARACTERS:
            raise InvalidCursor
        try:
            raw = base64.b64decode(cursor.encode() + b"=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, UnicodeEncodeError) as error:
            raise InvalidCursor from error
        mac, body = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
        if not hmac.compare_digest(mac, await self._mac(tenant_id, listing, body)):
            raise InvalidCursor
        return json.loads(body)

    async def _mac(self, tenant_id: Id, listing: str, body: bytes) -> bytes:
        key = await self.keyring.secret(tenant_id, SecretPurpose.CURSOR)
        return bytes.fromhex(keyed_digest(key, "cursor", listing, body))
