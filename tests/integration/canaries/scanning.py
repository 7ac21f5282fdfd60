"""Reading every file of every folder for the bytes of a person. It knows no store and asks none."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import numpy as np

from tests.integration.canaries.forms import Form, Needles

Found = Mapping[str, Mapping[Form, list[str]]]
"""The files by place and form."""

_COMPRESSED: Final = (
    b"\x1f\x8b\x08",
    b"\x28\xb5\x2f\xfd",
    b"\x04\x22\x4d\x18",
    b"\xff\x06\x00\x00sNaPpY",
    b"PK\x03\x04",
)
"""gzip, zstd, lz4, snappy, zip."""
_CHUNK: Final = 1 << 24
_BEGINNING: Final = 4
_OVERLAP: Final = 4096
"""No needle is longer."""


class CompressedFile(AssertionError):
    """A file that would have to be decoded first: what is in it was not seen."""


def scan(places: Mapping[str, Path], needles: Needles) -> Found:
    """Every file below each place, hidden ones and those without a name too. Raises CompressedFile."""
    search = Search(needles)
    found: defaultdict[str, defaultdict[Form, list[str]]] = defaultdict(lambda: defaultdict(list))
    for place, root in places.items():
        for file in files_of(root):
            for form in _forms_in(file, search):
                found[place][form].append(str(file.relative_to(root)))
    return {place: dict(forms) for place, forms in found.items()}


class Search:
    """Many needles in one pass: where their first four bytes are, two by two, the whole needle is compared."""

    def __init__(self, needles: Needles) -> None:
        self._by_beginning: defaultdict[bytes, list[tuple[bytes, Form]]] = defaultdict(list)
        self._first, self._second = np.zeros(1 << 16, np.bool_), np.zeros(1 << 16, np.bool_)
        for form, some in needles.items():
            for needle in some:
                self._by_beginning[needle[:_BEGINNING]].append((needle, form))
                self._first[int.from_bytes(needle[:2])] = True
                self._second[int.from_bytes(needle[2:_BEGINNING])] = True

    def forms_in(self, piece: bytes) -> set[Form]:
        if len(piece) < _BEGINNING:
            return set()
        octets = np.frombuffer(piece, np.uint8)
        pairs = octets[:-1].astype(np.uint16) << 8 | octets[1:]
        places = np.flatnonzero(self._first[pairs[:-2]])
        places = places[self._second[pairs[places + 2]]]
        return {form for place in places.tolist() for form in self._forms_at(piece, place)}

    def _forms_at(self, piece: bytes, place: int) -> list[Form]:
        some = self._by_beginning.get(piece[place : place + _BEGINNING], [])
        return [form for needle, form in some if piece.startswith(needle, place)]


def files_of(root: Path) -> list[Path]:
    if root.is_file():
        return [root]
    return sorted(path for path in root.rglob("*") if path.is_file() and not path.is_symlink())


def _forms_in(file: Path, search: Search) -> set[Form]:
    """Those whose bytes are in the file; one that goes while it is read holds none."""
    try:
        return {form for piece in _pieces(file) for form in search.forms_in(piece)}
    except FileNotFoundError:
        return set()


def _pieces(file: Path) -> Iterator[bytes]:
    with file.open("rb") as opened:
        piece = opened.read(_CHUNK)
        if piece.startswith(_COMPRESSED):
            raise CompressedFile(str(file))
        while piece:
            yield piece
            more = opened.read(_CHUNK)
            piece = piece[-_OVERLAP:] + more if more else b""
