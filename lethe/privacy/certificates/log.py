"""Appending to the log of erasures.

A leaf holds ids, a time and a commitment: HMAC(salt, detail). Detail and salt lie beside it, sealed under a data key
that the erasure destroys at its end; from then on nobody can tell what was committed to, and the tree still verifies.
"""

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, cast

from lethe.model.audit_log import LeafKind, LogLeaf, NewLeaf
from lethe.model.ids import Id
from lethe.ports.keyring import KeyRing
from lethe.ports.ledger import Ledger, UnitOfWork
from lethe.privacy.certificates.canonical import Json, canonical
from lethe.privacy.certificates.merkle import Node, appended, leaf_hash, siblings
from lethe.privacy.certificates.stamps import rfc3339
from lethe.privacy.sealing import Purpose, seal_json, unseal_json

_SALT_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class LogEntry:
    """What happened to an erasure. ``detail`` is sealed under the data key ``key_id``, usually the request's own."""

    kind: LeafKind
    tenant_id: Id
    ref: Id
    at: datetime
    number: int = 0
    detail: Mapping[str, Json] | None = None
    key_id: Id | None = None


@dataclass(frozen=True, slots=True)
class AuditLog:
    """Appends, each entry once: a repeated one returns the leaf it has."""

    ledger: Ledger
    keyring: KeyRing

    async def append(self, entry: LogEntry) -> LogLeaf:
        """In a unit of its own. Raises KeyDestroyed if the key of the detail is."""
        leaf = await self.prepare(entry)
        async with self.ledger.write() as uow:
            return await append_leaf(uow, leaf)

    async def prepare(self, entry: LogEntry) -> NewLeaf:
        """For `append_leaf` within another unit: sealing asks the key ring, which no unit may wait for."""
        if entry.detail is None:
            return new_leaf(entry, b"")
        if entry.key_id is None:
            raise ValueError("a detail needs a key")
        return new_leaf(entry, await self.keyring.create(entry.tenant_id, entry.key_id))

    async def detail(self, leaf: LogLeaf) -> Mapping[str, Json] | None:
        """What was committed to; None if there is nothing. Raises KeyDestroyed, and ValueError if it is another."""
        if leaf.sealed_detail is None or leaf.tenant_id is None or leaf.key_id is None:
            return None
        opened = unseal_json(await self.keyring.get(leaf.tenant_id, leaf.key_id), Purpose.LEAF, leaf.sealed_detail)
        stored = cast("dict[str, Json]", opened)
        detail = cast("dict[str, Json]", stored["detail"])
        if f'"commitment":"{_commitment(cast("str", stored["salt"]), detail)}"' not in leaf.data:
            raise ValueError("the detail is not what the leaf commits to")
        return detail


def new_leaf(entry: LogEntry, key: bytes) -> NewLeaf:
    """``key`` is the data key of ``entry.key_id``; not used without a detail."""
    commitment, sealed = "", None
    if entry.detail is not None:
        salt = secrets.token_hex(_SALT_BYTES)
        commitment = _commitment(salt, entry.detail)
        sealed = seal_json(key, Purpose.LEAF, {"detail": dict(entry.detail), "salt": salt})
    data: Json = {
        "at": rfc3339(entry.at),
        "commitment": commitment,
        "kind": entry.kind.value,
        "number": entry.number,
        "ref": entry.ref,
        "tenant": entry.tenant_id,
        "type": "lethe.log-leaf/v1",
    }
    return NewLeaf(
        kind=entry.kind,
        tenant_id=entry.tenant_id,
        ref=entry.ref,
        number=entry.number,
        data=canonical(data).decode(),
        key_id=entry.key_id if sealed is not None else None,
        sealed_detail=sealed,
        created_at=entry.at,
    )


async def append_leaf(uow: UnitOfWork, leaf: NewLeaf) -> LogLeaf:
    """Append within the caller's unit, as its last write: nobody else appends until that unit ends."""
    await uow.audit_log.lock()
    if leaf.tenant_id is not None and leaf.ref is not None:
        known = await uow.audit_log.find(leaf.kind, leaf.tenant_id, leaf.ref, leaf.number)
        if known is not None:
            return known
    return await append_hash(uow, leaf, leaf_hash(leaf.data.encode()))


async def append_hash(uow: UnitOfWork, leaf: NewLeaf, hashed: bytes) -> LogLeaf:
    """The leaf under the hash given; needs the log's lock."""
    index = await uow.audit_log.size()
    known = await uow.audit_log.nodes(siblings(index))
    nodes = appended(index, hashed, {Node(*place): found for place, found in known.items()})
    logged = LogLeaf(
        leaf_index=index,
        kind=leaf.kind,
        tenant_id=leaf.tenant_id,
        ref=leaf.ref,
        number=leaf.number,
        data=leaf.data,
        key_id=leaf.key_id,
        sealed_detail=leaf.sealed_detail,
        nodes=b"".join(nodes).hex(),
        created_at=leaf.created_at,
    )
    await uow.audit_log.add(logged)
    return logged


def _commitment(salt: str, detail: Mapping[str, Json]) -> str:
    return hmac.digest(bytes.fromhex(salt), canonical(detail), hashlib.sha256).hex()
