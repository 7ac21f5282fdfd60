"""Keeping the erased from coming back: tags are looked up for what is declared, and for what a text could name."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from lethe.errors import ErasureOpen, SubjectSuppressed, SuppressionNotFound
from lethe.model.audit_log import LeafKind
from lethe.model.ids import Id
from lethe.model.principals import Caller
from lethe.ports.clock import Clock
from lethe.ports.keyring import KeyRing, SecretPurpose
from lethe.ports.ledger import Ledger, UnitOfWork
from lethe.privacy.certificates.log import AuditLog, LogEntry, append_leaf
from lethe.privacy.digests import suppression_tag
from lethe.privacy.identifiers import candidates, text_key


@dataclass(frozen=True, slots=True)
class Suppressing:
    """Refuses what names somebody suppressed. A tenant that has erased nobody pays one read for it."""

    ledger: Ledger
    keyring: KeyRing

    async def check_identifiers(self, tenant_id: Id, identifiers: Iterable[tuple[str, str]]) -> None:
        """What an upload declares, as (kind, value). Raises SubjectSuppressed."""
        keys = {(kind, text_key(kind, value)) for kind, value in identifiers}
        if not keys:
            return
        key = await self.keyring.secret(tenant_id, SecretPurpose.SUPPRESSION)
        async with self.ledger.read() as uow:
            found = await uow.suppressions.found(tenant_id, {suppression_tag(key, *each) for each in keys if each[1]})
        if found:
            raise SubjectSuppressed

    async def check_texts(self, tenant_id: Id, texts: Iterable[str], *, but_of_open: bool = False) -> None:
        """What a document says; see `candidates` for what is not recognised. Raises SubjectSuppressed.

        ``but_of_open``: whom an erasure under way is about may be named: a fence hides them, and its rounds find them.
        """
        key = await self.keyring.secret(tenant_id, SecretPurpose.SUPPRESSION)
        async with self.ledger.read() as uow:
            tags = await uow.suppressions.all(tenant_id)
            if but_of_open:
                tags -= {each.tag for each in await uow.erasures.fenced_identifiers(tenant_id)}
        await _refuse_named(key, tags, texts)


@dataclass(frozen=True, slots=True)
class Lifting:
    """A lawful return, by a new consent: the tag goes, and the log says that one went, by whom and why."""

    ledger: Ledger
    keyring: KeyRing
    clock: Clock

    async def lift(self, caller: Caller, identifiers: Iterable[tuple[str, str]], reason: str, lifting_id: Id) -> int:
        """How many tags went.

        Raises SuppressionNotFound if none of the identifiers is suppressed, ErasureOpen while one is being erased.
        """
        tenant_id = caller.tenant_id
        key = await self.keyring.secret(tenant_id, SecretPurpose.SUPPRESSION)
        tags = {suppression_tag(key, kind, text_key(kind, value)) for kind, value in identifiers}
        detail = {"principal": caller.principal_id, "reason": reason}
        entry = LogEntry(LeafKind.LIFTED, tenant_id, lifting_id, self.clock.now(), detail=detail, key_id=lifting_id)
        leaf = await AuditLog(self.ledger, self.keyring).prepare(entry)
        async with self.ledger.write() as uow:
            await uow.tenants.lock(tenant_id)
            if tags & {each.tag for each in await uow.erasures.fenced_identifiers(tenant_id)}:
                raise ErasureOpen
            lifted = await uow.suppressions.lift(tenant_id, tags)
            if not lifted:
                raise SuppressionNotFound
            await append_leaf(uow, leaf)
        return lifted


async def refuse_suppressed(uow: UnitOfWork, key: bytes, tenant_id: Id, texts: Iterable[str]) -> None:
    """`Suppressing.check_texts` for a few short texts, in the unit that writes them: no fence comes between."""
    await _refuse_named(key, await uow.suppressions.all(tenant_id), texts)


async def _refuse_named(key: bytes, tags: frozenset[str], texts: Iterable[str]) -> None:
    if tags and await asyncio.to_thread(_names_one, key, tags, list(texts)):
        raise SubjectSuppressed


def _names_one(key: bytes, tags: frozenset[str], texts: list[str]) -> bool:
    seen: set[tuple[str, str]] = set()
    for text in texts:
        for found in candidates(text):
            if found not in seen:
                seen.add(found)
                if suppression_tag(key, *found) in tags:
                    return True
    return False
