"""Renders bench/sample_sources/*.{docx,pdf}.md into samples/: same bytes from the same sources and library versions.

The marks understood are the few that the sources use: `#` headings, `-` items, `|` tables, paragraphs.
"""

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Literal

import docx
from docx.document import Document
from fpdf import FPDF
from fpdf.enums import XPos, YPos

SOURCES = Path(__file__).parent / "sample_sources"
SAMPLES = Path(__file__).parents[1] / "samples"
ORGANISATION = "Mereholt Instruments"
WRITTEN = datetime(2026, 1, 20, 9, 0, tzinfo=UTC)  # one fixed time: a clock would change the bytes at every run
SOFT_HYPHEN = "\u00ad"
# Between two consonants, or before a single one, that stand between vowels: enough for real line-end hyphens.
SYLLABLE = re.compile(
    r"(?<=[a-z]{2}[aeiou][bcdfgklmnprst])(?=[bcdfgklmnprst][aeiou][a-z])"
    r"|(?<=[a-z]{2}[aeiou])(?=[bcdfgklmnprstv][aeiou][a-z]{2})"
)


@dataclass
class Block:
    kind: Literal["heading", "item", "paragraph", "table"]
    text: str = ""
    level: int = 0
    rows: list[list[str]] = field(default_factory=list[list[str]])


def blocks(source: str) -> Iterator[Block]:
    """One block per heading, item, paragraph or table, in order."""
    for part in re.split(r"\n\s*\n", source.strip()):
        if part.startswith("#"):
            marks, text = part.split(" ", 1)
            yield Block("heading", text, level=len(marks))
        elif part.startswith("|"):
            lines = [line for line in part.splitlines() if not line.startswith("|---")]
            yield Block("table", rows=[[cell.strip() for cell in line.strip("|").split("|")] for line in lines])
        elif part.startswith("- "):
            for item in part.splitlines():
                yield Block("item", item[2:])
        else:
            yield Block("paragraph", " ".join(part.split()))


def render_docx(source: str) -> bytes:
    document = docx.Document()
    properties = document.core_properties
    properties.author, properties.title = ORGANISATION, next(blocks(source)).text
    properties.created = properties.modified = WRITTEN.replace(tzinfo=None)
    for block in blocks(source):
        _append(document, block)
    raw = BytesIO()
    document.save(raw)
    return _with_fixed_times(raw)


def _append(document: Document, block: Block) -> None:
    if block.kind == "heading":
        document.add_heading(block.text, level=block.level - 1)  # level 0 is Word's title style
    elif block.kind == "item":
        document.add_paragraph(block.text, style="List Bullet")
    elif block.kind == "paragraph":
        document.add_paragraph(block.text)
    else:
        table = document.add_table(rows=len(block.rows), cols=len(block.rows[0]), style="Table Grid")
        for row, cells in zip(table.rows, block.rows, strict=True):
            for cell, text in zip(row.cells, cells, strict=True):
                cell.text = text


def _with_fixed_times(raw: BytesIO) -> bytes:
    """A docx is a zip whose entries carry the time of writing."""
    packed = BytesIO()
    with zipfile.ZipFile(raw) as old, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            entry = zipfile.ZipInfo(name, date_time=WRITTEN.timetuple()[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(entry, old.read(name))
    return packed.getvalue()


class Page(FPDF):
    """A5 pages with the running header and footer of a printed manual, so that cleaning has something to remove."""

    def __init__(self, title: str) -> None:
        super().__init__(format=(148, 210))  # millimetres: A5
        self.running_title = title
        self.set_title(title)
        self.set_author(ORGANISATION)
        self.set_creation_date(WRITTEN)
        self.set_margins(18, 16, 18)
        self.set_auto_page_break(True, margin=20)

    def header(self) -> None:
        self.set_font("Helvetica", "I", 8)
        self.cell(0, 5, f"{ORGANISATION} | {self.running_title}", new_x=XPos.LMARGIN, new_y=YPos.NEXT, align="R")
        self.ln(4)

    def footer(self) -> None:
        self.set_y(-14)
        self.set_font("Helvetica", "", 8)
        self.cell(0, 5, f"Page {self.page_no()} of {{nb}}", align="C")


def render_pdf(source: str) -> bytes:
    page = Page(next(blocks(source)).text)
    page.add_page()
    for block in blocks(source):
        if block.kind == "table":
            page.set_font("Helvetica", "", 9)
            with page.table(line_height=5, text_align="LEFT") as table:
                for cells in block.rows:
                    table.row(cells)
            page.ln(3)
        elif block.kind == "heading":
            page.set_font("Helvetica", "B", 16 - 2 * block.level)
            page.multi_cell(0, 7, block.text, new_x=XPos.LMARGIN, new_y=YPos.NEXT, align="L")
            page.ln(1)
        else:
            page.set_font("Helvetica", "", 10)
            text = SYLLABLE.sub(SOFT_HYPHEN, block.text)
            page.multi_cell(0, 5, text, new_x=XPos.LMARGIN, new_y=YPos.NEXT, align="J")
            page.ln(2.5)
    return bytes(page.output())


def main() -> None:
    for path in sorted(SOURCES.glob("*.md")):
        source, target = path.read_text(encoding="utf-8"), SAMPLES / path.stem
        target.write_bytes(render_docx(source) if target.suffix == ".docx" else render_pdf(source))
        print(f"{target.name}: {target.stat().st_size} bytes")


if __name__ == "__main__":
    main()
