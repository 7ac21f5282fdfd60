"""Folders: which may be sources, and that nothing outside is read, whatever is put in a file's place."""

import os
from pathlib import Path

import pytest

from lethe.adapters.sources import ConfiguredReaders
from lethe.errors import (
    LetheError,
    SourceAddressRefused,
    SourceItemChanged,
    SourceItemGone,
    SourceListingIncomplete,
    SourceMissing,
)
from lethe.model.sources import SourceAddress, SourceFilters, SourceItem, SourceKind
from lethe.ports.sources import SourceReader
from lethe.settings import SourceSettings

TENANT = "01a20110-6c57-718f-a7cd-9f74f5c8186c"
OTHER = "01a20110-6c57-718f-a7cd-9f75d30980cf"
"""The same in every process that shares the tests: they stand in the names of some."""


def folder(path: Path | str) -> SourceAddress:
    return SourceAddress(TENANT, SourceKind.FOLDER, str(path))


async def opened(root: Path, *allowed: Path) -> SourceReader:
    settings = SourceSettings(folders=tuple(str(path) for path in allowed or (root,)))
    return await ConfiguredReaders(settings).open(folder(root), SourceFilters())


async def items(reader: SourceReader) -> dict[str, SourceItem]:
    return {item.key: item async for item in reader.items()}


async def body(reader: SourceReader, item: SourceItem) -> bytes:
    return b"".join([piece async for piece in reader.read(item)])


@pytest.fixture
def world(tmp_path: Path) -> tuple[Path, Path]:
    """A folder that is a source, and what lies beside it."""
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    (inside / "deep").mkdir(parents=True)
    outside.mkdir()
    (inside / "a.txt").write_bytes(b"ours")
    (inside / "deep/b.txt").write_bytes(b"ours too")
    (outside / "a.txt").write_bytes(b"SECRET")
    (outside / "b.txt").write_bytes(b"SECRET!!")
    return inside, outside


@pytest.mark.parametrize(
    ("address", "is_allowed"),
    [
        ("/data/shared", True),
        ("/data/shared/", True),
        ("/data/shared/deep", True),
        ("file:///data/shared/deep", True),
        (f"/data/own/{TENANT}/x", True),
        ("/data", False),
        ("/data/sharedx", False),
        ("/data/shared/../secret", False),
        ("/data/shared/%2e%2e/secret", False),
        ("/data/shared/./a", False),
        (f"/data/own/{OTHER}/x", False),
        ("/data/own/{tenant}/x", False),
        ("data/shared", False),
        ("file://data/shared", False),
        ("/data/shared\0", False),
        ("/", False),
        ("", False),
        ("/etc", False),
    ],
)
def test_only_what_is_below_the_allowed_folders(address: str, is_allowed: bool) -> None:
    readers = ConfiguredReaders(SourceSettings(folders=("/data/shared", "/data/own/{tenant}")))
    if is_allowed:
        readers.check(folder(address))
        return
    with pytest.raises(SourceAddressRefused):
        readers.check(folder(address))


def test_none_is_allowed_unless_the_operator_says_so() -> None:
    with pytest.raises(SourceAddressRefused):
        ConfiguredReaders(SourceSettings()).check(folder("/"))


async def test_an_allowed_folder_that_is_a_link_leads_nowhere_else(world: tuple[Path, Path], tmp_path: Path) -> None:
    inside, outside = world
    (inside / "link").symlink_to(outside)
    (inside / "near").symlink_to(inside / "deep")
    with pytest.raises(SourceAddressRefused):
        await opened(inside / "link", inside)
    assert list(await items(await opened(inside / "near", inside))) == ["b.txt"]
    with pytest.raises(SourceMissing):
        await opened(tmp_path / "none", tmp_path)


async def test_links_out_are_no_items_and_links_within_are(world: tuple[Path, Path]) -> None:
    inside, outside = world
    (inside / "file").symlink_to(outside / "a.txt")
    (inside / "folder").symlink_to(outside)
    (inside / "dangling").symlink_to(inside / "none")
    (inside / "round").symlink_to(inside)
    (inside / "alias.txt").symlink_to(inside / "deep/b.txt")
    os.mkfifo(inside / "pipe")
    reader = await opened(inside)
    found = await items(reader)
    assert sorted(found) == ["a.txt", "alias.txt", "deep/b.txt"]
    assert await body(reader, found["alias.txt"]) == b"ours too"
    for key in ("file", "folder/a.txt", "../outside/a.txt", "deep/../../outside/a.txt", "pipe", "%2e%2e/outside/a.txt"):
        assert await reader.item(key) is None
        with pytest.raises((SourceItemGone, SourceItemChanged)):
            await body(reader, SourceItem(key, "", "", found["a.txt"].revision, 4))


