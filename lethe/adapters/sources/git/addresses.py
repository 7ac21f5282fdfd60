"""Where a repository is, and what git has to be told to go there and nowhere else."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from lethe.adapters.sources.credentials import credentials_of
from lethe.adapters.sources.naming import is_below
from lethe.adapters.sources.web.fetching import Fetcher
from lethe.errors import SourceAddressRefused
from lethe.model.sources import SourceAddress
from lethe.model.web_addresses import UnfitAddress, WebAddress, web_address
from lethe.settings import SourceSettings

_BRANCH: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./-]{0,199}")
_PROBE: Final = "/info/refs?service=git-upload-pack"


@dataclass(frozen=True, slots=True)
class Repository:
    """``branch`` or tag, "" for the repository's own choice. ``web`` is None for one of this machine's."""

    address: str
    branch: str
    web: WebAddress | None


def check_git(source: SourceAddress, settings: SourceSettings) -> Repository:
    """`https://host/path.git#branch`. Raises SourceAddressRefused, SourceCredentialsUnknown."""
    address, _, branch = source.address.partition("#")
    if branch and (not _BRANCH.fullmatch(branch) or ".." in branch):
        raise SourceAddressRefused("After the # it has no name of a branch or tag.")
    if address.startswith("file:///") and address.isprintable():
        if source.credentials or not any(is_below(address, base, source.tenant_id) for base in settings.repositories):
            raise SourceAddressRefused("It is not below those of `sources.repositories`.")
        return Repository(address, branch, None)
    try:
        web = web_address(address, private_hosts=settings.private_hosts)
    except UnfitAddress as error:
        raise SourceAddressRefused(f"It cannot be a repository: {error}.") from error
    if "?" in address or not (web.scheme == "https" or web.host in settings.private_hosts):
        raise SourceAddressRefused("It is not `https://host/path`.")
    credentials_of(source, settings)
    return Repository(str(web).rstrip("/"), branch, web)


async def found_repository(repository: Repository, fetcher: Fetcher) -> tuple[Repository, Mapping[str, str]]:
    """Where it really is, after redirects, and git's configuration for exactly that place.

    Raises SourceAddressRefused, SourceAccessDenied, SourceMissing, SourceUnavailable, SourceTimedOut.
    """
    if repository.web is None:
        return repository, {"protocol.file.allow": "always"}
    async with fetcher.fetch("GET", repository.address + _PROBE) as page:
        page.refuse_failed()
        found = page.address
    if not found.path.endswith(_PROBE):
        raise SourceAddressRefused("It redirects to something that is no repository.")
    address = f"{found.scheme}://{found.netloc}{found.path.removesuffix(_PROBE)}"
    number = await fetcher.number(found)
    configuration = {f"protocol.{found.scheme}.allow": "always"}
    if number != found.host:
        at = f"[{number}]" if ":" in number else number
        configuration["http.curloptResolve"] = f"{found.host}:{found.port}:{at}"
    if authorization := fetcher.authorization(found):
        configuration[f"http.{address}.extraHeader"] = f"Authorization: {authorization}"
    return Repository(address, repository.branch, found), configuration
