"""What the ways of reading a PDF need of the machine."""

import shutil
from importlib.util import find_spec
from typing import Final

from lethe.errors import ConfigurationError
from lethe.settings import PdfStrategy

_MODELS: Final = "unstructured_inference"
"""What only the extra brings: torch and the layout models' code."""
LAYOUT_MODEL: Final = "yolox"
"""unstructured-inference's default, named so that its environment cannot choose one whose weights are not here."""
_WEIGHTS: Final = ("unstructuredio/yolo_x_layout", "yolox_l0.05.onnx")
"""Where that model's weights are on the hub, as unstructured_inference.models.yolox says."""


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


def models_for(strategy: PdfStrategy) -> str:
    """The folder with the layout model's weights where the strategy loads them, else "".

    Raises ConfigurationError if they are not there: a child has no network to fetch them.
    """
    if strategy is not PdfStrategy.LAYOUT:
        return ""
    from huggingface_hub import constants, try_to_load_from_cache  # noqa: PLC0415 - 0.3 s, for layout only

    repository, file = _WEIGHTS
    if not isinstance(try_to_load_from_cache(repository, file), str):
        raise ConfigurationError(
            f"parsing.strategy = layout needs weights that are not in {constants.HF_HUB_CACHE}: "
            f"hf download {repository} {file}"
        )
    return str(constants.HF_HUB_CACHE)
