"""The activities of an erasure with the real names: what each round finds, and where the request stands, by a test."""

from collections.abc import Callable, Sequence
from typing import Any

from temporalio import activity

from lethe.contracts.erasure import (
    Certified,
    CertifiedPage,
    Discovered,
    ErasureRef,
    ErasureRound,
    Purged,
    Quieted,
    Rechecked,
    RecheckRun,
    Rewritten,
    Standing,
    StoreErased,
    StoreStep,
    Verified,
    VerifiedErasure,
)
from tests.workflows.scripted import Scripted
from workflows.policies import Queue


class ScriptedErasure(Scripted):
    """``standings``, ``rounds`` and ``pending`` are given out one by one; after the last the request is free to go
    on, nothing is found, and no bytes are left. ``hits`` and ``come_back``: what verifications find, one by one.
    ``held``: activities that find the request held, the first time. ``is_released``: what a restriction kept is, while
    the first certificate is written.
    """

    def __init__(self, *rounds: Discovered) -> None:
        super().__init__()
        self.standings: list[Standing] = []
        self.rounds = list(rounds)
        self.pending: list[list[str]] = []
        self.rewriting: list[int] = []
        self.held: set[str] = set()
        self.hits: list[int] = []
        self.come_back: list[int] = []
        self.certified: list[CertifiedPage] = []
        self.has_witness = True
        self.is_released = False
        self.stores: list[tuple[int, str]] = []
        self.rounds_asked: list[int] = []

    @activity.defn
    async def look_at_erasure(self, ref: ErasureRef) -> Standing:
        self._called("look_at_erasure")
        return self.standings.pop(0) if self.standings else Standing(state="fenced")

    @activity.defn
    async def discover_subject(self, now: ErasureRound) -> Discovered:
        self._called("discover_subject")
        self.rounds_asked.append(now.round)
        return self.rounds.pop(0) if self.rounds else Discovered(drain_seconds=7_200)

    @activity.defn
    async def rewrite_shared(self, now: ErasureRound) -> Rewritten:
        self._called("rewrite_shared")
        return Rewritten(waiting=self.rewriting.pop(0) if self.rewriting else 0)

    @activity.defn
    async def quiet_ingestions(self, now: ErasureRound) -> Quieted:
        self._called("quiet_ingestions")
        return Quieted(is_held=self._is_held("quiet_ingestions"))

    @activity.defn
    async def erase_store(self, step: StoreStep) -> StoreErased:
        self._called("erase_store")
        if self._is_held(step.store):
            return StoreErased(is_held=True)
        self.stores.append((step.round, step.store))
        return StoreErased(store=step.store, erased=1, wait_seconds=60 if step.store == "keys" else 0)

    @activity.defn
    async def purge_stores(self, ref: ErasureRef) -> Purged:
        self._called("purge_stores")
        return Purged(pending=self.pending.pop(0) if self.pending else [])

    @activity.defn
    async def verify_erasure(self, ref: ErasureRef) -> Verified:
        self._called("verify_erasure")
        return Verified(is_held=self._is_held("verify_erasure"), hits=self.hits.pop(0) if self.hits else 0)

    @activity.defn
    async def certify_erasure(self, step: VerifiedErasure) -> Certified:
        self._called("certify_erasure")
        if self.is_released:
            self.is_released = False
            await activity.client().get_workflow_handle(activity.info().workflow_id or "").signal("look")
        return Certified(is_certified=self.has_witness)

    @activity.defn
    async def check_erasure_again(self, ref: ErasureRef) -> Rechecked:
        self._called("check_erasure_again")
        hits = self.come_back.pop(0) if self.come_back else 0
        return Rechecked(is_open=bool(hits), hits=hits)

    @activity.defn
    async def list_certified(self, run: RecheckRun) -> CertifiedPage:
        self._called("list_certified")
        return self.certified.pop(0)

    def of(self, queue: Queue) -> Sequence[Callable[..., Any]]:
        own = {
            Queue.CONTROL: [self.look_at_erasure],
            Queue.IO: [
                self.discover_subject,
                self.rewrite_shared,
                self.quiet_ingestions,
                self.erase_store,
                self.purge_stores,
                self.verify_erasure,
                self.certify_erasure,
                self.check_erasure_again,
                self.list_certified,
            ],
        }
        return [*super().of(queue), *own.get(queue, [])]

    def _is_held(self, place: str) -> bool:
        if place not in self.held:
            return False
        self.held.remove(place)
        return True
