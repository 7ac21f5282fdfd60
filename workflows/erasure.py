"""Erasing one person: hidden, found in every store, taken out, the bytes gone; verified, certified, forgotten."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from typing import Final, NoReturn, Protocol, TypeVar

from temporalio import workflow
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError

with workflow.unsafe.imports_passed_through():
    from activities.privacy import PrivacyActivities
    from lethe.contracts.erasure import (
        Discovered,
        ErasureProgress,
        ErasureRef,
        ErasureRound,
        ErasureRun,
        Standing,
        StoreStep,
        Verified,
        VerifiedErasure,
    )
    from lethe.model.personal_data import StoreName

from workflows import policies
from workflows.attributes import STATE
from workflows.erasure_order import DELETION_ORDER, DERIVED
from workflows.policies import Queue
from workflows.rechecks import RecheckErasure
from workflows.steps import run_step


class _MayBeHeld(Protocol):
    @property
    def is_held(self) -> bool: ...


Input = TypeVar("Input")
Held = TypeVar("Held", bound=_MayBeHeld)

AGAIN_AFTER: Final = timedelta(minutes=1)
SHORTEST_POLL: Final = timedelta(seconds=0.2)
LONGEST_POLL: Final = timedelta(minutes=5)
POLL_GROWTH: Final = 1.25
"""The pause grows with each look, up to the longest: the next one is late by a quarter of the time at most."""
ROUNDS_PER_RUN: Final = 5
LOOKS_PER_RUN: Final = 50
"""At what is waited for. Then it continues as new: a history has a limit."""

REWRITING: Final = "rewriting"
PURGING: Final = "purging"


class _OverError(Exception):
    """Somebody has cancelled the request: nothing is left to be done."""


@workflow.defn(name="erase-subject")
class EraseSubject:
    """The ledger knows where the request stands; this drives it on, and waits where a person decides."""

    @workflow.init
    def __init__(self, run: ErasureRun) -> None:
        self._ref = ErasureRef(tenant_id=run.tenant_id, erasure_id=run.erasure_id)
        self._round = run.round
        self._phase = run.phase
        self._drain_seconds = run.drain_seconds
        self._stores = frozenset(run.stores)
        self._looks = 0
        self._news_told = 0
        self._waiting = 0
        self._progress = ErasureProgress(round=run.round)

    @workflow.signal(description="The ledger has news of the request: approved, held, released, reviewed, cancelled")
    def look(self) -> None:
        self._news_told += 1

    @workflow.query(description="How far the erasure is, by store")
    def progress(self) -> ErasureProgress:
        return self._progress

    @workflow.run
    async def run(self, run: ErasureRun) -> ErasureProgress:
        with suppress(_OverError):
            await self._erase()
        return self._progress

    async def _erase(self) -> None:
        standing = await self._until_permitted()
        if standing.is_over:
            return
        self._round = max(self._round, standing.round)
        if not standing.is_purged:
            if self._phase != PURGING and not await self._until_nothing_is_found():
                self._continue()
            await self._purge()
        self._tell("verifying")
        verified = await self._held_step(
            PrivacyActivities.verify_erasure, self._ref, "by code of its own: nothing is left", policies.BATCH
        )
        if verified.hits:
            await self._begin_again(verified.hits)
        told = self._news_told
        await self._certify(verified)
        if self._news_told != told and not (await self._until_permitted()).is_over:
            # What a restriction kept was released meanwhile.
            self._continue()

    async def _begin_again(self, hits: int) -> None:
        self._tell("reopened")
        await workflow.sleep(AGAIN_AFTER, summary=f"{hits:,} found where nothing may be: everything once more")
        self._round += 1
        self._continue()

    def _continue(self, phase: str = "") -> NoReturn:
        """As new, with what it waits for the end of."""
        run = ErasureRun(**self._ref.model_dump(), round=self._round, phase=phase)
        if phase == REWRITING:
            run = run.model_copy(update={"drain_seconds": self._drain_seconds, "stores": sorted(self._stores)})
        workflow.continue_as_new(run)

    async def _pause(self, summary: str, phase: str) -> None:
        """Before the next look: ever longer, and from time to time as new."""
        self._looks += 1
        if self._looks > LOOKS_PER_RUN:
            self._continue(phase)
        await workflow.sleep(min(SHORTEST_POLL * POLL_GROWTH ** (self._looks - 1), LONGEST_POLL), summary=summary)

    async def _sleep(self, seconds: float, summary: str) -> None:
        """No timer where there is nothing to wait for: the server lets the shortest one last a second."""
        if seconds:
            await workflow.sleep(timedelta(seconds=seconds), summary=summary)

    async def _certify(self, verified: Verified) -> None:
        """However long the witness is away. Where there is none, the erasure ends here, and is not forgotten."""
        step = VerifiedErasure(**self._ref.model_dump(), verified=verified)
        certified = await self._held_step(PrivacyActivities.certify_erasure, step, "the certificate")
        if not certified.is_certified:
            self._tell("verified")
            return
        self._tell("certified")
        try:
            await workflow.start_child_workflow(
                RecheckErasure.run,
                self._ref,
                id=f"recheck-erasure/{self._ref.tenant_id}/{self._ref.erasure_id}",
                parent_close_policy=workflow.ParentClosePolicy.ABANDON,
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                static_summary="whether anything has come back",
            )
        except WorkflowAlreadyStartedError:
            return

    async def _until_permitted(self) -> Standing:
        """Ask the ledger, and wait for news for as long as it says that a person has to decide."""
        looks = 0
        while True:
            told = self._news_told
            standing = await run_step(
                PrivacyActivities.look_at_erasure,
                self._ref,
                queue=Queue.CONTROL,
                summary="where the request stands",
                within=policies.SHORT,
                retry=policies.ALWAYS_RETRY,
            )
            self._tell(standing.waits_for or standing.state)
            if standing.is_over or not standing.waits_for:
                return standing
            await self._news(told, standing.wait_seconds)
            looks += 1
            if looks == LOOKS_PER_RUN:
                self._continue()

    async def _until_let_go_on(self) -> None:
        """In the middle of it. Raises _OverError where it is not to go on."""
        if (await self._until_permitted()).is_over:
            raise _OverError

    async def _news(self, told: int, seconds: float | None) -> None:
        """Until somebody has decided since so much was told, or the time in which somebody may is over."""
        timeout = None if seconds is None else timedelta(seconds=seconds)
        self._waiting += 1
        try:
            await workflow.wait_condition(lambda: self._news_told != told, timeout=timeout)
        except TimeoutError:
            return
        finally:
            self._waiting -= 1

    async def _held_step(
        self,
        method: Callable[[PrivacyActivities, Input], Awaitable[Held]],
        value: Input,
        summary: str,
        within: timedelta = policies.LONG,
    ) -> Held:
        """A step that does nothing while the request is held, and is done again after the release."""
        while True:
            outcome = await run_step(
                method, value, queue=Queue.IO, summary=summary, within=within, retry=policies.ALWAYS_RETRY
            )
            if not outcome.is_held:
                return outcome
            await self._until_let_go_on()

    async def _until_nothing_is_found(self) -> bool:
        """Find and take out, drain, and again: whether a round after the first found nothing within this run."""
        for _ in range(ROUNDS_PER_RUN):
            now = ErasureRound(**self._ref.model_dump(), round=self._round)
            is_shared = self._phase == REWRITING
            if not is_shared:
                found = await self._discover(now)
                is_shared = found.is_shared
                if now.round > 1 and not found.found and not found.again:
                    if found.late:
                        await self._take_out(now)
                    return True
            self._phase = ""
            if is_shared:
                await self._rewrite(now)
            await self._take_out(now)
            self._tell("draining")
            await self._sleep(self._drain_seconds, "until no writer from before can still be running")
            self._round += 1
        return False

    async def _discover(self, now: ErasureRound) -> Discovered:
        self._tell("discovering")
        while True:
            found = await self._held_step(
                PrivacyActivities.discover_subject, now, f"round {now.round}: what there is", policies.BATCH
            )
            self._progress = self._progress.model_copy(
                update={"found": found.found, "kept": found.kept, "in_review": found.in_review, "round": now.round}
            )
            if not found.in_review:
                self._drain_seconds, self._stores = found.drain_seconds, frozenset(found.stores)
                return found
            await self._until_let_go_on()

    async def _rewrite(self, now: ErasureRound) -> None:
        """Documents that say something of others: the next round takes out what was replaced here."""
        self._tell(REWRITING)
        self._looks = 0
        while True:
            rewritten = await self._held_step(
                PrivacyActivities.rewrite_shared, now, f"round {now.round}: documents about others, too"
            )
            if not rewritten.waiting:
                return
            summary = f"until {rewritten.waiting:,} are served without the person"
            await self._pause(summary, REWRITING)

    async def _take_out(self, now: ErasureRound) -> None:
        self._tell("erasing")
        await self._held_step(PrivacyActivities.quiet_ingestions, now, "what is still on its way in")
        if StoreName.KEYS in self._stores:
            destroyed = await self._store(now, StoreName.KEYS)
            await self._sleep(destroyed, "until no process remembers a key that was destroyed")
        await asyncio.gather(*(self._store(now, store) for store in DERIVED if store in self._stores))
        for store in DELETION_ORDER[len(DERIVED) :]:
            # With the last one, everything is deleted: it is told even where it has nothing itself.
            if store in self._stores or store is DELETION_ORDER[-1]:
                await self._store(now, store)

    async def _store(self, now: ErasureRound, store: StoreName) -> float:
        step = StoreStep(**now.model_dump(), store=store.value)
        erased = await self._held_step(PrivacyActivities.erase_store, step, f"round {now.round}: {store.value}")
        stores = {**self._progress.stores, store.value: erased.erased}
        self._progress = self._progress.model_copy(update={"stores": stores})
        # Of stores that are emptied beside each other one may wait for a person: that is what there is to tell.
        self._tell(self._progress.phase if self._waiting else "erasing")
        return erased.wait_seconds

    async def _purge(self) -> None:
        self._tell(PURGING)
        self._looks = 0
        while True:
            purged = await self._held_step(PrivacyActivities.purge_stores, self._ref, "the bytes")
            self._progress = self._progress.model_copy(update={"pending": purged.pending})
            if not purged.pending:
                return
            self._tell(PURGING)
            await self._pause("until the indexes are built anew", PURGING)

    def _tell(self, phase: str) -> None:
        if phase != self._progress.phase:
            workflow.upsert_search_attributes([STATE.value_set(phase)])
        self._progress = self._progress.model_copy(update={"phase": phase})
        done = self._progress
        stores = "".join(f"\n- {store}: {count:,}" for store, count in done.stores.items())
        pending = f"\n\nBytes still to go: {', '.join(done.pending)}." if done.pending else ""
        workflow.set_current_details(
            f"**{phase}**, round {done.round}: {done.found:,} found, {done.kept:,} kept, {done.in_review:,} in review."
            f"\n{stores}{pending}"
        )
