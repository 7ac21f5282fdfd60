"""Takes the place of the API behind a command."""

from types import ModuleType
from typing import Any, Self

import pytest


class StandIn:
    """What it answers is said by whoever derives from it. ``sent``: each path with its body, None for a look."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, Any]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None: ...

    def behind(self, commands: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Self:
        """From now on these commands ask it, and do not wait between two looks."""

        def connected(_: object) -> Self:
            return self

        monkeypatch.setattr(commands, "connect", connected)
        monkeypatch.setattr(commands, "_PAUSE_SECONDS", 0.0, raising=False)
        return self
