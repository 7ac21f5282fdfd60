"""What a question cost, split by what was paid for."""

from collections.abc import Iterable
from typing import Final

from lethe.model.processors import Operation, ProcessorCall

_PARTS: Final = {
    Operation.EMBED: "embedding",
    Operation.RERANK: "rerank",
    Operation.GENERATE: "llm",
    Operation.REWRITE: "llm",
}


def split_costs(calls: Iterable[ProcessorCall]) -> dict[str, int]:
    """In millionths of the currency. Every call counts, also one that failed, was broken off, or made twice.

    ``search`` is this installation's own work, which nobody charges.
    """
    costs = {"embedding": 0, "search": 0, "rerank": 0, "llm": 0}
    for call in calls:
        costs[_PARTS[call.operation]] += call.cost_micros
    return costs | {"total": sum(costs.values())}
