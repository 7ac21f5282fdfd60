"""Web pages and sitemaps on a real server: redirects, robots.txt, what servers say and leave out, and their limits."""

import gzip
import hashlib
import socket
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import pytest_asyncio
from pydantic import SecretStr

from lethe.adapters.sources import ConfiguredReaders
from lethe.errors import (
    SourceAccessDenied,
    SourceAddressRefused,
    SourceItemChanged,
    SourceItemTooLarge,
    SourceListingIncomplete,
    SourceMissing,
    SourceTimedOut,
    SourceTooManyItems,
    SourceUnavailable,
)
from lethe.model.ids import new_id
from lethe.model.sources import SourceAddress, SourceFilters, SourceItem, SourceKind
from lethe.ports.sources import SourceReader
from lethe.settings import SourceCredentials, SourceSettings
from tests.servers.web import Answer, WebSite, web_site
from tests.unit.sources.inside_addresses import LEADING_INSIDE, RESOLVED, UNFIT

HERE = SourceSettings(private_hosts=("127.0.0.1", "localhost"), request_seconds=20)


@pytest_asyncio.fixture
async def site() -> AsyncGenerator[WebSite]:
    async with web_site() as site:
        yield site


@asynccontextmanager
async def reading(
    url: str, settings: SourceSettings = HERE, filters: SourceFilters = SourceFilters(), credentials: str = ""
) -> AsyncGenerator[SourceReader]:
    source = SourceAddress(new_id(), SourceKind.WEB, url, credentials)
    reader = await ConfiguredReaders(settings).open(source, filters)
    try:
        yield reader
    finally:
        await reader.close()


async def items(
    url: str, settings: SourceSettings = HERE, filters: SourceFilters = SourceFilters()
) -> list[SourceItem]:
    async with reading(url, settings, filters) as reader:
        return [item async for item in reader.items()]


async def body(url: str, item: SourceItem, settings: SourceSettings = HERE) -> bytes:
    async with reading(url, settings) as reader:
        return b"".join([piece async for piece in reader.read(item)])


class Reached:
    """Where connections went."""

    def __init__(self) -> None:
        self.ports: set[tuple[str, int]] = set()
        self.count = 0


@pytest.fixture
def reached(monkeypatch: pytest.MonkeyPatch) -> Reached:
    seen = Reached()
    connect, resolve = socket.socket.connect, socket.getaddrinfo

    def noted(self: socket.socket, address: Any) -> None:
        seen.ports.add(address[:2])
        seen.count += 1
        connect(self, address)

    def told(host: str, port: int, *args: Any, **kwargs: Any) -> Any:
        if host in LEADING_INSIDE:
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (number, port)) for number in LEADING_INSIDE[host]]
        assert host in ("127.0.0.1", "localhost"), host
        return resolve(host, port, *args, **kwargs)

    monkeypatch.setattr(socket.socket, "connect", noted)
    monkeypatch.setattr(socket, "getaddrinfo", told)
    return seen


async def test_no_redirect_leads_inside(site: WebSite, reached: Reached, record_property: Any) -> None:
    only = SourceSettings(private_hosts=("127.0.0.1",))
    # What a header cannot carry no server can redirect to; the site's own host is the one that is allowed here.
    sent = [url for url in (*UNFIT, *RESOLVED) if url.startswith("http") and _fits_header(url)]
    refused = 0
    for url in sent:  # httpx itself refuses to read some of them
        site.pages["/page"] = Answer(status=302, headers={"location": url})
        try:
            await items(f"{site.url}/page", only)
        except SourceAddressRefused:
            refused += 1
        except (SourceUnavailable, SourceMissing):
            refused += 1
    assert refused == len(sent) > 130
    # The host that is allowed here may be redirected to at its other port.
    assert reached.ports <= {("127.0.0.1", site.port), ("127.0.0.1", 80)}
    record_property("redirects refused", refused)


def _fits_header(url: str) -> bool:
    return url.isprintable() and url.isascii() and url == url.strip()


