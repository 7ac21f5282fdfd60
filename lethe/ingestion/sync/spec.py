"""What is sealed of a source: where it is, and what of it is taken."""

from dataclasses import asdict, dataclass
from typing import Any, cast

from lethe.model.sources import SourceAddress, SourceFilters
from lethe.model.syncs import Source
from lethe.privacy.sealing import Purpose, seal_json, unseal_json


@dataclass(frozen=True, slots=True)
class SourceSpec:
    """``credentials`` names an entry of the settings."""

    name: str
    address: str
    credentials: str
    filters: SourceFilters


def seal_spec(key: bytes, spec: SourceSpec) -> bytes:
    return seal_json(key, Purpose.SOURCE_SPEC, asdict(spec))


def open_spec(key: bytes, source: Source) -> SourceSpec:
    """What `seal_spec` made. Raises SealBroken."""
    said = cast("dict[str, Any]", unseal_json(key, Purpose.SOURCE_SPEC, source.sealed_spec))
    filters = said["filters"]
    return SourceSpec(
        name=said["name"],
        address=said["address"],
        credentials=said["credentials"],
        filters=SourceFilters(
            include=tuple(filters["include"]),
            exclude=tuple(filters["exclude"]),
            max_item_bytes=filters["max_item_bytes"],
            max_items=filters["max_items"],
        ),
    )


def address_of(source: Source, spec: SourceSpec) -> SourceAddress:
    return SourceAddress(source.tenant_id, source.kind, spec.address, spec.credentials)
