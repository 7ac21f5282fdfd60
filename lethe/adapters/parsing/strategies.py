"""What the ways of reading a PDF need of the machine."""

import shutil
from importlib.util import find_spec
from typing import Final

from lethe.errors import ConfigurationError
from lethe.settings import PdfStrategy

_MODELS: Final = "unstructured_inference"
"""What only the extra brings: torch and the layout models' code."""


def program_for(strategy: PdfStrategy) -> str:
    """The path of tesseract where the strategy runs it, else "". Raises ConfigurationError naming what is missing."""
    if strategy is PdfStrategy.TEXT:
        return ""
    program = shutil.which("tesseract")
    if program is None:
        raise ConfigurationError(
            f"parsing.strategy = {strategy} needs the program tesseract (Debian: apt-get install tesseract-ocr)."
        )
    if strategy is PdfStrategy.LAYOUT and find_spec(_MODELS) is None:
        raise ConfigurationError("parsing.strategy = layout needs its models: pip install 'lethe[layout]'.")
    return program
