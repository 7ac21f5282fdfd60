"""Idempotency-Key on every POST: the effect happens once, however often the request is sent (but see the end).

What is kept is what the request *did* (ids, sealed), never the response's content: a repeated question or upload is
rendered again from the ledger, through the rights gate, so that a replay cannot serve what was deleted meanwhile.

The key is claimed, with a digest of the request, before anything happens. A refused request lets go of its claim,
because it left nothing (one that takes in document after document may have left some: `Attempt.may_leave`). Once there
is an effect the claim stays, whatever happens afterwards, and the record is finished although the sender hangs up. The
process that serves a request renews its claim; one whose process died is taken over when `LEASE_SECONDS` have passed.
So is that of a process that lives but could not reach the ledger for as long: it leaves the rest to its successor.

Whether a request that broke off (a store failed, the process died) had its effect nobody knows. Its claim is taken
over together with the id it gave its effect, so that the next sending finds what is there already (`once_as`). A
refusal of that next sending says nothing about the first: the id goes on to whoever comes after it. One effect is not
known by that id (`once`): a delivery ordered again is either not dead, and the sender told so, or it has died again and
is tried once more.

A question is known by it to every process: sent again it is the same question, whose one workflow is joined or has
answered (workflows.starters). Only one that got no answer in its time is answered anew.
"""

import asyncio
import json
import logging
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final, TypeVar

from fastapi import Response
from pydantic import BaseModel

from lethe.errors import IdempotencyInFlight, IdempotencyKeyReused, InvalidIdempotencyKey, LetheError, NotFound
from lethe.model.ids import Id, new_id
from lethe.model.operations import IdempotencyRecord
from lethe.model.principals import Caller
from lethe.ports.clock import Clock
from lethe.ports.keyring import KeyRing, SecretPurpose
from lethe.ports.ledger import Ledger, UnitOfWork
from lethe.privacy.digests import keyed_digest
from lethe.privacy.erasure.needles import standing_needles, texts_of
from lethe.privacy.retention import forget_responses
from lethe.privacy.sealing import Purpose, seal, unseal

_log: Final = logging.getLogger(__name__)
_KEY: Final = re.compile(r"[\x21-\x7e]{1,200}")

LEASE_SECONDS: Final = 60.0
"""How long a claim outlives the process that does not renew it any more."""

_RENEWALS: Final = 4
"""In the time of a lease: a store that is away for a while, or a busy process, loses no claim."""

_OURS: Final = 500
"""From this status on a failure is ours, not the sender's."""

