"""Scanned PDFs: pages without text through tesseract, or every page through the optional layout models."""

import io
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import pypdfium2 as pdfium

from lethe.adapters.parsing.readers.mapping import map_elements
from lethe.adapters.parsing.readers.pages import read_pdf
from lethe.adapters.parsing.readers.plain import plain_elements
from lethe.adapters.parsing.strategies import LAYOUT_MODEL
from lethe.adapters.parsing.wire import Limits
from lethe.ports.parsing import Element, ParsedDocument
from lethe.settings import PdfStrategy

_DOTS_PER_INCH: Final = 200
"""Below, tesseract misreads small type; above, it only takes longer."""
_POINTS_PER_INCH: Final = 72
_MAX_SIDE: Final = 4_000
"""Points of a picture's longer side: a page may claim to be a kilometre wide."""


def read_scanned(path: Path, limits: Limits) -> ParsedDocument:
    """Raises what `read_pdf` raises; a page that has text keeps it."""
    document = read_pdf(path, limits.pages)
    if limits.strategy == PdfStrategy.LAYOUT:
        return ParsedDocument(tuple(_by_models(path, limits)), document.title)
    with_text = {element.page for element in document.elements}
    found = list(document.elements)
    with pdfium.PdfDocument(path) as pictures:
        for number in range(len(pictures)):
            if number + 1 not in with_text:
                found.extend(replace(element, page=number + 1) for element in _by_tesseract(pictures[number], limits))
    return ParsedDocument(tuple(sorted(found, key=lambda element: element.page or 0)), document.title)


def _by_tesseract(page: Any, limits: Limits) -> list[Element]:
    side = max(page.get_size()) or 1.0
    scale = min(_DOTS_PER_INCH / _POINTS_PER_INCH, _MAX_SIDE / side)
    picture = io.BytesIO()
    page.render(scale=scale, grayscale=True).to_pil().save(picture, format="PNG")
    done = subprocess.run(
        [limits.tesseract, "stdin", "stdout", "-l", limits.languages],
        input=picture.getvalue(),
        capture_output=True,
        check=True,
        timeout=limits.seconds,
    )
    return plain_elements(done.stdout.decode(errors="replace"))


def _by_models(path: Path, limits: Limits) -> Iterator[Element]:
    """Loaded by name: without the extra the module cannot be imported."""
    partition = import_module("unstructured.partition.pdf").partition_pdf
    yield from map_elements(
        partition(
            filename=str(path),
            strategy="hi_res",
            hi_res_model_name=LAYOUT_MODEL,
            languages=limits.languages.split("+"),
        )
    )


def load_models(limits: Limits) -> None:
    """What layout needs, before a document is there to be blamed for its absence.

    The library would start `tesseract` from the PATH; the child may only start the one that was checked.
    """
    vars(import_module("unstructured_pytesseract.pytesseract"))["tesseract_cmd"] = limits.tesseract
    import_module("unstructured_inference.models.base").get_model(LAYOUT_MODEL)
