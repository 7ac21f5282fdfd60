"""Histories of workflows in memory."""

from collections.abc import Sequence


class FakeHistories:
    """lethe.ports.personal_data.HistoryStore. ``runs``: how many runs of each workflow there are."""

    def __init__(self) -> None:
        self.runs: dict[str, int] = {}
        self.open: set[str] = set()

    async def delete(self, workflow_ids: Sequence[str]) -> int:
        self.open.difference_update(workflow_ids)
        return sum(self.runs.pop(workflow_id, 0) for workflow_id in workflow_ids)

    async def cancel(self, workflow_ids: Sequence[str]) -> None:
        self.open.difference_update(workflow_ids)

    async def running(self, workflow_ids: Sequence[str]) -> frozenset[str]:
        return frozenset(self.open.intersection(workflow_ids))

    async def existing(self, workflow_ids: Sequence[str]) -> frozenset[str]:
        return frozenset(self.runs.keys() & set(workflow_ids))
