"""Prompts: files of a name that never changes its text, chosen by setting, told by name and hash in provenance."""

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from string import Template
from typing import Final

from lethe.answering.context import Shown
from lethe.answering.delimiters import Delimiters
from lethe.errors import ConfigurationError
from lethe.ports.chat import ChatRequest

NO_ANSWER: Final = "NO_ANSWER"
"""All that a model is to say where the passages do not answer."""

_FOLDER: Final = files("lethe.answering") / "prompt_files"
_SUFFIX: Final = ".md"
_USER_PART: Final = "\n<!-- user -->\n"
_HASH_CHARACTERS: Final = 12


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt file: what the system says, and what the user does, with $passages and $question in it."""

    name: str
    digest: str
    system: Template
    user: Template

    @property
    def version(self) -> str:
        """For provenance: which text it was, even if someone edited the file in place."""
        return f"{self.name}@{self.digest}"

    def request(
        self, question: str, shown: tuple[Shown, ...], marks: Delimiters, max_tokens: int, temperature: float
    ) -> ChatRequest:
        """The prompt filled in."""
        passages = "\n\n".join(marks.passage(one.number, one.text) for one in shown)
        fields = {"nonce": marks.nonce, "passages": passages, "question": marks.question(question)}
        return ChatRequest(
            system=self.system.substitute(fields),
            user=self.user.substitute(fields),
            max_tokens=max_tokens,
            temperature=temperature,
        )


def prompt_names() -> list[str]:
    """Every prompt there is."""
    return sorted(each.name.removesuffix(_SUFFIX) for each in _FOLDER.iterdir() if each.name.endswith(_SUFFIX))


@cache
def load_prompt(name: str) -> Prompt:
    """Raises ConfigurationError for a name that there is no file of, or a file without its two parts."""
    if name not in prompt_names():
        raise ConfigurationError(f"answering.prompt: no prompt {name!r}; there are {', '.join(prompt_names())}.")
    text = (_FOLDER / f"{name}{_SUFFIX}").read_text(encoding="utf-8")
    system, is_split, user = text.partition(_USER_PART)
    prompt = Prompt(
        name, hashlib.sha256(text.encode()).hexdigest()[:_HASH_CHARACTERS], Template(system), Template(user.strip())
    )
    if not is_split or not {"passages", "question"} <= set(prompt.user.get_identifiers()):
        raise ConfigurationError(f"The prompt {name!r} has no user part with $passages and $question.")
    return prompt
