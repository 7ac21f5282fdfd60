"""EPUB (3.3 and 2): the pages of the spine in reading order, each through the reader of HTML."""

import posixpath
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import unquote
from xml.etree.ElementTree import Element as XmlElement

from lethe.adapters.parsing.readers.decoding import decode
from lethe.adapters.parsing.readers.texts import parse_html
from lethe.adapters.parsing.readers.trees import attribute, descendants, read_part, read_tree
from lethe.errors import CorruptDocument, DocumentTooLarge, EncryptedDocument
from lethe.ports.parsing import Element, ParsedDocument

_CONTAINER: Final = "META-INF/container.xml"
_ENCRYPTION: Final = "META-INF/encryption.xml"
_PAGES: Final = frozenset({"application/xhtml+xml", "text/html"})


def read_epub(path: Path, max_pages: int) -> ParsedDocument:
    """Raises CorruptDocument, DocumentTooLarge (more chapters than pages are allowed), EncryptedDocument."""
    with zipfile.ZipFile(path) as archive:
        root = next(descendants(read_tree(archive, _CONTAINER), "rootfile"), None)
        if root is None:
            raise CorruptDocument
        package_path = attribute(root, "full-path")
        package = read_tree(archive, package_path)
        names = list(_spine(package, posixpath.dirname(package_path)))
        if len(names) > max_pages:
            raise DocumentTooLarge
        if set(names) & _encrypted(archive):
            raise EncryptedDocument
        elements = tuple(element for name in names for element in _page(archive, name))
    title = next(descendants(package, "title"), None)
    return ParsedDocument(elements, " ".join("".join(title.itertext()).split()) if title is not None else "")


def _spine(package: XmlElement, folder: str) -> Iterator[str]:
    """Names of the members that hold the pages; one that the spine repeats is read once."""
    places = {
        attribute(item, "id"): posixpath.normpath(posixpath.join(folder, unquote(attribute(item, "href"))))
        for item in descendants(package, "item")
        if attribute(item, "media-type") in _PAGES
    }
    for item in descendants(package, "itemref"):
        place = places.pop(attribute(item, "idref"), None)
        if place is not None:
            yield place


def _encrypted(archive: zipfile.ZipFile) -> set[str]:
    """Members under a key. Fonts often are, and take nothing from the text."""
    if _ENCRYPTION not in archive.namelist():
        return set()
    return {
        unquote(attribute(found, "URI")) for found in descendants(read_tree(archive, _ENCRYPTION), "CipherReference")
    }


def _page(archive: zipfile.ZipFile, name: str) -> tuple[Element, ...]:
    return parse_html(decode(read_part(archive, name))).elements
