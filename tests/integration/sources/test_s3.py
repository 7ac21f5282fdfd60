"""S3: a server that is lost is told from a bucket that is empty, and from one that is not there."""

from collections.abc import Generator
from urllib.parse import quote
from urllib.request import Request, urlopen

import pytest
from pydantic import SecretStr

from lethe.adapters.sources import ConfiguredReaders
from lethe.errors import SourceMissing, SourceUnavailable
from lethe.model.ids import new_id
from lethe.model.sources import SourceAddress, SourceFilters, SourceItem, SourceKind
from lethe.settings import SourceCredentials, SourceSettings
from tests.servers.s3 import S3Server, running_s3


@pytest.fixture
def server() -> Generator[S3Server]:
    pytest.importorskip("s3fs", reason="lethe[s3] is not installed")
    pytest.importorskip("moto", reason="moto is not installed")
    with running_s3() as server:
        yield server


async def listed(server: S3Server, address: str) -> list[SourceItem]:
    options = {"key": "any", "secret": "any", "endpoint_url": server.url}
    entry = SourceCredentials(
        name="store",
        addresses=("s3://here", "s3://none"),
        options={key: SecretStr(value) for key, value in options.items()},
    )
    readers = ConfiguredReaders(SourceSettings(credentials=(entry,)))
    reader = await readers.open(SourceAddress(new_id(), SourceKind.OBJECT_STORE, address, "store"), SourceFilters())
    return [item async for item in reader.items()]


async def test_a_listing_goes_on_to_its_last_page(server: S3Server) -> None:
    urlopen(Request(f"{server.url}/here", method="PUT"), timeout=30).close()
    headers = {"content-type": "text/plain"}
    keys = [f"below/{number}.txt" for number in range(9)] + [f"below/{name}/a b+c#é.txt" for name in "xyz"]
    for key in keys:
        urlopen(Request(f"{server.url}/here/{quote(key)}", b"x", headers, method="PUT"), timeout=30).close()
    first = urlopen(f"{server.url}/here?list-type=2", timeout=30)
    assert b"<IsTruncated>true</IsTruncated>" in first.read()
    first.close()
    assert sorted(item.key for item in await listed(server, "s3://here/below")) == sorted(keys)


async def test_nothing_is_three_different_things(server: S3Server) -> None:
    urlopen(Request(f"{server.url}/here", method="PUT"), timeout=30).close()
    assert await listed(server, "s3://here") == []
    assert await listed(server, "s3://here/below") == []
    with pytest.raises(SourceMissing):
        await listed(server, "s3://none")
    marker = Request(f"{server.url}/here/below/", data=b"", method="PUT", headers={"content-type": "text/plain"})
    urlopen(marker, timeout=30).close()
    assert await listed(server, "s3://here") == []
    server.stop()
    with pytest.raises(SourceUnavailable):
        await listed(server, "s3://here")
