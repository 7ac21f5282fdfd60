"""Rows outside documents and questions that hold a sealed text: by what they are named, and how they forget it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Column, Table

from lethe.adapters.sql.tables.audits import selections
from lethe.adapters.sql.tables.ingestions import ingestion_refusals, ingestions
from lethe.adapters.sql.tables.operations import dead_letters, idempotency_keys
from lethe.adapters.sql.tables.quarantines import quarantines
from lethe.adapters.sql.tables.sources import sync_items
from lethe.model.personal_data import ItemKind


@dataclass(frozen=True, slots=True)
class SealedPlace:
    """``ref`` names a row. ``empty`` takes the text's place where the row must stay."""

    table: Table
    ref: Column[Any]
    sealed: Column[Any]
    empty: bytes | None = None


SEALED: Final[Mapping[ItemKind, SealedPlace]] = {
    ItemKind.LETTER: SealedPlace(dead_letters, dead_letters.c.id, dead_letters.c.sealed_detail),
    ItemKind.RESPONSE: SealedPlace(idempotency_keys, idempotency_keys.c.key_id, idempotency_keys.c.sealed_body),
    ItemKind.INGESTION: SealedPlace(ingestions, ingestions.c.id, ingestions.c.sealed_options, b""),
    ItemKind.REFUSAL: SealedPlace(ingestion_refusals, ingestion_refusals.c.id, ingestion_refusals.c.sealed_name),
    ItemKind.LISTED: SealedPlace(sync_items, sync_items.c.id, sync_items.c.sealed_item),
    ItemKind.SELECTION: SealedPlace(selections, selections.c.id, selections.c.sealed_wish),
    ItemKind.QUARANTINE: SealedPlace(quarantines, quarantines.c.id, quarantines.c.sealed_prefix, b""),
}
