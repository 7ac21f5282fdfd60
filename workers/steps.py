"""Activities by the queue they run on."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from workflows.policies import Queue

Activity: TypeAlias = Callable[..., Any]
Steps: TypeAlias = Mapping[Queue, Sequence[Activity]]


def together(*fields: Steps) -> Steps:
    """The steps of several fields as one worker runs them."""
    return {queue: [step for steps in fields for step in steps.get(queue, ())] for queue in Queue}
