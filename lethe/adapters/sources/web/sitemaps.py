"""Sitemaps (sitemaps.org): which pages a site says it has."""

import io
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

from lethe.errors import SourceListingIncomplete

MAX_BYTES: Final = 50 * 1024 * 1024
"""The protocol's own limit, of the unpacked file."""
_GZIP: Final = b"\x1f\x8b"
_ROOTS: Final = (b"<urlset", b"<sitemapindex")
_LOOKED_AT: Final = 4096


@dataclass(frozen=True, slots=True)
class Sitemap:
    """``sitemaps`` are an index's; ``pages`` a sitemap's own."""

    sitemaps: Sequence[str]
    pages: Sequence[str]


def is_sitemap(beginning: bytes) -> bool:
    """Whether a file that begins so is one; of a packed one, whether it can be."""
    looked_at = beginning[:_LOOKED_AT].removeprefix(b"\xef\xbb\xbf").lstrip()
    return beginning.startswith(_GZIP) or (
        looked_at.startswith((b"<?xml", *_ROOTS)) and any(root in looked_at for root in _ROOTS)
    )


def read_sitemap(file: bytes) -> Sitemap:
    """Raises SourceListingIncomplete for one that is broken, or larger than a sitemap may be."""
    found: dict[str, list[str]] = {"url": [], "sitemap": []}
    try:
        for _, element in iterparse(io.BytesIO(_unpacked(file)), forbid_dtd=True):
            if (name := _local_name(element)) in found:
                found[name] += [(child.text or "").strip() for child in element if _local_name(child) == "loc"]
                element.clear()
    except (ParseError, DefusedXmlException, zlib.error, ValueError) as error:
        raise SourceListingIncomplete("A sitemap cannot be read.") from error
    return Sitemap(found["sitemap"], found["url"])


def _local_name(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _unpacked(file: bytes) -> bytes:
    if not file.startswith(_GZIP):
        return file
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    unpacked = unpacker.decompress(file, MAX_BYTES)
    if not unpacker.eof:
        raise SourceListingIncomplete("A packed sitemap is cut off, or larger than a sitemap may be.")
    return unpacked
