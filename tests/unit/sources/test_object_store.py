"""Which object stores may be sources, and what is missing where a driver is."""

import sys

import pytest
from fsspec.implementations.memory import MemoryFileSystem
from pydantic import SecretStr

from lethe.adapters.sources import ConfiguredReaders
from lethe.errors import SourceAddressRefused, SourceCredentialsUnknown, SourceToolMissing
from lethe.model.ids import new_id
from lethe.model.sources import SourceAddress, SourceFilters, SourceKind
from lethe.settings import SourceCredentials, SourceSettings

TENANT = "01a20110-6c57-718f-a7cd-9f74f5c8186c"
"""The same in every process that shares the tests: it stands in the names of some."""
OWN = SourceCredentials(
    name="own", addresses=("s3://theirs", "az://c/{tenant}"), tenants=(TENANT,), options={"secret": SecretStr("hidden")}
)
SETTINGS = SourceSettings(
    object_stores=("s3://shared/docs", "gs://t-{tenant}", "az://x", "sftp://host/docs"), credentials=(OWN,)
)


def store(address: str, credentials: str = "", tenant_id: str = TENANT) -> SourceAddress:
    return SourceAddress(tenant_id, SourceKind.OBJECT_STORE, address, credentials)


@pytest.mark.parametrize(
    "source",
    [
        store("s3://shared/docs"),
        store("s3://shared/docs/"),
        store("s3://shared/docs/a b/c"),
        store(f"gs://t-{TENANT}/x"),
        store("s3://theirs/x", "own"),
        store(f"az://c/{TENANT}", "own"),
    ],
)
def test_what_the_operator_allows_is_taken(source: SourceAddress) -> None:
    ConfiguredReaders(SETTINGS).check(source)


@pytest.mark.parametrize(
    "source",
    [
        store("s3://shared"),
        store("s3://shared/docs2"),
        store("s3://shared/docs/../lethe-blobs"),
        store("s3://shared/docs/..%2flethe-blobs"),
        store("s3://shared/docs?versionId=1"),
        store("s3://shared/docs/x\n"),
        store("s3://"),
        store("s3:///docs"),
        store(f"gs://t-{new_id()}/x"),
        store("gs://t-{tenant}/x"),
        store("s3://theirs/x"),
        store("file:///etc"),
        store("local:///etc"),
        store("https://example.org/a"),
        store("sftp://host/docs/x"),
        store("simplecache::s3://shared/docs"),
        store("zip://x::s3://shared/docs"),
        store("shared/docs"),
        store(""),
    ],
)
def test_nothing_else_is(source: SourceAddress) -> None:
    with pytest.raises(SourceAddressRefused):
        ConfiguredReaders(SETTINGS).check(source)


@pytest.mark.parametrize(
    "source",
    [
        store("s3://theirs/x", "none"),
        store("s3://shared/docs", "own"),
        store("s3://theirs/x", "own", new_id()),
        store("s3://theirsx", "own"),
        store(f"az://c/{new_id()}", "own"),
    ],
)
def test_credentials_are_for_their_tenants_and_addresses(source: SourceAddress) -> None:
    with pytest.raises(SourceCredentialsUnknown):
        ConfiguredReaders(SETTINGS).check(source)


@pytest.mark.parametrize("address", [f"gs://t-{TENANT}/x", "az://x"])
async def test_a_driver_that_is_not_installed_is_named(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for package in ("gcsfs", "adlfs"):
        monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(SourceToolMissing, match=address.partition(":")[0]):
        await ConfiguredReaders(SETTINGS).open(store(address), SourceFilters())


async def test_no_key_leads_out_of_a_source() -> None:
    """Not even where a driver follows what a key says: what an event names is a stranger's word."""
    bucket = new_id()
    files = MemoryFileSystem()
    for path in ("own/a.txt", "other/b.txt", "own/../other/c.txt"):
        files.pipe_file(f"/{bucket}/{path}", b"text")
    settings = SourceSettings(object_stores=(f"memory://{bucket}",))
    reader = await ConfiguredReaders(settings).open(store(f"memory://{bucket}/own"), SourceFilters())
    assert [item.key async for item in reader.items()] == ["own/a.txt"]
    assert await reader.item("own/a.txt")
    for key in ("other/b.txt", "own/../other/b.txt", "own/../other/c.txt", "own/%2e%2e/other/c.txt", "own\\..\\b"):
        assert await reader.item(key) is None


def test_a_secret_is_not_shown() -> None:
    assert "hidden" not in f"{SETTINGS!r} {OWN}"
