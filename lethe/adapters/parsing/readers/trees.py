"""XML parts of a zip container. Entities are refused here too, whatever the sniffing let through."""

import zipfile
from collections.abc import Iterator
from typing import Final
from xml.etree.ElementTree import Element as XmlElement

from defusedxml import ElementTree

from lethe.errors import CorruptDocument, DocumentTooLarge

_PART_BYTES: Final = 64 * 1024 * 1024
"""A part of prose larger than this is none; its tree would take many times as much memory."""


def read_part(archive: zipfile.ZipFile, name: str) -> bytes:
    """The bytes of a member. Raises CorruptDocument if there is none, DocumentTooLarge."""
    try:
        with archive.open(name) as part:
            data = part.read(_PART_BYTES + 1)
    except KeyError as error:
        raise CorruptDocument("A part that the document needs is missing.") from error
    if len(data) > _PART_BYTES:
        raise DocumentTooLarge
    return data


def read_tree(archive: zipfile.ZipFile, name: str) -> XmlElement:
    """The root of an XML member; entities and external references are refused."""
    return ElementTree.fromstring(read_part(archive, name))


def local_name(element: XmlElement) -> str:
    """The tag without its namespace."""
    return element.tag.rpartition("}")[2]


def attribute(element: XmlElement, name: str) -> str:
    """An attribute by its name without namespace; "" if there is none."""
    return next((value for key, value in element.attrib.items() if key.rpartition("}")[2] == name), "")


def descendants(element: XmlElement, name: str) -> Iterator[XmlElement]:
    """Every element below with this local name, in document order."""
    return (found for found in element.iter() if local_name(found) == name)
