"""The data map: every place that outlives a request, what it holds of a person, and what erases it.

Completeness is a test: the live migrated schemas of both engines, the live collections and their properties, the blobs
of a version, the search attributes and the state folder are compared with these declarations in both directions.
Whoever adds a column declares it.
"""

from collections.abc import Mapping
from typing import Final

from lethe.privacy.data_map.declaration import Category, Field, Key, Place
from lethe.privacy.data_map.keyring import KEYRING
from lethe.privacy.data_map.ledger import LEDGER
from lethe.privacy.data_map.outside import (
    ARCHIVES,
    BLOB_STAMP,
    BLOBS,
    BREAKERS,
    HISTORIES,
    KEY_FILES,
    KEYWORDS,
    MEMORY,
    SCRATCH,
    STATE,
    TOKENS,
    VECTOR_STAMP,
    VECTORS,
    WITNESS,
)
from lethe.privacy.data_map.stores import ERASED_BY, OF_THE_ERASURE, OUTSIDE

__all__ = [
    "ARCHIVES",
    "BLOBS",
    "BLOB_STAMP",
    "BREAKERS",
    "ERASED_BY",
    "HISTORIES",
    "KEYRING",
    "KEYWORDS",
    "KEY_FILES",
    "LEDGER",
    "MEMORY",
    "OF_THE_ERASURE",
    "OUTSIDE",
    "PLACES",
    "SCRATCH",
    "STATE",
    "TOKENS",
    "VECTORS",
    "VECTOR_STAMP",
    "WITNESS",
    "Category",
    "Field",
    "Key",
    "Place",
    "volatile_columns",
]

PLACES: Final[tuple[Place, ...]] = (
    *LEDGER,
    *KEYRING,
    VECTORS,
    KEYWORDS,
    VECTOR_STAMP,
    BLOBS,
    ARCHIVES,
    BLOB_STAMP,
    HISTORIES,
    BREAKERS,
    TOKENS,
    MEMORY,
    KEY_FILES,
    WITNESS,
    SCRATCH,
    STATE,
)


def volatile_columns() -> Mapping[str, frozenset[str]]:
    """By table of the ledger, the columns in which a disturbed run may differ from an undisturbed one (P3).

    Sealed columns are not among them: their bytes differ by the nonce, what they open to does not.
    """
    return {place.name: frozenset(field.name for field in place.fields if field.is_volatile) for place in LEDGER}
