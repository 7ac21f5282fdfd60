"""Finding what a source is opened with, by the name it gives."""

from lethe.adapters.sources.naming import is_below
from lethe.errors import SourceCredentialsUnknown
from lethe.model.sources import SourceAddress
from lethe.settings import SourceCredentials, SourceSettings


def credentials_of(source: SourceAddress, settings: SourceSettings) -> SourceCredentials | None:
    """None if it names none. Raises SourceCredentialsUnknown, also for those of another tenant or address."""
    if not source.credentials:
        return None
    for entry in settings.credentials:
        is_for_tenant = not entry.tenants or source.tenant_id in entry.tenants
        if entry.name == source.credentials and is_for_tenant and may_be_shown(entry, source.address, source.tenant_id):
            return entry
    raise SourceCredentialsUnknown


def may_be_shown(credentials: SourceCredentials, address: str, tenant_id: str) -> bool:
    """Whether whoever is at that address may see them."""
    return any(is_below(address, base, tenant_id) for base in credentials.addresses)