async def test_a_redirect_is_followed_and_the_address_stays(site: WebSite) -> None:
    site.put("/new", b"moved")
    site.pages["/old"] = Answer(status=301, headers={"location": "/older"})
    site.pages["/older"] = Answer(status=307, headers={"location": f"{site.url}/new#part"})
    (item,) = await items(f"{site.url}/old")
    assert item.uri == f"{site.url}/old"
    assert await body(f"{site.url}/old", item) == b"moved"
    site.pages["/round"] = Answer(status=302, headers={"location": "/round"})
    with pytest.raises(SourceUnavailable):
        await items(f"{site.url}/round")


async def test_credentials_go_to_their_address_and_to_no_redirect_elsewhere(site: WebSite) -> None:
    entry = SourceCredentials(name="wiki", addresses=(f"{site.url}/in",), token=SecretStr("hunter2"))
    settings = HERE.model_copy(update={"credentials": (entry,)})
    site.pages["/in/a"] = Answer(status=302, headers={"location": f"http://localhost:{site.port}/elsewhere"})
    site.put("/elsewhere", b"x")
    async with reading(f"{site.url}/in/a", settings, credentials="wiki") as reader:
        assert len([item async for item in reader.items()]) == 1
    sent = {(asked.path, asked.headers.get("authorization")) for asked in site.asked}
    assert sent == {("/robots.txt", None), ("/in/a", "Bearer hunter2"), ("/elsewhere", None)}
    site.pages["/in/a"] = Answer(status=403)
    with pytest.raises(SourceAccessDenied):
        await items(f"{site.url}/in/a")


async def test_what_robots_txt_forbids_is_no_item(site: WebSite) -> None:
    site.put("/robots.txt", b"User-agent: *\nDisallow: /x\nUser-agent: lethe\nDisallow: /private\n")
    for path in ("/x", "/private/y", "/z"):
        site.put(path, b"page")
    site.put_sitemap("/x", "/private/y", "/z")
    assert [item.name for item in await items(f"{site.url}/sitemap.xml")] == ["x.html", "z.html"]
    assert not [asked for asked in site.asked if asked.path == "/private/y"]
    with pytest.raises(SourceAccessDenied):
        await items(f"{site.url}/private/y")
    site.pages["/robots.txt"] = Answer(status=503)
    with pytest.raises(SourceUnavailable):
        await items(f"{site.url}/sitemap.xml")


async def test_an_index_of_packed_sitemaps(site: WebSite) -> None:
    for path in ("/a", "/b?c=1&d=2", "/é"):
        site.put(path if path != "/é" else "/%C3%A9", b"page")
    urls = (
        f"{site.url}/a",
        f"{site.url}/b?c=1&amp;d=2",
        f"{site.url}/é",
        f"{site.url}/a",
        "http://elsewhere.example/x",
    )
    listed = "".join(f"<url><loc>\n {url} </loc><lastmod>2026-01-01</lastmod></url>" for url in urls)
    image = "<url><loc>/none</loc><i:image xmlns:i='i'><i:loc>/image</i:loc></i:image></url>"
    packed = gzip.compress(f"<urlset xmlns='s'>{listed}{image}</urlset>".encode())
    site.put("/one.xml.gz", packed)
    site.put(
        "/all.xml",
        f"<sitemapindex><sitemap><loc>{site.url}/one.xml.gz</loc></sitemap></sitemapindex>".encode(),
    )
    found = {item.uri for item in await items(f"{site.url}/all.xml")}
    assert found == {f"{site.url}/a", f"{site.url}/b?c=1&d=2", f"{site.url}/%C3%A9"}
    with pytest.raises(SourceTooManyItems):
        await items(f"{site.url}/all.xml", filters=SourceFilters(max_items=2))
    del site.pages["/one.xml.gz"]
    with pytest.raises(SourceListingIncomplete):
        await items(f"{site.url}/all.xml")


