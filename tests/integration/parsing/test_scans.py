"""How a PDF is read is a setting: what it needs, what is missing, and what a scan becomes."""

import shutil
import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

import pytest
from fpdf import FPDF
from huggingface_hub import constants
from PIL import Image, ImageDraw, ImageFont

from lethe.adapters.parsing import LimitedParser
from lethe.adapters.parsing.pool import limits_from
from lethe.adapters.parsing.process import environment_of
from lethe.adapters.parsing.readers.scans import load_models
from lethe.adapters.parsing.strategies import LAYOUT_MODEL, models_for
from lethe.errors import ConfigurationError, NoText
from lethe.ingestion.sniffing import MediaType
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
        document = await reading.parse(scan(tmp_path / "scan"), MediaType.PDF)
        with pytest.raises(NoText):
            await reading.parse(files.picture_pdf(tmp_path / "empty"), MediaType.PDF)
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
            await reading.parse(files.picture_pdf(tmp_path / "scan"), MediaType.PDF)
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


def test_layout_without_its_weights_says_how_to_get_them(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A child has no network, and a document must not be blamed for what the operator has not put there."""
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(ConfigurationError, match=r"hf download unstructuredio/yolo_x_layout yolox_l0\.05\.onnx"):
        models_for(PdfStrategy.LAYOUT)
    kept = tmp_path / "models--unstructuredio--yolo_x_layout"
    for name, text in {"refs/main": "a1", "snapshots/a1/yolox_l0.05.onnx": "weights"}.items():
        (kept / name).parent.mkdir(parents=True)
        (kept / name).write_text(text)
    assert models_for(PdfStrategy.LAYOUT) == str(tmp_path)
    assert models_for(PdfStrategy.OCR) == ""


def test_layout_runs_the_checked_tesseract_and_the_model_whose_weights_are_there(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Against stand-ins with the names that unstructured-inference 1.6 and unstructured.pytesseract 0.3 document."""
    ocr, models, loaded = ModuleType("pytesseract"), ModuleType("base"), list[str]()
    models.get_model = loaded.append  # type: ignore[attr-defined]
    for name in ("unstructured_pytesseract", "unstructured_inference", "unstructured_inference.models"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    monkeypatch.setitem(sys.modules, "unstructured_pytesseract.pytesseract", ocr)
    monkeypatch.setitem(sys.modules, "unstructured_inference.models.base", models)
    limits = replace(limits_from(Settings()), tesseract="/usr/bin/tesseract", models=str(tmp_path))
    load_models(limits)
    assert vars(ocr)["tesseract_cmd"] == "/usr/bin/tesseract"
    assert loaded == [LAYOUT_MODEL]
    assert environment_of(limits)["HF_HUB_CACHE"] == str(tmp_path)
    assert environment_of(limits)["HF_HUB_OFFLINE"] == "1"
