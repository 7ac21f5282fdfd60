"""What is done to the installation and when, from the seed alone."""

import random
from dataclasses import dataclass
from enum import StrEnum

COMPONENTS = ("worker", "api", "temporal", "sql", "weaviate", "provider")
LEAST = 5
"""Kills each component gets in a full run."""

_GAP = (2.0, 6.0)
_DOWN = (0.2, 3.0)
_NETWORK = (1.0, 5.0)
_STORM = (3.0, 8.0)


class Fault(StrEnum):
    KILL = "kill"
    SEVER = "sever"
    HANG = "hang"
    REFUSE = "refuse"
    STORM = "storm"


NETWORK = (Fault.SEVER, Fault.HANG, Fault.REFUSE)
STORMS = ("rate_limited", "server_error", "hang", "cut", "wrong_dims", "short", "not_a_number")


@dataclass(frozen=True, slots=True)
class Step:
    """After ``pause`` seconds, do ``fault`` to ``target``, and mend it ``seconds`` later. ``detail``: which storm."""

    pause: float
    fault: Fault
    target: str
    seconds: float
    detail: str = ""


def plan(seed: int, kills: int) -> list[Step]:
    """Kills spread evenly over the components in random order, with faults of the network between them."""
    rng = random.Random(f"{seed}/plan")
    targets = [COMPONENTS[number % len(COMPONENTS)] for number in range(kills)]
    rng.shuffle(targets)
    steps: list[Step] = []
    for target in targets:
        if rng.random() < 0.6:
            steps.append(_between(rng))
        steps.append(Step(rng.uniform(*_GAP), Fault.KILL, target, rng.uniform(*_DOWN)))
    return steps


def _between(rng: random.Random) -> Step:
    if rng.random() < 0.35:
        return Step(rng.uniform(1.0, 3.0), Fault.STORM, "provider", rng.uniform(*_STORM), rng.choice(STORMS))
    fault = rng.choice(NETWORK)
    return Step(rng.uniform(1.0, 3.0), fault, rng.choice(COMPONENTS), rng.uniform(*_NETWORK))
