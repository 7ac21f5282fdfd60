"""How a PDF is read is a setting: what it needs, what is missing, and what a scan becomes."""

import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest
from fpdf import FPDF
from PIL import Image, ImageDraw, ImageFont

from lethe.adapters.parsing import LimitedParser
from lethe.errors import ConfigurationError, NoText
from lethe.ingestion.sniffing import PDF
from lethe.settings import ParsingSettings, PdfStrategy, Settings
from tests.integration.parsing import files

needs_tesseract = pytest.mark.skipif(
    shutil.which("tesseract") is None, reason="tesseract is not installed (Debian: apt-get install tesseract-ocr)"
)
LINES = ("Mooring of the Heron buoy", "The rope is longer than the lake is deep.")


def scan(path: Path) -> Path:
    """A page with text, then a page that is a picture of text."""
    picture = Image.new("L", (1240, 1754), 255)
    draw = ImageDraw.Draw(picture)
    for number, line in enumerate(LINES):
        draw.text((120, 200 + number * 160), line, fill=0, font=ImageFont.load_default(44))
    pdf = FPDF()
    pdf.add_page()
    files.line(pdf, 11, "This page has a text of its own.")
    pdf.add_page()
    pdf.image(picture, 0, 0, 210, 297)
    pdf.output(str(path))
    return path


def parser(strategy: PdfStrategy) -> LimitedParser:
    return LimitedParser.from_settings(Settings(parsing=ParsingSettings(strategy=strategy)))


@needs_tesseract
async def test_scanned_pages_are_read_and_others_keep_their_text(tmp_path: Path) -> None:
    reading = parser(PdfStrategy.OCR)
    try:
        document = await reading.parse(scan(tmp_path / "scan"), PDF)
        with pytest.raises(NoText):
            await reading.parse(files.picture_pdf(tmp_path / "empty"), PDF)
    finally:
        await reading.close()
    assert [(element.page, element.text) for element in document.elements] == [
        (1, "This page has a text of its own."),
        (2, LINES[0]),
        (2, LINES[1]),
    ]


async def test_without_ocr_a_scan_says_what_would_read_it(tmp_path: Path) -> None:
    reading = parser(PdfStrategy.TEXT)
    try:
        with pytest.raises(NoText) as caught:
            await reading.parse(files.picture_pdf(tmp_path / "scan"), PDF)
    finally:
        await reading.close()
    assert "parsing.strategy" in caught.value.advice


@pytest.mark.parametrize("strategy", [PdfStrategy.OCR, PdfStrategy.LAYOUT])
def test_a_strategy_without_its_program_is_refused_at_the_start(
    strategy: PdfStrategy, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigurationError, match="tesseract"):
        parser(strategy)


@needs_tesseract
@pytest.mark.skipif(find_spec("unstructured_inference") is not None, reason="the extra is installed")
def test_layout_without_its_models_names_the_extra() -> None:
    with pytest.raises(ConfigurationError, match=r"lethe\[layout\]"):
        parser(PdfStrategy.LAYOUT)
