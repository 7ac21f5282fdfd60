"""What lies near to where the person was found, and names somebody alike: nearness alone says nothing.

The sweep has read every text already. Here only looser likenesses are looked for, in a few texts, and a person decides.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from rapidfuzz.distance import OSA

from lethe.model.documents import Chunk, SubjectMention
from lethe.model.ids import Id
from lethe.model.indexes import BuildKind, IndexBuild
from lethe.ports.detection import DataKind, PersonalDataDetector
from lethe.ports.keyring import KeyRing
from lethe.ports.ledger import Ledger
from lethe.ports.vectors import HybridQuery, VectorIndex
from lethe.privacy.discovery.folding import WORD, fold
from lethe.privacy.discovery.names import PersonName, Word
from lethe.privacy.discovery.opening import open_chunk
from lethe.privacy.sealing import unseal_vector

MOST_HITS: Final = 50
"""Places that are looked around: those of one person are alike, so more of them lead to the same neighbours."""
NEAREST: Final = 20
LEAST_LIKENESS: Final = 0.7
_CAPITALISED: Final = re.compile(r"[^\W\d_a-z][\w'’-]*(?:\s+[^\W\d_a-z][\w'’-]*\.?){1,2}")


def resembles(name: PersonName, words: Sequence[str]) -> bool:
    """Whether words that follow each other may be the name, misspelt or shortened: "Maria S.", "Marya Schmitt"."""
    return any(
        _is_like(one, name.given[0]) and (_is_like(two, name.family) or two == name.family.folded[0])
        for one, two in pairwise(words)
    )


def _is_like(word: str, of: Word) -> bool:
    return any(OSA.normalized_similarity(word, spelling) >= LEAST_LIKENESS for spelling in of.spellings)


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Looks at the nearest chunks of the vector index."""

    ledger: Ledger
    keyring: KeyRing
    index: VectorIndex
    detector: PersonalDataDetector

    async def find(self, tenant_id: Id, identifiers: Iterable[SubjectMention], chunk_ids: Collection[Id]) -> set[Id]:
        """Versions near the chunks that name somebody who resembles the person."""
        names = [name for each in identifiers if each.kind == "name" and (name := PersonName.of(each.value))]
        async with self.ledger.read() as uow:
            build = await uow.builds.active(tenant_id, BuildKind.VECTOR)
        if build is None or not names or not chunk_ids:
            return set()
        near = await self._near(build, sorted(chunk_ids)[:MOST_HITS])
        async with self.ledger.read() as uow:
            chunks = await uow.chunks.some(tenant_id, near - set(chunk_ids))
        keys = await self.keyring.get_many(tenant_id, {chunk.version_id for chunk in chunks})
        return {
            chunk.version_id
            for chunk in chunks
            if chunk.version_id in keys and self._names_alike(names, keys[chunk.version_id], chunk)
        }

    async def _near(self, build: IndexBuild, chunk_ids: Collection[Id]) -> set[Id]:
        async with self.ledger.read() as uow:
            vectors = await uow.chunks.vectors_by_id(build.tenant_id, build.spec, chunk_ids)
            chunks = await uow.chunks.some(build.tenant_id, vectors)
            readers = await uow.documents.readers(build.tenant_id, {chunk.document_id for chunk in chunks})
        keys = await self.keyring.get_many(build.tenant_id, {vector.version_id for vector in vectors.values()})
        anyone = frozenset({build.tenant_id, *(reader for each in readers.values() for reader in each)})
        near: set[Id] = set()
        for vector in vectors.values():
            if vector.version_id in keys:
                asked = unseal_vector(keys[vector.version_id], vector.sealed_vector)
                hits = await self.index.search(build, HybridQuery("", asked, 1.0, NEAREST, anyone))
                near |= {hit.chunk_id for hit in hits}
        return near

    def _names_alike(self, names: Sequence[PersonName], key: bytes, chunk: Chunk) -> bool:
        return any(
            resembles(name, words)
            for _, text in open_chunk(key, chunk)
            for words in self._people(text, chunk.language)
            for name in names
        )

    def _people(self, text: str, language: str) -> list[list[str]]:
        """Names the detector finds, and capitalised words that follow each other."""
        found = self.detector.detect(text, language)
        # An initial behind a name is not always taken for a part of it.
        people = [text[each.start : each.end + 3] for each in found if each.kind is DataKind.PERSON]
        return [WORD.findall(fold(span)) for span in (*people, *_CAPITALISED.findall(text))]
