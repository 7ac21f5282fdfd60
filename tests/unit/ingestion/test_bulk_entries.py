"""The files of an archive that somebody else made."""

import errno
import gzip
import io
import resource
import tarfile
import tracemalloc
import zipfile
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import pytest

from lethe.errors import CorruptDocument, DocumentTooLarge
from lethe.ingestion.bulk.bounded import Bounded
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


def zipped(path: Path, *files: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in files:
            archive.writestr(name, data)
    return path


@pytest.mark.parametrize("make", [tar, zipped])
def test_the_limit_of_bytes_is_one_of_the_whole_archive(tmp_path: Path, make: Callable[..., Path]) -> None:
    path = make(tmp_path / "a", *((f"{n}.txt", b"x" * 40) for n in range(4)))
    found: list[str] = []

    def read_on() -> None:
        with open_entries(path, BulkSettings(archive_bytes=100)) as entries:
            found.extend(entry.name for entry in entries)

    with pytest.raises(DocumentTooLarge):
        read_on()
    assert found == ["0.txt", "1.txt"]


@pytest.mark.parametrize("make", [tar, zipped])
@pytest.mark.parametrize("name", ["{}.txt", "{}/"])
def test_files_and_folders_are_counted(tmp_path: Path, make: Callable[..., Path], name: str) -> None:
    path = make(tmp_path / "a", *((name.format(n), b"") for n in range(4)))
    if make is tar and name == "{}/":
        with tarfile.open(path, "w:gz") as archive:
            for n in range(4):
                info = tarfile.TarInfo(f"{n}")
                info.type = tarfile.DIRTYPE
                archive.addfile(info)
    with pytest.raises(DocumentTooLarge), open_entries(path, BulkSettings(archive_entries=3)) as entries:
        list(entries)


@pytest.mark.parametrize("mode", ["w:xz", "w:bz2"])
def test_other_compressions_of_a_tar_are_refused(tmp_path: Path, mode: str) -> None:
    """They may take any amount of memory for what they unpack."""
    with pytest.raises(CorruptDocument):
        read(tar(tmp_path / "a", ("a.txt", b"one"), mode=mode))


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_compressions_of_a_zips_file_are_refused_before_they_unpack(tmp_path: Path, method: int) -> None:
    path = zipped(tmp_path / "a.zip", ("a.txt", bytes(32 * 1024 * 1024)), method=method)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("b.txt", b"two")
    with peak_below(16 * 1024 * 1024):
        assert [(code, data) for _, code, data in read(path)] == [("unsafe_document", b""), ("", b"two")]


@contextmanager
def peak_below(most: int) -> Generator[None]:
    """Whether no more memory than that is held at any time within."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < most
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME])
def test_a_header_of_any_length_is_not_read(tmp_path: Path, kind: bytes) -> None:
    size = 100_000_000
    with gzip.open(tmp_path / "a.tgz", "wb", compresslevel=1) as file:
        info = tarfile.TarInfo("long")
        info.type, info.size = kind, size
        file.write(info.tobuf(tarfile.GNU_FORMAT))
        for _ in range(size // 1_000_000):
            file.write(bytes(1_000_000))
    with peak_below(16 * 1024 * 1024), pytest.raises(DocumentTooLarge):
        read(tmp_path / "a.tgz")


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE])
def test_a_header_that_is_slow_to_search_is_not_read(tmp_path: Path, kind: bytes) -> None:
    with gzip.open(tmp_path / "a.tgz", "wb") as file:
        file.write(pax_header(kind, b"1" * 9_000))
    with pytest.raises(DocumentTooLarge):
        read(tmp_path / "a.tgz")


def test_headers_are_bounded_in_all(tmp_path: Path) -> None:
    """One file may have many: they count together."""
    path = tmp_path / "a.tar"
    headers = 30 * pax_header(tarfile.XHDTYPE, b"1010 comment=" + b"x" * 996 + b"\n")
    path.write_bytes(headers + tarfile.TarInfo("a.txt").tobuf(tarfile.PAX_FORMAT) + bytes(1024))
    assert read(path) == [("a.txt", "", b"")]
    with pytest.raises(DocumentTooLarge), open_entries(path, BulkSettings(archive_entries=20)):
        pass


def pax_header(kind: bytes, content: bytes) -> bytes:
    info = tarfile.TarInfo("header")
    info.type, info.size = kind, len(content)
    return info.tobuf(tarfile.PAX_FORMAT) + content.ljust(-(-len(content) // 512) * 512, b"\0")


def test_a_long_name_is_met_again(tmp_path: Path) -> None:
    name = "n\u00f6" * 400 + ".txt"
    with tarfile.open(tmp_path / "a.tar", "w", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(tarfile.TarInfo(name))
    assert read(tmp_path / "a.tar") == [(name, "", b"")]


@pytest.mark.parametrize("make", [tar, zipped])
@pytest.mark.parametrize("error", [OSError(errno.EIO, "the disk"), MemoryError()])
def test_what_is_wrong_with_the_machine_says_nothing_of_the_archive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[..., Path], error: Exception
) -> None:
    path = make(tmp_path / "a", ("a.txt", b"one"), ("b.txt", b"two"))

    def fail(self: object, size: int = -1, /) -> bytes:
        raise error

    with open_entries(path, BulkSettings()) as entries, monkeypatch.context() as patch:
        entry = next(entries)
        patch.setattr(Bounded, "read", fail)
        with pytest.raises(type(error)):
            list(entry.pieces())
        with pytest.raises(type(error)):
            list(entries)
    monkeypatch.setattr(Bounded, "read", fail)
    with pytest.raises(type(error)):
        read(path)


def test_no_free_descriptor_says_nothing_of_the_archive(tmp_path: Path) -> None:
    path = tar(tmp_path / "a", ("a.txt", b"one"))
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, before[1]))
    try:
        with pytest.raises(OSError, match="Too many open files"), open_entries(path, BulkSettings()):
            pass
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_a_directory_of_any_length_is_not_read(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", *((f"{n:0200}", b"") for n in range(5_000)))
    with pytest.raises(DocumentTooLarge), open_entries(path, BulkSettings(archive_entries=10)):
        pass


def test_a_huge_file_comes_in_pieces(tmp_path: Path) -> None:
    size = 100_000_000
    path = zipped(tmp_path / "a.zip", ("a.txt", bytes(size)))
    with peak_below(16 * 1024 * 1024), open_entries(path, BulkSettings(archive_ratio=2_000)) as entries:
        assert sum(len(piece) for piece in next(entries).pieces()) == size


@pytest.mark.parametrize("mode", ["w:gz", "w"])
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
