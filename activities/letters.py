"""Deciding on dead letters, page by page: on the control queue."""

from dataclasses import dataclass

from temporalio import activity

from lethe.contracts.letters import LetterSelection, ResolutionProgress, ResolutionRef
from lethe.ingestion.letters import LetterChoice, Letters


@dataclass(frozen=True)
class LetterActivities:
    """Carries out a decision on many letters."""

    letters: Letters

    @activity.defn
    async def plan_resolution(self, wish: LetterSelection) -> ResolutionRef:
        choice = LetterChoice(wish.failure_class, wish.code, wish.step, wish.created_after, wish.created_before)
        planned = await self.letters.plan(wish.tenant_id, wish.action, choice, wish.resolution_id, is_under_way=True)
        return ResolutionRef(tenant_id=planned.tenant_id, resolution_id=planned.id)

    @activity.defn
    async def resolve_page(self, ref: ResolutionRef) -> ResolutionProgress:
        resolution = await self.letters.next_page(ref.tenant_id, ref.resolution_id)
        return ResolutionProgress(
            matched=resolution.matched,
            done=resolution.done,
            skipped=resolution.skipped,
            is_finished=resolution.finished_at is not None,
        )
