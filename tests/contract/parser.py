"""What a parser means: inherited by the suite of every adapter and of the fake."""

from pathlib import Path

import pytest

from lethe.errors import NoText, UnsupportedType
from lethe.ports.parsing import ElementKind, Parser

PLAIN = "text/plain"


def saved(folder: Path, data: bytes, name: str = "file") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


class ParserContract:
    """Subclasses give the fixture `parser`."""

    async def test_reads_blocks_in_order(self, parser: Parser, tmp_path: Path) -> None:
        paragraphs = [f"The buoy number {number} sends its readings once an hour to the portal." for number in range(5)]
        document = await parser.parse(saved(tmp_path, "\n\n".join(paragraphs).encode()), PLAIN)
        assert [element.text for element in document.elements] == paragraphs
        assert {element.kind for element in document.elements} == {ElementKind.TEXT}
        assert {element.page for element in document.elements} == {None}

    async def test_tells_titles_and_their_levels(self, parser: Parser, tmp_path: Path) -> None:
        data = b"# Manual\n\nWhat the buoy does.\n\n## Safety\n\nWhat nobody does.\n"
        document = await parser.parse(saved(tmp_path, data), "text/markdown")
        assert [(e.kind, e.level, e.text) for e in document.elements] == [
            (ElementKind.TITLE, 1, "Manual"),
            (ElementKind.TEXT, 0, "What the buoy does."),
            (ElementKind.TITLE, 2, "Safety"),
            (ElementKind.TEXT, 0, "What nobody does."),
        ]

    async def test_the_same_file_gives_the_same_document(self, parser: Parser, tmp_path: Path) -> None:
        path = saved(tmp_path, "Grüße aus Ostermere.\n\n表面 🙂".encode())
        assert await parser.parse(path, PLAIN) == await parser.parse(path, PLAIN)

    async def test_another_type_is_unsupported(self, parser: Parser, tmp_path: Path) -> None:
        with pytest.raises(UnsupportedType):
            await parser.parse(saved(tmp_path, b"\x89PNG"), "image/png")

    @pytest.mark.parametrize("data", [b"", b" \n\t\r\n  "])
    async def test_nothing_to_read_is_no_text(self, parser: Parser, tmp_path: Path, data: bytes) -> None:
        with pytest.raises(NoText):
            await parser.parse(saved(tmp_path, data), PLAIN)