MemoT = TypeVar("MemoT", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One sending of a request. ``request`` is its canonical form, ``status`` what it answers when it succeeds.

    ``may_leave``: refused, it may have had part of its effect.
    """

    caller: Caller
    key: str | None
    request: tuple[str, ...]
    status: int
    may_leave: bool = False


@dataclass(frozen=True, slots=True)
class Idempotency:
    """Remembers effects for ``hours``."""

    ledger: Ledger
    keyring: KeyRing
    clock: Clock
    hours: float

    async def once(
        self, attempt: Attempt, memo: type[MemoT], perform: Callable[[], Awaitable[MemoT]]
    ) -> tuple[MemoT, bool]:
        """What the first sending did, and whether this was a repetition.

        ``perform`` must return as soon as its effect is committed. Raises InvalidIdempotencyKey, IdempotencyKeyReused,
        IdempotencyInFlight, or what ``perform`` raises.
        """

        async def anew(_effect_id: Id) -> MemoT:
            return await perform()

        return await self.once_as(attempt, memo, anew)

    async def once_as(
        self, attempt: Attempt, memo: type[MemoT], perform: Callable[[Id], Awaitable[MemoT]]
    ) -> tuple[MemoT, bool]:
        """As ``once``, for an effect that is not known by anything else: ``perform`` is given a fresh id to make it
        under, the same again if an earlier sending broke off and may have made it.
        """
        if attempt.key is None:
            return await perform(new_id()), False
        fresh = await self._record(attempt, attempt.key)
        record = await self._claim(fresh)
        is_inherited = record.key_id != fresh.key_id
        if record.status:
            key = await self.keyring.get(record.tenant_id, record.key_id)
            body = unseal(key, Purpose.IDEMPOTENCY, record.sealed_body)
            needles = await standing_needles(self.ledger, self.keyring, record.tenant_id)
            if needles.hides(*texts_of(json.loads(body))):
                raise NotFound
            return memo.model_validate_json(body), True
        try:
            async with self._renewed(record):
                done = await perform(record.key_id)
        except BaseException as error:
            # Also when the sender hangs up: its next sending must find the key free.
            is_refused = isinstance(error, LetheError) and error.status < _OURS
            left_nothing = is_refused and not is_inherited and not attempt.may_leave
            await _to_its_end(self._forget(record) if left_nothing else self._release(record))
            raise
        await _to_its_end(self._finish(record, attempt.status, done))
        return done, False

    async def content_digester(self, caller: Caller) -> Callable[[bytes], str]:
        """What turns the SHA-256 of an upload into what can be compared and kept, since nobody can guess it."""
        key = await self.keyring.secret(caller.tenant_id, SecretPurpose.DIGEST)
        return lambda sha256: keyed_digest(key, "idempotency.content", sha256)

    async def _forget(self, record: IdempotencyRecord) -> None:
        async with self.ledger.write() as uow:
            await uow.idempotency.forget(record)

    async def _release(self, record: IdempotencyRecord) -> None:
        """Let the next sending take the claim over, and what goes with it."""
        async with self.ledger.write() as uow:
            await uow.idempotency.renew(record, record.created_at - timedelta(seconds=LEASE_SECONDS))

    @asynccontextmanager
    async def _renewed(self, record: IdempotencyRecord) -> AsyncGenerator[None]:
        """Keep the claim for as long as this takes."""
        renewing = asyncio.create_task(self._renew(record))
        try:
            yield
        finally:
            renewing.cancel()
            await asyncio.wait({renewing})

    async def _renew(self, record: IdempotencyRecord) -> None:
        while True:
            await asyncio.sleep(LEASE_SECONDS / _RENEWALS)
            try:
                async with self.ledger.write() as uow:
                    await uow.idempotency.renew(record, self.clock.now())
            except LetheError as error:
                _log.warning("claim not renewed", extra={"tenant": record.tenant_id, "code": error.code})

    async def _finish(self, record: IdempotencyRecord, status: int, done: BaseModel) -> None:
        """Raises no other LetheError than IdempotencyInFlight, if a later sending took the claim over and is at it now:
        what follows the effect is its business. Else the effect is there, and its sender is better told so than of this
        record.
        """
        is_ours = True
        try:
            key = await self.keyring.create(record.tenant_id, record.key_id)
            sealed = seal(key, Purpose.IDEMPOTENCY, done.model_dump_json().encode())
            async with self.ledger.write() as uow:
                is_ours = await uow.idempotency.finish(record, status, sealed)
        except LetheError as error:
            _log.warning("effect not recorded", extra={"tenant": record.tenant_id, "code": error.code})
        if not is_ours:
            raise IdempotencyInFlight

    async def _record(self, attempt: Attempt, key: str) -> IdempotencyRecord:
        if not _KEY.fullmatch(key):
            raise InvalidIdempotencyKey
        caller = attempt.caller
        digest_key = await self.keyring.secret(caller.tenant_id, SecretPurpose.DIGEST)
        now = self.clock.now()
        return IdempotencyRecord(
            tenant_id=caller.tenant_id,
            principal_id=caller.principal_id,
            key_hmac=keyed_digest(digest_key, "idempotency.key", key),
            request_hmac=keyed_digest(digest_key, "idempotency.request", *attempt.request),
            status=0,
            sealed_body=b"",
            key_id=new_id(),
            created_at=now,
            renewed_at=now,
        )

    async def _claim(self, record: IdempotencyRecord) -> IdempotencyRecord:
        """The record of a request that was answered, with its status; else the claim that is now ours, without."""
        expired = record.created_at - timedelta(hours=self.hours)
        while True:
            async with self.ledger.write() as uow:
                before = await uow.idempotency.claim(record)
                if before is None:
                    return record
                if before.created_at >= expired:
                    return await _taken(uow, record, before)
            await forget_responses(self.ledger, self.keyring, [before])


async def _taken(uow: UnitOfWork, record: IdempotencyRecord, before: IdempotencyRecord) -> IdempotencyRecord:
    if before.request_hmac != record.request_hmac:
        raise IdempotencyKeyReused
    if before.status:
        return before
    if before.renewed_at > record.created_at - timedelta(seconds=LEASE_SECONDS):
        raise IdempotencyInFlight
    ours = replace(record, key_id=before.key_id)
    await uow.idempotency.forget(before)
    await uow.idempotency.claim(ours)
    return ours


def tell_replay(response: Response, *, is_repeated: bool) -> None:
    """Say so of an answer whose effect was there before."""
    if is_repeated:
        response.headers["Idempotent-Replayed"] = "true"


async def _to_its_end(work: Coroutine[Any, Any, None]) -> None:
    """Await all of it, also when cancelled meanwhile."""
    task = asyncio.create_task(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        raise
