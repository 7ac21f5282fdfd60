"""Files made to hurt whoever opens them, each with what must become of it. Made anew for every run, from one seed.

`all_cases` gives every class with at least three variants. Sizes are what a sender would upload: the harm is in what a
file makes of itself.
"""

from collections.abc import Callable, Iterator
from random import Random

from tests.hostile import containers, markup, messages, pdfs, tables, texts, trees
from tests.hostile.cases import INGESTED, Case, Make

__all__ = ["INGESTED", "SEED", "Case", "all_cases", "cases_of"]

SEED = 20_260_401

CLASSES: dict[str, Callable[[Random], Iterator[Make]]] = {
    **containers.CLASSES,
    **trees.CLASSES,
    **pdfs.CLASSES,
    **texts.CLASSES,
    **markup.CLASSES,
    **messages.CLASSES,
    **tables.CLASSES,
}
"""By the name of the class; each yields its variants."""


def cases_of(name: str, seed: int = SEED) -> Iterator[Case]:
    """The variants of a class."""
    for filename, data, expected in CLASSES[name](Random(f"{seed} {name}")):
        yield Case(name, filename, data, expected)


def all_cases(seed: int = SEED) -> Iterator[Case]:
    """Every file, one at a time: together they would take more memory than they are worth."""
    for name in CLASSES:
        yield from cases_of(name, seed)
