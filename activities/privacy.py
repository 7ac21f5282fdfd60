"""Erasing one person: on the io queue; where a request stands is asked on the control queue."""

from dataclasses import dataclass

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
from lethe.ingestion.rewriting import Rewriting
from lethe.privacy.erasure.certifying import Certifying
from lethe.privacy.erasure.discovery import Discovery
from lethe.privacy.erasure.taking_out import TakingOut
from lethe.privacy.erasure.verifying import Verifying


@dataclass(frozen=True)
class PrivacyActivities:
    """Look, find, rewrite, quiet, take out, purge, verify, certify, check again. Each may be repeated."""

    discovery: Discovery
    rewriting: Rewriting
    taking_out: TakingOut
    verifying: Verifying
    certifying: Certifying

    @activity.defn
    async def look_at_erasure(self, ref: ErasureRef) -> Standing:
        return await self.discovery.look(ref)

    @activity.defn
    async def discover_subject(self, now: ErasureRound) -> Discovered:
        return await self.discovery.discover(now)

    @activity.defn
    async def rewrite_shared(self, now: ErasureRound) -> Rewritten:
        return await self.rewriting.rewrite(now)

    @activity.defn
    async def quiet_ingestions(self, now: ErasureRound) -> Quieted:
        return await self.taking_out.quiet(now)

    @activity.defn
    async def erase_store(self, step: StoreStep) -> StoreErased:
        return await self.taking_out.erase(step)

    @activity.defn
    async def purge_stores(self, ref: ErasureRef) -> Purged:
        return await self.taking_out.purge(ref)

    @activity.defn
    async def verify_erasure(self, ref: ErasureRef) -> Verified:
        return await self.verifying.verify(ref)

    @activity.defn
    async def certify_erasure(self, step: VerifiedErasure) -> Certified:
        return await self.certifying.certify(step, step.verified)

    @activity.defn
    async def check_erasure_again(self, ref: ErasureRef) -> Rechecked:
        return await self.verifying.check_again(ref)

    @activity.defn
    async def list_certified(self, run: RecheckRun) -> CertifiedPage:
        return await self.verifying.certified(run)
