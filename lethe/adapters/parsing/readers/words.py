"""Word files."""

from pathlib import Path
from typing import Final

import docx
from unstructured.partition.docx import partition_docx

from lethe.adapters.parsing.readers.mapping import map_elements
from lethe.errors import EncryptedDocument
from lethe.ports.parsing import ParsedDocument

_OLE: Final = bytes.fromhex("d0cf11e0a1b11ae1")
_NO_TITLE: Final = "Word Document"
"""What python-docx says of a file that has no title."""


def read_docx(path: Path) -> ParsedDocument:
    """Titles by their styles; pages where Word left its page breaks. A password makes of a docx an OLE file."""
    with path.open("rb") as file:
        if file.read(len(_OLE)) == _OLE:
            raise EncryptedDocument
    title = docx.Document(str(path)).core_properties.title.strip()
    found = partition_docx(filename=str(path), languages=[""], include_page_breaks=False)
    return ParsedDocument(tuple(map_elements(found)), "" if title == _NO_TITLE else title)
