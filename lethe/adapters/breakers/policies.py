"""Which policy a breaker has, by the kind its name begins with."""

from dataclasses import dataclass
from math import inf

from lethe.model.breakers import BreakerPolicy
from lethe.settings import BreakerSettings


@dataclass(frozen=True, slots=True)
class Policies:
    """``patience``: seconds after which a call that its caller gave up counts as failed."""

    settings: BreakerSettings

    def of(self, name: str) -> BreakerPolicy:
        settings = self.settings
        is_chat = _is_chat(name)
        return BreakerPolicy(
            failures=settings.failures,
            ratio=settings.ratio,
            ratio_calls=settings.ratio_calls,
            window_seconds=settings.window_seconds,
            open_seconds=settings.open_seconds if is_chat else settings.store_open_seconds,
            longest_seconds=settings.longest_seconds if is_chat else settings.store_open_seconds,
            probe_seconds=settings.probe_seconds if is_chat else settings.store_probe_seconds,
        )

    def patience(self, name: str) -> float:
        """A model's answer has time limits of its own: whoever leaves before them had enough, or went away."""
        return inf if _is_chat(name) else self.settings.store_patience_seconds


def _is_chat(name: str) -> bool:
    return name.startswith("chat:")
