"""Git repositories over HTTP, through git's own server; and what a repository or an address may not do."""

import asyncio
import base64
import os
import shutil
import socket
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from lethe.adapters.sources import ConfiguredReaders
from lethe.adapters.sources.git import reader as git_reader
from lethe.errors import (
    SourceAccessDenied,
    SourceAddressRefused,
    SourceCredentialsUnknown,
    SourceMissing,
    SourceTimedOut,
    SourceToolMissing,
    SourceTooManyItems,
    SourceUnavailable,
)
from lethe.model.ids import new_id
from lethe.model.sources import SourceAddress, SourceFilters, SourceKind
from lethe.ports.sources import SourceReader
from lethe.settings import SourceCredentials, SourceSettings
from tests.servers.repositories import Checkout, GitServer, git_server
from tests.servers.web import Answer, web_site

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")

HERE = SourceSettings(private_hosts=("127.0.0.1", "code.example.org"))
SMALL = HERE.model_copy(update={"clone_bytes": 1024 * 1024})
SECRET = "hunter2-and-more"


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    checkout = Checkout(tmp_path / "repository")
    checkout.put("docs/a.md", b"# on main")
    checkout.commit()
    return checkout


@pytest.fixture
def server(checkout: Checkout) -> Generator[GitServer]:
    with git_server(checkout.folder.parent) as server:
        yield server


def repository(server: GitServer, branch: str = "", host: str = "127.0.0.1", credentials: str = "") -> SourceAddress:
    address = f"http://{host}:{server.server_port}/repository/.git{branch}"
    return SourceAddress(new_id(), SourceKind.GIT, address, credentials)


@asynccontextmanager
async def reading(source: SourceAddress, settings: SourceSettings = HERE) -> AsyncGenerator[SourceReader]:
    reader = await ConfiguredReaders(settings).open(source, SourceFilters())
    try:
        yield reader
    finally:
        await reader.close()


async def texts(source: SourceAddress, settings: SourceSettings = HERE) -> dict[str, bytes]:
    async with reading(source, settings) as reader:
        found = [item async for item in reader.items()]
        return {item.key: b"".join([piece async for piece in reader.read(item)]) for item in found}


async def test_a_branch_or_tag_is_the_one_that_is_named(checkout: Checkout, server: GitServer) -> None:
    checkout.git("switch", "--quiet", "--create", "next/one")
    checkout.put("docs/a.md", b"# on next")
    checkout.commit()
    checkout.git("tag", "v1")
    checkout.git("switch", "--quiet", "main")
    assert await texts(repository(server)) == {"docs/a.md": b"# on main"}
    for name in ("#next/one", "#v1"):
        async with reading(repository(server, name)) as reader:
            (item,) = [item async for item in reader.items()]
            assert item.uri.endswith(f"/repository/.git{name}:docs/a.md")
            assert b"".join([piece async for piece in reader.read(item)]) == b"# on next"
    with pytest.raises(SourceMissing):
        await texts(repository(server, "#none"))


