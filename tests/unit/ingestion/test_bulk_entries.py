"""The files of an archive that somebody else made."""

import io
import tarfile
import zipfile
from pathlib import Path
from random import Random

import pytest

from lethe.errors import CorruptDocument
from lethe.ingestion.bulk.entries import Entry, open_entries
from lethe.settings import BulkSettings


def tar(path: Path, *files: tuple[str, bytes], mode: str = "w:gz", encoding: str = "utf-8") -> Path:
    with tarfile.open(path, mode, encoding=encoding, format=tarfile.GNU_FORMAT) as archive:  # type: ignore[call-overload]
        for name, data in files:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


def read(path: Path) -> list[tuple[str, str, bytes]]:
    """Name, code of the refusal, bytes."""
    with open_entries(path, BulkSettings()) as entries:
        return [(entry.name, entry.refused.code if entry.refused else "", data_of(entry)) for entry in entries]


def data_of(entry: Entry) -> bytes:
    return b"" if entry.refused else b"".join(entry.pieces())


def test_each_file_in_order(tmp_path: Path) -> None:
    files = [("a.txt", b"one"), ("deep/b.txt", b"two")]
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for name, data in files:
            archive.writestr(name, data)
    expected = [(name, "", data) for name, data in files]
    assert read(tmp_path / "a.zip") == expected
    assert read(tar(tmp_path / "a.tgz", *files)) == expected


@pytest.mark.parametrize("name", ["../out.txt", "/etc/passwd", "C:\\x.txt", "a\x07b.txt"])
def test_a_name_that_is_no_name_is_refused_and_the_rest_is_read(tmp_path: Path, name: str) -> None:
    found = read(tar(tmp_path / "a.tgz", (name, b"one"), ("b.txt", b"two")))
    assert [(code, data) for _, code, data in found] == [("unsafe_document", b""), ("", b"two")]


def test_a_name_in_another_encoding_is_refused_in_letters_that_can_be_kept(tmp_path: Path) -> None:
    found = read(tar(tmp_path / "a.tgz", ("M\u00fcller.txt", b"one"), ("b.txt", b"two"), encoding="latin-1"))
    assert [(code, data) for _, code, data in found] == [("unsafe_document", b""), ("", b"two")]
    assert found[0][0] == "M\\udcfcller.txt"


def test_what_follows_is_the_readers_own_error(tmp_path: Path) -> None:
    path = tar(tmp_path / "a.tgz", ("a.txt", b"one"))

    def stop_at_the_first() -> None:
        with open_entries(path, BulkSettings()) as entries:
            raise ValueError(next(entries).name)

    with pytest.raises(ValueError, match=r"a\.txt"):
        stop_at_the_first()


@pytest.mark.parametrize("mode", ["w:gz", "w:xz", "w:bz2"])
def test_an_archive_that_breaks_off_is_damaged(tmp_path: Path, mode: str) -> None:
    noise = Random(7).randbytes(200_000)
    path = tar(tmp_path / "a", ("a.txt", b"one"), ("b.bin", noise), ("c.txt", b"two"), mode=mode)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(CorruptDocument):
        read(path)


def test_no_archive_at_all(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(b"no archive")
    with pytest.raises(CorruptDocument), open_entries(path, BulkSettings()):
        pass
