"""Every measured constant of retrieval, with where it is from. `make bench-quality` measures them again."""

from collections.abc import Collection, Mapping
from typing import Final

KNOWN_LANGUAGES: Final[Mapping[str, frozenset[str]]] = {
    "all-MiniLM-L6-v2-int8": frozenset({"en"}),
}
"""What a model can tell the meaning of; one that is not here is taken to know every language."""


def knows_any(model: str, languages: Collection[str]) -> bool:
    """Whether the model knows one of the languages a question may be in."""
    known = KNOWN_LANGUAGES.get(model)
    return known is None or not known.isdisjoint(languages)
