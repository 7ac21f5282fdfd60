"""Prompts: files of a name that never changes its text, chosen by setting, told by name and hash in provenance."""

from functools import cache
from importlib.resources import files
from typing import Final

from lethe.answering.context import Shown
from lethe.errors import ConfigurationError
from lethe.guards.delimiters import Delimiters
from lethe.model.prompts import SUFFIX, PromptText
from lethe.ports.chat import ChatRequest

NO_ANSWER: Final = "NO_ANSWER"
"""All that a model is to say where the passages do not answer."""

_FOLDER: Final = files("lethe.answering") / "prompt_files"


class Prompt(PromptText):
    """With $passages and $question in what the user says."""

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
    return sorted(each.name.removesuffix(SUFFIX) for each in _FOLDER.iterdir() if each.name.endswith(SUFFIX))


@cache
def load_prompt(name: str) -> Prompt:
    """Raises ConfigurationError for a name that there is no file of, or a file without its two parts."""
    prompt = Prompt.read(_FOLDER, name, "answering.prompt")
    if not {"passages", "question"} <= set(prompt.user.get_identifiers()):
        raise ConfigurationError(f"The prompt {name!r} has no user part with $passages and $question.")
    return prompt
