"""Settings of sources: where documents may be taken from, and with which credentials."""

from typing import Annotated

from pydantic import Field, SecretStr

from lethe.settings.base import Section


class SourceCredentials(Section):
    """What a source is opened with; a source names it, and no secret is kept with the source."""

    name: Annotated[str, Field(min_length=1, max_length=100)]
    addresses: Annotated[tuple[str, ...], Field(min_length=1)]
    """Whom they may be shown to: beginnings of addresses, `{tenant}` in them being the tenant's id."""
    tenants: tuple[str, ...] = ()
    """Ids of the tenants that may name them; none: every tenant."""
    username: str = ""
    password: SecretStr = SecretStr("")
    """Sent with the user's name to pages and repositories."""
    token: SecretStr = SecretStr("")
    """Sent to pages and repositories as a bearer token, where there is no user's name."""
    options: dict[str, SecretStr] = Field(default_factory=dict[str, SecretStr])
    """What fsspec's driver takes: `key`, `secret`, `endpoint_url`, `account_key`, ..."""


class SourceSettings(Section):
    """Where documents may be taken from by themselves. In an address, `{tenant}` is the tenant's id."""

    folders: tuple[str, ...] = ()
    """Folders of this machine's that sources may be, or be below; none: no source is a folder."""
    object_stores: tuple[str, ...] = ()
    """Addresses as `s3://bucket/path` that may be read, or what is below, as whoever the worker is to the store. Others
    need credentials."""
    repositories: tuple[str, ...] = ()
    """Addresses as `file:///path` that git repositories of this machine's may be, or be below. Others are https on the
    public internet."""
    private_hosts: tuple[str, ...] = ()
    """Hosts (`wiki.example`, `10.0.0.8`) whose pages and repositories may be read though they are not on the public
    internet."""
    credentials: tuple[SourceCredentials, ...] = ()
    """`name`, `addresses` they are for, `tenants` that may name them, and `username` and `password`, `token` or an
    fsspec driver's `options`."""
    request_seconds: Annotated[float, Field(gt=0, le=600)] = 30.0
    """How long a web page may keep waiting for its beginning, redirects included, and for each further piece."""
    page_seconds: Annotated[float, Field(gt=0)] = 300.0
    """How long the whole of a web page may take."""
    web_requests: Annotated[int, Field(ge=1, le=32)] = 4
    """Requests to one web site at once."""
    robots_agent: Annotated[str, Field(pattern=r"[A-Za-z_-]+")] = "lethe"
    """What web sites' robots.txt call this reader."""
    clone_seconds: Annotated[float, Field(gt=0)] = 600.0
    """How long fetching a git repository may take; also the time of a processor that one process of git may take."""
    git_memory_bytes: Annotated[int, Field(ge=64 * 1024 * 1024)] = 2 * 1024 * 1024 * 1024
    """Memory that one process of git may take: files of a repository may be packed a thousandfold."""
    clone_bytes: Annotated[int, Field(ge=1024 * 1024)] = 2 * 1024 * 1024 * 1024
    """Largest pack of a git repository, of its newest commit only."""