@pytest.mark.parametrize("replaced", ["file", "folder", "pipe"])
async def test_what_is_put_in_a_files_place_is_not_read(world: tuple[Path, Path], replaced: str) -> None:
    inside, outside = world
    reader = await opened(inside)
    listed = (await items(reader))["deep/b.txt"]
    (inside / "deep/b.txt").unlink()
    if replaced == "file":
        (inside / "deep/b.txt").symlink_to(outside / "b.txt")
    elif replaced == "pipe":
        os.mkfifo(inside / "deep/b.txt")
    else:
        (inside / "deep").rmdir()
        (inside / "deep").symlink_to(outside)
    with pytest.raises((SourceItemGone, SourceItemChanged)):
        await body(reader, listed)


async def test_a_link_made_after_the_path_was_followed_is_not(
    world: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look and the opening there is always a moment."""
    inside, outside = world
    reader = await opened(inside)
    listed = (await items(reader))["deep/b.txt"]
    real = os.path.realpath

    def replaced_at_once(path: str) -> str:
        resolved = real(path)
        if path.endswith("b.txt"):
            (inside / "deep").rename(inside / "moved")
            (inside / "deep").symlink_to(outside)
        return resolved

    monkeypatch.setattr(os.path, "realpath", replaced_at_once)
    with pytest.raises(LetheError) as refused:
        await body(reader, listed)
    assert isinstance(refused.value, SourceItemChanged)


async def test_a_file_that_changes_while_it_is_read_is_told_from_one_that_vanished(world: tuple[Path, Path]) -> None:
    inside, _ = world
    for name in ("changes", "vanishes"):
        (inside / name).write_bytes(bytes(3 * 1024 * 1024))
    reader = await opened(inside)
    found = await items(reader)

    async def read_while_it_is_written() -> None:
        async for _ in reader.read(found["changes"]):
            (inside / "changes").write_bytes(b"\1" * 3 * 1024 * 1024)

    with pytest.raises(SourceItemChanged):
        await read_while_it_is_written()
    (inside / "vanishes").unlink()
    with pytest.raises(SourceItemGone):
        await body(reader, found["vanishes"])


async def test_a_folder_that_is_taken_away_while_it_is_listed_has_not_lost_its_files(world: tuple[Path, Path]) -> None:
    inside, _ = world
    reader = await opened(inside)

    async def list_while_it_is_replaced() -> None:
        listing = reader.items()
        assert (await anext(listing)).key == "a.txt"
        inside.rename(inside.parent / "unmounted")
        (inside / "deep").mkdir(parents=True)
        assert [item async for item in listing] == []

    with pytest.raises(SourceListingIncomplete):
        await list_while_it_is_replaced()


async def test_any_name_a_file_can_have(tmp_path: Path) -> None:
    names = [
        b"\xff.txt",
        b"a b.txt",
        b"a%20b.txt",
        b"a#b?.txt",
        b"a\nb.txt",
        "über 文.txt".encode(),
        b"..txt",
        b"%2e%2e",
    ]
    for name in names:
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).write_bytes(name)
    reader = await opened(tmp_path)
    found = await items(reader)
    assert sorted([await body(reader, item) for item in found.values()]) == sorted(names)
    for item in found.values():
        assert item.uri.isprintable()
        assert item.name.isprintable()
        assert item.uri.encode()
        assert await reader.item(item.key) == item
    assert "über%20文.txt" in found


async def test_a_folder_that_is_gone_or_empty_holds_nothing_beside_what_was_in_it(world: tuple[Path, Path]) -> None:
    inside, outside = world
    reader = await opened(inside)
    assert [await reader.holds_beside(key) for key in ("gone.txt", "deep/gone.txt")] == [True, True]
    (inside / "deep/b.txt").unlink()
    (inside / "a.txt").rename(inside / "file")
    (inside / "leads-out").symlink_to(outside)
    (inside / "deep/empty").mkdir()
    keys = ("deep/b.txt", "deep/below/c.txt", "none/b.txt", "file/b.txt", "leads-out/b.txt")
    assert [await reader.holds_beside(key) for key in keys] == [False] * 5
    assert await reader.holds_beside("gone.txt")