@pytest.mark.parametrize(
    "sitemap",
    [
        b"<urlset><url><loc>http://127.0.0.1/</loc></url>",
        b"<?xml version='1.0'?><!DOCTYPE u [<!ENTITY a 'x'>]><urlset>&a;</urlset>",
        b"<?xml version='1.0'?><!DOCTYPE u SYSTEM 'http://127.0.0.1/'><urlset></urlset>",
        gzip.compress(b"<urlset></urlset>")[:-9],
        gzip.compress(b"<urlset>" + b" " * 60 * 1024 * 1024 + b"</urlset>"),
        b"<sitemapindex><sitemap><loc>http://elsewhere.example/x.xml</loc></sitemap></sitemapindex>",
    ],
    ids=["cut", "entity", "external", "packed and cut", "bomb", "of another site"],
)
async def test_a_broken_sitemap_is_an_error_and_no_shorter_list(site: WebSite, sitemap: bytes) -> None:
    site.put("/sitemap.xml", sitemap)
    with pytest.raises(SourceListingIncomplete):
        await items(f"{site.url}/sitemap.xml")


async def test_a_server_that_says_nothing_of_a_page_is_asked_for_all_of_it(site: WebSite) -> None:
    site.put("/page", b"first", content_type="text/plain")
    (item,) = await items(f"{site.url}/page")
    assert (item.revision, item.name) == (f"sha256:{hashlib.sha256(b'first').hexdigest()}", "page.txt")
    assert await body(f"{site.url}/page", item) == b"first"
    site.has_head = False
    assert await items(f"{site.url}/page") == [item]
    site.put("/page", b"other", content_type="text/plain")
    with pytest.raises(SourceItemChanged):
        await body(f"{site.url}/page", item)


async def test_what_a_server_says_is_asked_for_with_the_condition(site: WebSite) -> None:
    site.put("/page", b"first", last_modified="Sun, 22 Nov 2026 00:00:00 GMT")
    (item,) = await items(f"{site.url}/page")
    assert await body(f"{site.url}/page", item) == b"first"
    assert site.asked[-1].headers["if-unmodified-since"] == "Sun, 22 Nov 2026 00:00:00 GMT"
    site.put("/page", b"first", etag='"1"')
    (item,) = await items(f"{site.url}/page")
    site.put("/page", b"second", etag='"2"')
    with pytest.raises(SourceItemChanged):
        await body(f"{site.url}/page", item)
    assert site.asked[-1].headers["if-match"] == '"1"'
    site.put("/page", b"first", etag='W/"1"')
    (item,) = await items(f"{site.url}/page")
    assert await body(f"{site.url}/page", item) == b"first"


async def test_limits_of_bytes_and_time(site: WebSite) -> None:
    site.put("/large", bytes(100_000))
    few = SourceFilters(max_item_bytes=50_000)
    async with reading(f"{site.url}/large", filters=few) as reader:
        (item,) = [item async for item in reader.items()]
        with pytest.raises(SourceItemTooLarge):
            assert [piece async for piece in reader.read(item)]
    hurried = HERE.model_copy(update={"request_seconds": 0.5})
    site.pages["/large"].hangs_after = 10
    began = time.monotonic()
    with pytest.raises(SourceTimedOut):
        await body(f"{site.url}/large", item, hurried)
    site.pages["/robots.txt"] = Answer(b"x", hangs_after=0)
    with pytest.raises(SourceTimedOut):
        await items(f"{site.url}/large", hurried)
    assert time.monotonic() - began < 40


async def test_a_packed_answer_is_counted_unpacked(site: WebSite) -> None:
    site.pages["/bomb"] = Answer(gzip.compress(bytes(5_000_000)), headers={"content-encoding": "gzip", "etag": '"1"'})
    few = SourceFilters(max_item_bytes=1_000_000)
    async with reading(f"{site.url}/bomb", filters=few) as reader:
        (item,) = [item async for item in reader.items()]
        with pytest.raises(SourceItemTooLarge):
            assert [piece async for piece in reader.read(item)]