async def test_the_copy_is_in_the_scratch_folder_and_goes_with_its_reader(server: GitServer, tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    readers = ConfiguredReaders(HERE, scratch)
    reader = await readers.open(repository(server), SourceFilters())
    assert len(list(scratch.iterdir())) == 1
    await reader.close()
    with pytest.raises(SourceMissing):
        await readers.open(repository(server, "#none"), SourceFilters())
    assert list(scratch.iterdir()) == []


async def test_links_and_submodules_are_no_files(checkout: Checkout, server: GitServer, tmp_path: Path) -> None:
    (checkout.folder / "passwd").symlink_to("/etc/passwd")
    other = Checkout(tmp_path / "other")
    other.put("secret.txt", b"SECRET")
    other.commit()
    checkout.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", f"file://{other.folder}", "sub")
    checkout.commit()
    assert sorted(await texts(repository(server))) == [".gitmodules", "docs/a.md"]


async def test_the_password_goes_to_the_server_and_to_no_list_of_processes(
    server: GitServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.password = f"Basic {base64.b64encode(f'reader:{SECRET}'.encode()).decode()}"
    started: list[str] = []
    real = asyncio.create_subprocess_exec

    async def noted(*argv: str, **options: Any) -> asyncio.subprocess.Process:
        started.extend(argv)
        return await real(*argv, **options)

    monkeypatch.setattr(asyncio, "create_subprocess_exec", noted)
    base = f"http://127.0.0.1:{server.server_port}/repository"
    right = SourceCredentials(name="code", addresses=(base,), username="reader", password=SecretStr(SECRET))
    settings = HERE.model_copy(update={"credentials": (right,)})
    assert await texts(repository(server, credentials="code"), settings) == {"docs/a.md": b"# on main"}
    assert set(server.authorizations) == {server.password}
    assert "clone" in started
    told = " ".join(started)
    assert SECRET not in told
    assert server.password.removeprefix("Basic ") not in told
    with pytest.raises(SourceAccessDenied):
        await texts(repository(server))
    wrong = right.model_copy(update={"password": SecretStr("wrong")})
    with pytest.raises(SourceAccessDenied):
        await texts(repository(server, credentials="code"), HERE.model_copy(update={"credentials": (wrong,)}))


async def test_credentials_of_another_address_or_tenant_are_unknown(server: GitServer) -> None:
    source = repository(server, credentials="code")
    elsewhere = SourceCredentials(name="code", addresses=("https://example.org",))
    another = SourceCredentials(name="code", addresses=(source.address,), tenants=(new_id(),))
    for entry in (elsewhere, another):
        with pytest.raises(SourceCredentialsUnknown):
            ConfiguredReaders(HERE.model_copy(update={"credentials": (entry,)})).check(source)
    own = another.model_copy(update={"tenants": (source.tenant_id,)})
    ConfiguredReaders(HERE.model_copy(update={"credentials": (own,)})).check(source)


async def test_git_goes_to_the_number_that_was_checked(server: GitServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The name exists for this process only, so git can have its number from nobody else."""
    real = socket.getaddrinfo

    def resolve(host: str, *args: Any, **kwargs: Any) -> Any:
        return real("127.0.0.1" if host == "code.example.org" else host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    assert await texts(repository(server, host="code.example.org")) == {"docs/a.md": b"# on main"}


async def test_a_redirect_is_followed_to_a_repository_that_may_be_read_only(server: GitServer) -> None:
    probe = "/old.git/info/refs"
    source = SourceAddress(new_id(), SourceKind.GIT, f"http://127.0.0.1:{server.server_port}/old.git")
    new = f"http://127.0.0.1:{server.server_port}/repository/.git/info/refs?service=git-upload-pack"
    server.redirects[probe] = new
    assert await texts(source) == {"docs/a.md": b"# on main"}
    for target in ("http://169.254.169.254/repository/.git/info/refs?service=git-upload-pack", "file:///etc", "/x"):
        server.redirects[probe] = target
        with pytest.raises((SourceAddressRefused, SourceMissing)):
            await texts(source)


async def test_what_is_not_there_or_hangs_is_told_apart(server: GitServer) -> None:
    missing = SourceAddress(new_id(), SourceKind.GIT, f"http://127.0.0.1:{server.server_port}/none.git")
    with pytest.raises(SourceMissing):
        await texts(missing)
    async with web_site() as site:
        site.pages["/a.git/info/refs?service=git-upload-pack"] = Answer(b"001e", hangs_after=0)
        hanging = SourceAddress(new_id(), SourceKind.GIT, f"{site.url}/a.git")
        with pytest.raises(SourceTimedOut):
            await texts(hanging, HERE.model_copy(update={"clone_seconds": 1.0}))
    with pytest.raises(SourceUnavailable):
        await texts(hanging)


async def test_a_repository_over_the_limit_is_not_copied(checkout: Checkout, server: GitServer) -> None:
    checkout.put("large.bin", os.urandom(3 * 1024 * 1024))
    checkout.commit()
    with pytest.raises(SourceUnavailable):
        await texts(repository(server), SMALL)
    assert len(await texts(repository(server))) == 2


async def test_a_file_that_unpacks_to_more_than_there_is_memory_ends_git_alone(
    checkout: Checkout, server: GitServer
) -> None:
    little = HERE.model_copy(update={"git_memory_bytes": 96 * 1024 * 1024})
    assert await texts(repository(server), little) == {"docs/a.md": b"# on main"}
    checkout.git("config", "core.compression", "1")
    checkout.put("zeros.bin", bytes(100 * 1024 * 1024))
    checkout.commit()
    with pytest.raises(SourceUnavailable):
        await texts(repository(server), little)


async def test_a_few_trees_that_stand_for_very_many_files_are_not_listed_to_their_end(
    checkout: Checkout, server: GitServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(git_reader, "_MOST_ENTRIES", 20_000)
    tree, kind = checkout.git("rev-parse", "HEAD:docs/a.md").strip(), "100644 blob"
    for _ in range(5):
        lines = "".join(f"{kind} {tree}\t{number}\n" for number in range(16))
        tree, kind = checkout.git("mktree", stdin=lines).strip(), "040000 tree"
    commit = checkout.git("commit-tree", "-m", "bomb", tree).strip()
    checkout.git("update-ref", "refs/heads/main", commit)
    with pytest.raises(SourceTooManyItems):
        await ConfiguredReaders(HERE).open(repository(server), SourceFilters(include=("none",)))


def leading_out(checkout: Checkout, base: Path) -> None:
    """A tenant's folder as somebody may make it who can write there: each shows the other repository."""
    own, secret = base / "own", checkout.folder
    for way in ("link", "linked", "alternates", "gitfile"):
        (own / way).mkdir(parents=True)
    (own / "link").rmdir()
    (own / "link").symlink_to(secret)
    shutil.copytree(secret / ".git", own / "linked" / ".git")
    shutil.rmtree(own / "linked" / ".git" / "objects")
    (own / "linked" / ".git" / "objects").symlink_to(secret / ".git" / "objects")
    shutil.copytree(secret / ".git", own / "alternates" / ".git")
    (own / "alternates/.git/objects/info").mkdir(exist_ok=True)
    (own / "alternates/.git/objects/info/alternates").write_text(f"{secret}/.git/objects\n")
    (own / "gitfile" / ".git").write_text(f"gitdir: {secret}/.git\n")


@pytest.mark.parametrize("way", ["link", "linked", "alternates", "gitfile"])
async def test_nothing_in_a_repository_of_this_machine_leads_to_another_one(
    checkout: Checkout, tmp_path: Path, way: str
) -> None:
    leading_out(checkout, tmp_path)
    settings = SourceSettings(repositories=(f"file://{tmp_path}/own",))
    with pytest.raises((SourceAddressRefused, SourceMissing)):
        await texts(SourceAddress(new_id(), SourceKind.GIT, f"file://{tmp_path}/own/{way}"), settings)
    shutil.copytree(checkout.folder, tmp_path / "own" / "plain")
    plain = SourceAddress(new_id(), SourceKind.GIT, f"file://{tmp_path}/own/plain")
    assert await texts(plain, settings) == {"docs/a.md": b"# on main"}


async def test_without_git_the_error_says_so(server: GitServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", _not_found)
    with pytest.raises(SourceToolMissing):
        await texts(repository(server))


def _not_found(_: str) -> None:
    return None


@pytest.mark.parametrize(
    "address",
    [
        "file:///srv/git/a.git",
        "/srv/git/a.git",
        "git://example.org/a.git",
        "ssh://git@example.org/a.git",
        "git@example.org:a.git",
        "ext::sh -c whoami",
        "--upload-pack=whoami",
        "http://example.org/a.git",
        "https://user:password@example.org/a.git",
        "https://10.0.0.8/a.git",
        "https://example.org/a.git?x",
        "https://example.org/a.git#--upload-pack=whoami",
        "https://example.org/a.git#a..b",
        "https://example.org/a.git#a b",
    ],
)
def test_other_addresses_are_refused_when_they_are_registered(address: str) -> None:
    with pytest.raises(SourceAddressRefused):
        ConfiguredReaders(SourceSettings()).check(SourceAddress(new_id(), SourceKind.GIT, address))
