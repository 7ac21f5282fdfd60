"""Filling index builds from the ledger: on the io queue."""

from dataclasses import dataclass

from temporalio import activity

from lethe.contracts.indexing import BuildRef, Followed, FollowStep
from lethe.indexing.following import Follower


@dataclass(frozen=True)
class FollowingActivities:
    """Follow, then complete."""

    follower: Follower

    @activity.defn
    async def follow_build(self, step: FollowStep) -> Followed:
        return await self.follower.step(step)

    @activity.defn
    async def complete_build(self, ref: BuildRef) -> bool:
        return await self.follower.complete(ref)
