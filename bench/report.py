"""What a benchmark found, and the line it ends with."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bench.installation import say


@dataclass
class Report:
    """Figures of one part, and a sentence for each that is out of bounds."""

    figures: dict[str, Any] = field(default_factory=dict[str, Any])
    wrong: list[str] = field(default_factory=list[str])

    def require(self, condition: bool, sentence: str) -> None:
        if not condition:
            self.wrong.append(sentence)


def told(name: str, report: Report) -> Report:
    """The same, said at once: a benchmark takes minutes."""
    say(f"{name}: {json.dumps(report.figures)} {'; '.join(report.wrong) or 'as it should be'}")
    return report


def ended(name: str, reports: Mapping[str, Report]) -> int:
    """Print the line; the exit code."""
    wrong = [f"{part}: {sentence}" for part, report in reports.items() for sentence in report.wrong]
    figures = {part: report.figures for part, report in reports.items()}
    print(json.dumps({"name": name, "figures": figures, "wrong": wrong, "ok": not wrong}))
    return 1 if wrong else 0
