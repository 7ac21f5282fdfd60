"""What a build's file is made of, and how it is asked."""

import json
from typing import Final

from lethe.adapters.keywords.filters import sqlite_clause
from lethe.ports.vectors import HybridQuery

# Terms are separated by white space and hold no other ASCII than letters, digits and these (lethe.model.terms);
# characters outside ASCII always belong to a term of this tokenizer.
SCHEMA: Final = """
    CREATE TABLE versions (
        id INTEGER PRIMARY KEY, version_id BLOB NOT NULL UNIQUE, document_id BLOB NOT NULL
    );
    CREATE TABLE readers (
        version INTEGER NOT NULL REFERENCES versions (id) ON DELETE CASCADE,
        reader TEXT NOT NULL,
        PRIMARY KEY (version, reader)
    ) WITHOUT ROWID;
    CREATE TABLE attributes (
        version INTEGER NOT NULL REFERENCES versions (id) ON DELETE CASCADE,
        attribute TEXT NOT NULL,
        PRIMARY KEY (version, attribute)
    ) WITHOUT ROWID;
    CREATE TABLE objects (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        chunk_id BLOB NOT NULL UNIQUE,
        version INTEGER NOT NULL REFERENCES versions (id),
        ordinal INTEGER NOT NULL,
        terms TEXT NOT NULL
    );
    CREATE INDEX ix_objects_version ON objects (version);
    CREATE VIRTUAL TABLE words USING fts5 (
        terms, content = 'objects', content_rowid = 'id', tokenize = "ascii tokenchars '.-_@/:+#'"
    );
"""

ADD_VERSION: Final = """
    INSERT INTO versions (version_id, document_id) VALUES (?, ?)
    ON CONFLICT (version_id) DO UPDATE SET document_id = excluded.document_id
"""
ADD_READER: Final = "INSERT INTO readers (version, reader) VALUES (?, ?)"
ADD_ATTRIBUTE: Final = "INSERT INTO attributes (version, attribute) VALUES (?, ?)"
ADD_OBJECT: Final = "INSERT INTO objects (chunk_id, version, ordinal, terms) VALUES (?, ?, ?, ?)"
INDEX_WORDS: Final = "INSERT INTO words (rowid, terms) SELECT id, terms FROM objects WHERE id > ?"
# FTS5 forgets a text by being told it again.
FORGET_WORDS: Final = """
    INSERT INTO words (words, rowid, terms) SELECT 'delete', id, terms FROM objects WHERE chunk_id = ?
"""
FORGET_WORDS_OF_VERSION: Final = """
    INSERT INTO words (words, rowid, terms) SELECT 'delete', objects.id, objects.terms
    FROM objects JOIN versions ON versions.id = objects.version WHERE versions.version_id = ?
"""
DELETE_OF_VERSION: Final = """
    DELETE FROM objects WHERE version = (SELECT id FROM versions WHERE version_id = ?)
"""
DELETE_EMPTY_VERSIONS: Final = """
    DELETE FROM versions WHERE NOT EXISTS (SELECT 1 FROM objects WHERE objects.version = versions.id)
"""
LIST: Final = """
    SELECT objects.chunk_id, versions.id, versions.version_id
    FROM objects JOIN versions ON versions.id = objects.version
    WHERE objects.chunk_id > ? ORDER BY objects.chunk_id LIMIT ?
"""
_SEARCH: Final = """
    SELECT objects.chunk_id, versions.version_id, versions.document_id, -bm25(words) AS score
    FROM words
    JOIN objects ON objects.id = words.rowid
    JOIN versions ON versions.id = objects.version
    WHERE words MATCH ? AND {conditions}
    ORDER BY score DESC, objects.chunk_id LIMIT ?
"""


_READABLE: Final = """EXISTS (
    SELECT 1 FROM readers WHERE readers.version = objects.version AND reader IN (SELECT value FROM json_each(?))
)"""


def search_statement(query: HybridQuery) -> tuple[str, list[object]]:
    """The statement and its values. A term that is given twice counts twice (BM25 sums over the terms)."""
    words = " OR ".join(f'"{term}"' for term in query.terms.split())
    clause, bound = ("1", []) if query.attributes is None else sqlite_clause(query.attributes)
    statement = _SEARCH.format(conditions=f"{_READABLE} AND ({clause})")
    return statement, [words, json.dumps(sorted(query.readers)), *bound, query.limit]
