"""The two tables of a build, and a text as a tsvector."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Column, ForeignKey, Index, Integer, MetaData, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY, TSVECTOR

from lethe.model.indexes import IndexBuild

SCHEMA: Final = "lethe_keywords"
MAX_POSITION: Final = 16_383
"""https://www.postgresql.org/docs/15/textsearch-limitations.html"""
MAX_POSITIONS: Final = 255


@dataclass(frozen=True, slots=True)
class Tables:
    """``versions`` has a row of the nil id while the build holds what it was given: a crash empties UNLOGGED tables."""

    metadata: MetaData
    versions: Table
    objects: Table


def tables_of(build: IndexBuild) -> Tables:
    metadata = MetaData(schema=SCHEMA)
    versions = Table(
        f"{build.physical_tenant}_versions",
        metadata,
        Column("version_id", Uuid(as_uuid=False), primary_key=True),
        Column("document_id", Uuid(as_uuid=False), nullable=False),
        Column("readers", ARRAY(Text), nullable=False),
        Column("attributes", ARRAY(Text), nullable=False),
        prefixes=["UNLOGGED"],
    )
    objects = Table(
        f"{build.physical_tenant}_objects",
        metadata,
        Column("chunk_id", Uuid(as_uuid=False), primary_key=True),
        Column("version_id", Uuid(as_uuid=False), ForeignKey(versions.c.version_id), nullable=False),
        Column("ordinal", Integer, nullable=False),
        Column("words", TSVECTOR, nullable=False),
        prefixes=["UNLOGGED"],
    )
    Index(f"ix_{build.physical_tenant}_version", objects.c.version_id)
    Index(f"ix_{build.physical_tenant}_words", objects.c.words, postgresql_using="gin")
    return Tables(metadata, versions, objects)


def as_tsvector(terms: str) -> str:
    """Every term with its places, which say how often it is there. Terms have neither quotes nor backslashes."""
    places: dict[str, list[int]] = {}
    for place, term in enumerate(terms.split(), start=1):
        held = places.setdefault(term, [])
        if len(held) < MAX_POSITIONS:
            held.append(min(place, MAX_POSITION))
    return " ".join(f"'{term}':{','.join(map(str, held))}" for term, held in places.items())
