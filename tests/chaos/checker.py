"""The set checker: what was acknowledged, against SQL, vector store, blobs and key ring. Knows nothing of Lethe's code.

ok: everything of the document is there, once, as acknowledged. lost: something of it is not. duplicate: it is there
twice. phantom: something belongs to no acknowledged document. stale: it is there as it was before. wrong_rights: its
readers are not those acknowledged. stuck: something still waits, though nothing is left to wait for.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import numpy as np
from cryptography.exceptions import InvalidTag

from tests.chaos.stores import Row, Stores, Thing, unseal, unseal_blob
from tests.chaos.texts import Marks, marks_in
from tests.keyword_rows import Words

_UNFINISHED = frozenset({"receiving", "pending", "parsing", "chunking", "embedding", "indexing", "failed", "deleting"})
_NEAR = 1e-3


@dataclass(frozen=True, slots=True)
class Expected:
    """One document that was acknowledged and not deleted. ``older``: its earlier texts."""

    id: str
    token: str
    text: str
    marks: Marks
    readers: frozenset[str]
    older: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Finding:
    kind: str
    place: str
    detail: str


@dataclass(slots=True)
class Result:
    """``documents``: how many are of which class."""

    documents: Counter[str] = field(default_factory=Counter[str])
    findings: list[Finding] = field(default_factory=list[Finding])

    def counts(self) -> dict[str, int]:
        """Findings by kind, and the documents without any."""
        found = Counter(finding.kind for finding in self.findings)
        kinds = ("lost", "duplicate", "phantom", "stale", "wrong_rights", "stuck")
        return {"ok": self.documents["ok"], **{kind: found[kind] for kind in kinds}}


def check(expected: Mapping[str, Expected], named: Collection[str], stores: Stores) -> Result:
    """Compare. ``expected`` is by document id; ``named`` are all versions a client was ever told of."""
    return _Check(expected, named, stores).run()


class _Check:
    def __init__(self, expected: Mapping[str, Expected], named: Collection[str], stores: Stores) -> None:
        builds = [row for row in stores.rows["index_builds"] if (row["kind"], row["state"]) == ("keyword", "active")]
        self._expected = expected
        self._named = named
        self._stores = stores
        self._versions = stores.by_id("document_versions")
        self._of_document: dict[str, list[Row]] = {}
        for version in self._versions.values():
            self._of_document.setdefault(version["document_id"], []).append(version)
        self._things: dict[str, list[Thing]] = {}
        for thing in stores.things:
            self._things.setdefault(str(thing.properties["version_id"]), []).append(thing)
        self._chunks: dict[str, list[Row]] = {}
        for chunk in stores.rows["chunks"]:
            self._chunks.setdefault(chunk["version_id"], []).append(chunk)
        self._vectors = {row["chunk_id"]: row for row in stores.rows["chunk_vectors"]}
        self._words: dict[str, list[Words]] = {f"t{UUID(row['tenant_id']).hex}_b{row['number']}": [] for row in builds}
        for each in stores.words:
            self._words.setdefault(each.build, []).append(each)
        self._served: set[str] = set()
        self._result = Result()

    def run(self) -> Result:
        for document in self._expected.values():
            before = len(self._result.findings)
            self._document(document)
            kinds = {finding.kind for finding in self._result.findings[before:]}
            self._result.documents.update(kinds or {"ok"})
        self._foreign_documents()
        self._foreign_versions()
        self._foreign_things()
        self._foreign_words()
        self._foreign_blobs()
        self._foreign_keys()
        self._foreign_citations()
        self._stuck()
        return self._result

    def _tell(self, kind: str, place: str, detail: str) -> None:
        self._result.findings.append(Finding(kind, place, detail))

    def _document(self, wanted: Expected) -> None:
        row = self._stores.by_id("documents").get(wanted.id)
        if row is None or row["deleted_at"] is not None:
            self._tell("lost", "documents", wanted.id)
            return
        live = [v for v in self._of_document.get(wanted.id, []) if v["live_from"] is not None and not v["live_until"]]
        if len(live) > 1:
            self._tell("duplicate", "document_versions", f"{wanted.id} has {len(live)} live versions")
        version = self._versions.get(row["live_version_id"] or "")
        if version is None or version not in live:
            self._tell("lost", "document_versions", f"{wanted.id} has no live version")
            return
        self._served.add(version["id"])
        self._readers(wanted, row, version)
        self._text(wanted, version)
        self._index(wanted, version)

    def _readers(self, wanted: Expected, document: Row, version: Row) -> None:
        rows = self._stores.rows["document_readers"]
        granted = frozenset(str(row["reader_id"]) for row in rows if row["document_id"] == document["id"])
        told = frozenset[str](version["readers"])
        for place, readers in (("document_readers", granted), ("document_versions", told)):
            if readers != wanted.readers:
                self._tell("wrong_rights", place, wanted.id)

    def _text(self, wanted: Expected, version: Row) -> None:
        """The original, and the chunks: each of one text, all of it covered."""
        key = self._stores.keys.get(version["id"])
        if key is None:
            self._tell("lost", "data_keys", f"{wanted.id}: {version['id']}")
            return
        sealed = self._stores.blobs.get(f"{version['tenant_id']}/{version['id']}/original", b"")
        original = unseal_blob(key, "blob.original", sealed)
        if f"{version['tenant_id']}/{version['id']}/elements" not in self._stores.blobs:
            self._tell("lost", "blobs", f"{wanted.id}: elements")
        if original is None:
            self._tell("lost", "blobs", f"{wanted.id}: original")
        elif original.decode() != wanted.text:
            kind = "stale" if original.decode() in wanted.older else "phantom"
            self._tell(kind, "blobs", f"{wanted.id}: original")
        marks: set[tuple[int, int]] = set()
        for chunk in self._chunks.get(version["id"], []):
            try:
                text = unseal(key, "chunk.text", chunk["sealed_text"]).decode()
            except InvalidTag:
                self._tell("lost", "chunks", f"{wanted.id}: {chunk['id']}")
                continue
            marks |= marks_in(text).get(wanted.token, frozenset())
        if not marks <= wanted.marks:
            self._tell("stale", "chunks", f"{wanted.id}: {len(marks - wanted.marks)} old paragraphs")
        if not wanted.marks <= marks:
            self._tell("lost", "chunks", f"{wanted.id}: {len(wanted.marks - marks)} paragraphs")

    def _index(self, wanted: Expected, version: Row) -> None:
        """Chunks, their vectors and their objects are one set."""
        chunks = {chunk["id"]: chunk for chunk in self._chunks.get(version["id"], [])}
        if len(chunks) != version["chunk_count"]:
            self._tell("lost", "chunks", f"{wanted.id}: {len(chunks)} of {version['chunk_count']}")
        things = self._things.get(version["id"], [])
        by_id = {thing.id: thing for thing in things}
        if len(by_id) < len(things) or len({t.properties["ordinal"] for t in things}) < len(things):
            self._tell("duplicate", "objects", f"{wanted.id}: {len(things)} objects")
        for chunk_id in chunks.keys() - by_id.keys():
            self._tell("lost", "objects", f"{wanted.id}: {chunk_id}")
        for chunk_id, chunk in chunks.items():
            vector = self._vectors.get(chunk_id)
            if vector is None:
                self._tell("lost", "chunk_vectors", f"{wanted.id}: {chunk_id}")
            elif chunk_id in by_id:
                self._thing(wanted, chunk, vector, by_id[chunk_id])
        self._keywords(wanted, version, chunks)

    def _keywords(self, wanted: Expected, version: Row, chunks: Mapping[str, Row]) -> None:
        """The tenant's keyword builds hold the same set, each once, with words to be found by."""
        for build, held in self._words.items():
            mine = {each.id: each for each in held if each.version_id == version["id"]}
            for chunk_id in chunks.keys() - mine.keys():
                self._tell("lost", "words", f"{wanted.id}: {chunk_id} in {build}")
            for each in mine.values():
                if frozenset(each.readers) != wanted.readers:
                    self._tell("wrong_rights", "words", f"{wanted.id}: {each.id} in {build}")
                if each.id not in chunks or each.document_id != wanted.id or not each.terms:
                    self._tell("phantom", "words", f"{wanted.id}: {each.id} in {build}")

    def _thing(self, wanted: Expected, chunk: Row, vector: Row, thing: Thing) -> None:
        if frozenset[str](thing.properties["readers"]) != wanted.readers:
            self._tell("wrong_rights", "objects", f"{wanted.id}: {thing.id}")
        if str(thing.properties["document_id"]) != wanted.id or thing.properties["ordinal"] != chunk["ordinal"]:
            self._tell("phantom", "objects", f"{wanted.id}: {thing.id} is of another place")
        key = self._stores.keys.get(chunk["version_id"])
        if key is None:
            return
        plain = np.frombuffer(unseal(key, "chunk.vector", vector["sealed_vector"]), dtype="<f4")
        if _distance(plain, np.asarray(thing.vector, np.float32)) > _NEAR:
            self._tell("stale", "objects", f"{wanted.id}: vector of {thing.id}")

    def _foreign_documents(self) -> None:
        for document in self._stores.rows["documents"]:
            if document["id"] in self._expected:
                continue
            tokens = {token for v in self._of_document.get(document["id"], []) for token in self._tokens(v)}
            known = {wanted.token for wanted in self._expected.values()}
            kind = "duplicate" if tokens & known else "phantom"
            self._tell(kind, "documents", f"{document['id']} {document['status']} {sorted(tokens)}")

    def _tokens(self, version: Row) -> Iterator[str]:
        key = self._stores.keys.get(version["id"])
        sealed = self._stores.blobs.get(f"{version['tenant_id']}/{version['id']}/original", b"")
        text = unseal_blob(key, "blob.original", sealed) if key else None
        yield from marks_in((text or b"").decode(errors="replace"))

    def _foreign_versions(self) -> None:
        for table in ("document_versions", "artefacts", "chunks", "chunk_vectors", "subject_links", "dead_letters"):
            for row in self._stores.rows[table]:
                version_id = row["id"] if table == "document_versions" else row["version_id"]
                if version_id not in self._served:
                    self._tell("phantom", table, f"version {version_id} {row.get('status', row.get('state', ''))}")

    def _foreign_things(self) -> None:
        chunk_ids = {chunk["id"] for chunk in self._stores.rows["chunks"]}
        shards = {thing.id: thing.shard for thing in self._stores.things}
        for thing in self._stores.things:
            version_id = str(thing.properties["version_id"])
            if version_id not in self._served or thing.id not in chunk_ids:
                is_old = str(thing.properties["document_id"]) in self._expected and version_id not in self._served
                self._tell("stale" if is_old else "phantom", "objects", f"{thing.id} of version {version_id}")
            elif shards[thing.id] != thing.shard:
                self._tell("duplicate", "objects", f"{thing.id} in {thing.shard} and {shards[thing.id]}")

    def _foreign_words(self) -> None:
        for build, held in self._words.items():
            for each in held:
                if each.version_id not in self._served:
                    kind = "stale" if each.document_id in self._expected else "phantom"
                    self._tell(kind, "words", f"{each.id} of version {each.version_id} in {build}")

    def _foreign_blobs(self) -> None:
        for name in self._stores.blobs:
            _, version_id, kind = (*name.split("/"), "", "")[:3]
            if version_id not in self._served or kind not in {"original", "elements"}:
                self._tell("phantom", "blobs", name)

    def _foreign_keys(self) -> None:
        """A key of a version that was named to a client and is gone would still open its backups."""
        for key_id in (self._stores.keys.keys() & set(self._named)) - self._served:
            self._tell("phantom", "data_keys", f"the key of version {key_id}")

    def _foreign_citations(self) -> None:
        documents = {row["id"] for row in self._stores.rows["documents"]}
        for row in self._stores.rows["answer_citations"]:
            if row["document_id"] not in documents:
                self._tell("phantom", "answer_citations", f"question {row['question_id']} cites {row['document_id']}")

    def _stuck(self) -> None:
        for row in self._stores.rows["dispatches"]:
            if row["dispatched_at"] is None:
                self._tell("stuck", "dispatches", row["workflow_id"])
        for row in self._stores.rows["document_versions"]:
            if row["status"] in _UNFINISHED:
                self._tell("stuck", "document_versions", f"{row['id']} {row['status']}")
        for row in self._stores.rows["artefacts"]:
            if row["state"] != "committed":
                self._tell("stuck", "artefacts", f"{row['version_id']} {row['store']} {row['state']}")
        for workflow_id, state in self._stores.workflows.items():
            self._tell("stuck", "workflows", f"{workflow_id} {state}")


def _distance(one: Any, other: Any) -> float:
    """1 - cosine; 2 if the shapes differ."""
    if one.shape != other.shape:
        return 2.0
    return 1.0 - float(one @ other / (np.linalg.norm(one) * np.linalg.norm(other)))
