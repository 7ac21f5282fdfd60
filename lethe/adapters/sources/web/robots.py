"""What a web site lets readers like this one read (RFC 9309)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

MAX_BYTES: Final = 500 * 1024
"""What a robots.txt has beyond this is not read, as the standard allows."""
MAX_RULES: Final = 5_000
"""A site that has more for one reader keeps everything to itself: each page of it would be held against all of them."""


@dataclass(frozen=True, slots=True)
class _Rule:
    pattern: str
    is_allowed: bool
    parts: tuple[str, ...]
    is_whole: bool

    @classmethod
    def of(cls, pattern: str, *, is_allowed: bool) -> "_Rule":
        return cls(pattern, is_allowed, tuple(pattern.removesuffix("$").split("*")), pattern.endswith("$"))

    def matches(self, path: str) -> bool:
        """Part by part, never going back over what it matched: a pattern cannot be made to take long."""
        if len(self.parts) == 1:
            return path == self.parts[0] if self.is_whole else path.startswith(self.parts[0])
        first, *between, last = self.parts
        if not path.startswith(first):
            return False
        at = len(first)
        for part in between:
            found = path.find(part, at)
            if found < 0:
                return False
            at = found + len(part)
        return path.endswith(last) and len(path) - len(last) >= at if self.is_whole else path.find(last, at) >= 0


@dataclass(frozen=True, slots=True)
class Robots:
    """The rules of one site for this reader, those that decide over others first."""

    rules: tuple[_Rule, ...] = ()

    def allows(self, path: str) -> bool:
        """The longest rule that matches decides; of two as long, the one that allows."""
        return next((rule.is_allowed for rule in self.rules if rule.matches(path)), True)


def read_robots(text: str, agent: str) -> Robots:
    """The rules of all groups for that agent, else of those for any."""
    groups = list(_groups(text))
    named = [rules for agents, rules in groups if agent.lower() in agents]
    chosen = named or [rules for agents, rules in groups if "*" in agents]
    rules = [rule for rules in chosen for rule in rules]
    if len(rules) > MAX_RULES:
        return Robots((_Rule.of("/", is_allowed=False),))
    return Robots(tuple(sorted(rules, key=lambda rule: (len(rule.pattern), rule.is_allowed), reverse=True)))


def _groups(text: str) -> Iterator[tuple[set[str], list[_Rule]]]:
    agents: set[str] = set()
    rules: list[_Rule] = []
    is_heading = False
    for name, value in _fields(text):
        if name == "user-agent":
            if not is_heading:
                yield agents, rules
                agents, rules = set(), []
            agents.add(value.lower())
        elif name in ("allow", "disallow") and value:
            rules.append(_Rule.of(value, is_allowed=name == "allow"))
        is_heading = name == "user-agent" or (is_heading and name not in ("allow", "disallow"))
    yield agents, rules


def _fields(text: str) -> Iterator[tuple[str, str]]:
    for line in text.removeprefix("\ufeff").splitlines():
        name, colon, value = line.partition("#")[0].partition(":")
        if colon:
            yield name.strip().lower(), value.strip()
