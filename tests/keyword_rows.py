"""What keyword builds hold, read with the engines' own clients and opened with nothing of Lethe's."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import asyncpg

SCHEMA = "lethe_keywords"


@dataclass(frozen=True, slots=True)
class Words:
    """An object of a keyword build. ``terms`` are what a search would find it by, each once, sorted."""

    id: str
    build: str
    version_id: str
    document_id: str
    ordinal: int
    readers: tuple[str, ...]
    attributes: tuple[str, ...]
    terms: tuple[str, ...]


async def keyword_rows(ledger: str, folder: Path) -> list[Words]:
    """Every object of every build. ``ledger``: an address for asyncpg, or anything else for files in the folder."""
    if ledger.startswith("postgres"):
        return await _postgres(ledger.replace("+asyncpg", ""))
    return [words for file in sorted(folder.glob("*.db")) for words in _file(file)]


async def keyword_columns(ledger: str, folder: Path) -> set[str]:
    """The columns of every build's tables, those of FTS5's own apart."""
    if not ledger.startswith("postgres"):
        found: set[str] = set()
        for file in folder.glob("*.db"):
            with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
                for table in ("versions", "readers", "attributes", "objects"):
                    found |= {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}
        return found
    connection = cast("Any", await asyncpg.connect(ledger.replace("+asyncpg", ""), timeout=5))  # pyright: ignore[reportUnknownMemberType]
    try:
        columns = "SELECT column_name FROM information_schema.columns WHERE table_schema = $1"
        return {row[0] for row in await connection.fetch(columns, SCHEMA)}
    finally:
        await connection.close(timeout=5)


def _file(file: Path) -> Iterator[Words]:
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        connection.execute("CREATE VIRTUAL TABLE temp.held USING fts5vocab (main, words, instance)")
        terms: dict[int, set[str]] = {}
        for number, term in connection.execute("SELECT doc, term FROM temp.held"):
            terms.setdefault(number, set()).add(term)
        versions = {row[0]: row[1:] for row in connection.execute("SELECT id, version_id, document_id FROM versions")}
        labels: dict[str, dict[int, list[str]]] = {}
        for table, column in (("readers", "reader"), ("attributes", "attribute")):
            held = labels.setdefault(table, {})
            for version, label in connection.execute(f"SELECT version, {column} FROM {table}"):
                held.setdefault(version, []).append(label)
        rows = connection.execute("SELECT id, chunk_id, version, ordinal FROM objects").fetchall()
        known = {row[0] for row in rows}
        for number, chunk_id, version, ordinal in rows:
            version_id, document_id = versions[version]
            yield Words(
                id=_id(chunk_id),
                build=file.stem,
                version_id=_id(version_id),
                document_id=_id(document_id),
                ordinal=ordinal,
                readers=tuple(sorted(labels["readers"].get(version, []))),
                attributes=tuple(sorted(labels["attributes"].get(version, []))),
                terms=tuple(sorted(terms.get(number, ()))),
            )
        # What a search would find without an object, or a version without any, is shown too.
        for number in sorted(terms.keys() - known):
            yield Words(f"row {number}", file.stem, "", "", 0, (), (), tuple(sorted(terms[number])))
        for version in sorted(versions.keys() - {row[2] for row in rows}):
            yield Words(f"version {version}", file.stem, _id(versions[version][0]), "", 0, (), (), ())


async def _postgres(address: str) -> list[Words]:
    connection = cast("Any", await asyncpg.connect(address, timeout=5))  # pyright: ignore[reportUnknownMemberType]
    found: list[Words] = []
    try:
        tables = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = $1", SCHEMA)
        for build in sorted(name.removesuffix("_objects") for (name,) in tables if name.endswith("_objects")):
            rows = await connection.fetch(
                f"""SELECT chunk_id, version_id, document_id, ordinal, readers, attributes,
                    tsvector_to_array(words) AS terms
                    FROM {SCHEMA}.{build}_versions LEFT JOIN {SCHEMA}.{build}_objects USING (version_id)
                    WHERE version_id != '00000000-0000-0000-0000-000000000000'"""
            )
            found += [
                Words(
                    id=str(row["chunk_id"]),
                    build=build,
                    version_id=str(row["version_id"]),
                    document_id=str(row["document_id"]),
                    ordinal=row["ordinal"],
                    readers=tuple(sorted(row["readers"])),
                    attributes=tuple(sorted(row["attributes"])),
                    terms=tuple(sorted(row["terms"] or ())),
                )
                for row in rows
            ]
    finally:
        await connection.close(timeout=5)
    return found


def _id(value: bytes) -> str:
    return str(UUID(bytes=value))
