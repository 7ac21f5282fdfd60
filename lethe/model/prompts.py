"""Prompts: files of a name that never changes its text; a hash tells if somebody edited one in place."""

import hashlib
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from string import Template
from typing import Final, Self

from lethe.errors import ConfigurationError

SUFFIX: Final = ".md"
_USER_PART: Final = "\n<!-- user -->\n"
_HASH_CHARACTERS: Final = 12


@dataclass(frozen=True, slots=True)
class PromptText:
    """What the system says, and what the user does."""

    name: str
    digest: str
    system: Template
    user: Template

    @classmethod
    def read(cls, folder: Traversable, name: str, setting: str) -> Self:
        """``setting``: which one named it.

        Raises ConfigurationError for a name that there is no file of, or a file without its two parts.
        """
        names = sorted(each.name.removesuffix(SUFFIX) for each in folder.iterdir() if each.name.endswith(SUFFIX))
        if name not in names:
            raise ConfigurationError(f"{setting}: no prompt {name!r}; there are {', '.join(names)}.")
        text = (folder / f"{name}{SUFFIX}").read_text(encoding="utf-8")
        system, is_split, user = text.partition(_USER_PART)
        if not is_split:
            raise ConfigurationError(f"The prompt {name!r} has no user part.")
        digest = hashlib.sha256(text.encode()).hexdigest()[:_HASH_CHARACTERS]
        return cls(name, digest, Template(system), Template(user.strip()))

    @property
    def version(self) -> str:
        """For provenance: which text it was."""
        return f"{self.name}@{self.digest}"
