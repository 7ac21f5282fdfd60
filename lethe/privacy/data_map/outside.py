"""Places outside SQL: the vector index, blobs, Temporal, the files of the tenants' keys, the state folder."""

from typing import Final

from lethe.model.blobs import BlobName
from lethe.privacy.data_map import erasers
from lethe.privacy.data_map.declaration import (
    Category,
    Field,
    Key,
    Place,
    digest,
    facts,
    opaque,
    place,
    pseudonym,
    sealed,
)
from lethe.privacy.short_lived import MEMORY_SECONDS

VECTORS: Final[Place] = place(
    "collection",
    opaque("document_id", "version_id"),
    facts("ordinal"),
    Field(
        "terms", Category.CONTENT, "the words of the text, stemmed: clear, because a keyword index must compare them"
    ),
    pseudonym("readers", "callers and groups that may read"),
    Field("attributes", Category.CONTENT, "filterable metadata values: clear, because a filter must compare them"),
    Field("vector", Category.CONTENT, "an embedding, from which most short texts can be recovered"),
    erasers=("lethe.ports.vectors:VectorIndex.delete_versions", "lethe.ports.vectors:VectorIndex.drop_build"),
)
"""Properties of each collection, and its vector. Physical bytes go when the tenant's shard is dropped."""

KEYWORDS: Final[Place] = place(
    "<state>/keywords/<build>.db or lethe_keywords.<build>_*",
    opaque("chunk_id", "version_id", "document_id"),
    facts("ordinal"),
    Field(
        "words", Category.CONTENT, "the words of the text, stemmed: clear, because a keyword index must compare them"
    ),
    pseudonym("readers", "callers and groups that may read"),
    Field("attributes", Category.CONTENT, "filterable metadata values: clear, because a filter must compare them"),
    erasers=("lethe.ports.keywords:KeywordIndex.delete_versions", "lethe.ports.keywords:KeywordIndex.drop_build"),
)
"""Of each build, in a file of its own (SQLite) or UNLOGGED tables (PostgreSQL). Words that a deletion leaves in FTS5's
segments or in dead tuples go when the build is dropped.
"""

VECTOR_STAMP: Final[Place] = place(
    "LetheStamp",
    facts("description"),
    reason="a collection without objects that says whose store this is",
)

BLOBS: Final[Place] = place(
    "<tenant>/<version>/",
    sealed(BlobName.ORIGINAL, "the bytes as uploaded", Key.VERSION),
    sealed(BlobName.ELEMENTS, "the parsed text", Key.VERSION),
    erasers=(erasers.VERSION,),
)
"""Every blob of a version is below this prefix, and while it is written its hidden part, sealed likewise."""

ARCHIVES: Final[Place] = place(
    "<tenant>/<ingestion>/",
    sealed(BlobName.ARCHIVE, "the files of an archive, until they are unpacked", Key.INGESTION),
    erasers=("lethe.ingestion.bulk.archives:Archives.unpack", "lethe.ingestion.bulk.planning:BulkPlanning.clear"),
)

BLOB_STAMP: Final[Place] = place(
    "<blobs.url>",
    facts(".lethe-environment"),
    reason="says whose store this is",
)

HISTORIES: Final[Place] = place(
    "namespace",
    opaque("tenant", "ref"),
    facts("kind", "state"),
    reason="histories and visibility hold opaque ids, counts, codes and keyed digests only (P5), for 72 hours",
)
"""The search attributes of the one Temporal namespace."""

BREAKERS: Final[Place] = place(
    "lethe:<environment>:breaker:",
    facts("<kind>:<provider or store>"),
    reason="how often a provider or store failed, for an hour, in a Redis that writes nothing to disk",
)
"""Keys of Redis."""

TOKENS: Final[Place] = place(
    "lethe:<environment>:tokens:",
    Field("<question>", Category.CONTENT, "an answer on its way: its words, and the ids of what it cites"),
    reason="gone 5 minutes after the last word, in a Redis that writes nothing to disk; shown past the gate only",
    lifetime_seconds=300.0,
)
"""Keys of Redis. Without it they are in the memory of the API's process, for as long."""

MEMORY: Final[Place] = place(
    "memory of the API's and the workers' processes",
    Field("traces", Category.CONTENT, "what was searched for a question, until its answer is stored: its words too"),
    Field("questions under way", Category.CONTENT, "their words, keys and passages, opened, until they are answered"),
    Field("question vectors", Category.CONTENT, "of questions under way, and of those answered lately, opened"),
    Field("known vectors", Category.CONTENT, "of questions asked lately, under digests, for when the embedder is away"),
    reason="gone by a timer, whether or not anybody comes for it again; never on disk",
    lifetime_seconds=MEMORY_SECONDS,
)

KEY_FILES: Final[Place] = place(
    "<keys.folder>/",
    Field("<tenant>.key", Category.CREDENTIAL, "the key that wraps the tenant's data keys"),
    Field("log.key", Category.CREDENTIAL, "the key the log of erasures signs with"),
    reason="a customer's key; removing it erases the whole tenant",
)

WITNESS: Final[Place] = place(
    "<witness.folder>/",
    Field("witness.key", Category.CREDENTIAL, "the key the witness signs with"),
    digest("witness.jsonl", "an identifier of somebody suppressed, 128 bits of it, beside random ids and hashes"),
    reason="hashes, signatures, and what must never come back: ids of versions and keys, tags of people; kept for ever",
)
"""Beside the state folder, never in its backup."""

SCRATCH: Final[Place] = place(
    "<state>/scratch/",
    Field("<process>/read-<random>", Category.CONTENT, "the bytes of a document, clear, for as long as they are read"),
    erasers=("lethe.ingestion.steps.reading:parse_document", "workers.scratch:private_scratch"),
)
"""The step removes its file; what a killed process left goes when the next one starts."""

STATE: Final[Place] = place(
    "<state>/",
    facts("sql", "keyring", "keywords", "keys", "blobs", "temporal", "weaviate", "scratch", "stack.json", "stack.lock"),
    pseudonym("logs", "ids, codes, counts and durations; never words of a document or question"),
    Field("admin.key", Category.CREDENTIAL, "the first API key, until the operator has taken it"),
    Field("secrets.json", Category.CREDENTIAL, "keys of the embedded servers"),
    reason="what the stores below it hold is declared with each store; the rest says nothing of a person",
)
"""Everything the embedded stack writes, by name in the state folder."""
