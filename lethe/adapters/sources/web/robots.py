"""What a web site lets readers like this one read (RFC 9309)."""

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

MAX_BYTES: Final = 500 * 1024
"""What a robots.txt has beyond this is not read, as the standard allows."""


@dataclass(frozen=True, slots=True)
class _Rule:
    pattern: str
    is_allowed: bool

    def matches(self, path: str) -> bool:
        # fnmatch never goes back over what it matched, so a pattern cannot be made to take long.
        glob = self.pattern.replace("[", "[[]").replace("?", "[?]")
        return fnmatchcase(path, glob.removesuffix("$") if glob.endswith("$") else f"{glob}*")


@dataclass(frozen=True, slots=True)
class Robots:
    """The rules of one site for this reader."""

    rules: tuple[_Rule, ...] = ()

    def allows(self, path: str) -> bool:
        """The longest rule that matches decides; of two as long, the one that allows."""
        matching = [rule for rule in self.rules if rule.matches(path)]
        return not matching or max((len(rule.pattern), rule.is_allowed) for rule in matching)[1]


def read_robots(text: str, agent: str) -> Robots:
    """The rules of all groups for that agent, else of those for any."""
    groups = list(_groups(text))
    named = [rules for agents, rules in groups if agent.lower() in agents]
    chosen = named or [rules for agents, rules in groups if "*" in agents]
    return Robots(tuple(rule for rules in chosen for rule in rules))


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
            rules.append(_Rule(value, name == "allow"))
        is_heading = name == "user-agent" or (is_heading and name not in ("allow", "disallow"))
    yield agents, rules


def _fields(text: str) -> Iterator[tuple[str, str]]:
    for line in text.removeprefix("\ufeff").splitlines():
        name, colon, value = line.partition("#")[0].partition(":")
        if colon:
            yield name.strip().lower(), value.strip()
