"""The verification of one erasure: the control first, then ids, builds, searches, blind index and texts."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Final

from lethe.errors import IndexBuildMissing
from lethe.model.erasures import ErasureIdentifier, ErasureItem, ErasureRequest, ItemState
from lethe.model.ids import Id
from lethe.model.indexes import BuildKind, BuildState, IndexBuild
from lethe.model.personal_data import Item, ItemKind, StoreName
from lethe.model.terms import query_terms
from lethe.model.texts import TextPlace
from lethe.ports.blobs import BlobStore
from lethe.ports.clock import Clock
from lethe.ports.keyring import KeyRing
from lethe.ports.keywords import KeywordIndex
from lethe.ports.ledger import Ledger
from lethe.ports.personal_data import PersonalDataStore
from lethe.ports.vectors import HybridQuery, VectorIndex
from lethe.privacy.erasure.needles import open_needles
from lethe.privacy.sealing import Purpose, unseal_text
from lethe.privacy.verification.controls import Controls
from lethe.privacy.verification.counting import STORE_OF, Counting
from lethe.privacy.verification.findings import Erased, Findings
from lethe.privacy.verification.scanning import ROWS, TextScan

_HITS: Final = 100
_LANGUAGES: Final = ("en", "de", "")
_KEPT: Final = frozenset({ItemState.HELD, ItemState.RELEASED, ItemState.IN_REVIEW})

_STORE_OF_TEXT: Final[Mapping[TextPlace, StoreName]] = {
    TextPlace.SUBJECT: StoreName.DOCUMENTS,
    TextPlace.QUESTION: StoreName.QUESTIONS,
    TextPlace.ANSWER: StoreName.QUESTIONS,
    TextPlace.TRACE: StoreName.QUESTIONS,
    TextPlace.FEEDBACK: StoreName.FEEDBACK,
    TextPlace.LETTER: StoreName.DEAD_LETTERS,
}
"""The rest is what callers sent and were told."""


@dataclass(frozen=True, slots=True)
class Verifier:
    """Reads only, but for its controls. Raises VerificationBlind, and what a store raises that does not answer."""

    ledger: Ledger
    keyring: KeyRing
    blobs: BlobStore
    index: VectorIndex
    keywords: KeywordIndex
    stores: Mapping[StoreName, PersonalDataStore]
    clock: Clock

    async def verify(self, request: ErasureRequest, manifest: Collection[ErasureItem]) -> Findings:
        """Everything, while the identifiers are at hand."""
        tenant_id, erased = request.tenant_id, Erased.of(manifest)
        builds = await self._builds(tenant_id)
        found = Findings(controls=await self._controls.run(tenant_id, builds))
        await self._counting.by_ids(tenant_id, erased, found)
        readers = await self._counting.builds(builds, erased, request.deleted_at, found)
        async with self.ledger.read() as uow:
            identifiers = await uow.erasures.identifiers(tenant_id, request.id)
        await self._searches(request, identifiers, builds, readers, erased, found)
        kept = frozenset((ItemKind(row.kind), row.ref) for row in manifest if row.state in _KEPT)
        await self._texts(request, identifiers, kept, found)
        return found

    async def verify_ids(self, tenant_id: Id, manifest: Collection[ErasureItem]) -> Findings:
        """What can be looked for when nothing but the random ids of what was erased is left."""
        builds = await self._builds(tenant_id)
        found = Findings(controls=await self._controls.run(tenant_id, builds))
        await self._counting.by_ids(tenant_id, _also_objects(Erased.of(manifest)), found)
        return found

    @property
    def _controls(self) -> Controls:
        return Controls(self.ledger, self.keyring, self.blobs, self.index, self.keywords, self.clock)

    @property
    def _counting(self) -> Counting:
        indexes = {BuildKind.VECTOR: self.index, BuildKind.KEYWORD: self.keywords}
        return Counting(self.ledger, self.keyring, self.blobs, indexes, self.stores)

    async def _builds(self, tenant_id: Id) -> list[IndexBuild]:
        async with self.ledger.read() as uow:
            return await uow.builds.list(tenant_id)

    async def _searches(
        self,
        request: ErasureRequest,
        identifiers: Collection[ErasureIdentifier],
        builds: Collection[IndexBuild],
        readers: frozenset[Id],
        erased: Erased,
        found: Findings,
    ) -> None:
        """By the identifiers' words, as somebody who may read everything."""
        keys = await self.keyring.get_many(request.tenant_id, [request.id])
        versions = erased.refs(ItemKind.VERSION)
        for key in keys.values():
            for each in identifiers:
                value = unseal_text(key, Purpose.ERASURE_IDENTIFIER, each.sealed_identifier)
                query = HybridQuery(query_terms(value, _LANGUAGES), None, 0.0, _HITS, readers | {request.tenant_id})
                for build in builds:
                    if build.state is BuildState.ACTIVE and query.terms:
                        found.probed(STORE_OF[build.kind], await self._hits(build, query, versions))

    async def _hits(self, build: IndexBuild, query: HybridQuery, versions: frozenset[Id]) -> int:
        index = self.index if build.kind is BuildKind.VECTOR else self.keywords
        try:
            return sum(hit.version_id in versions for hit in await index.search(build, query))
        except IndexBuildMissing:
            return 0

    async def _texts(
        self,
        request: ErasureRequest,
        identifiers: Collection[ErasureIdentifier],
        kept: frozenset[tuple[ItemKind, Id]],
        found: Findings,
    ) -> None:
        """What is kept for a reason, or is outside of the request's scope, may say what it says."""
        needles = await open_needles(self.keyring, request.tenant_id, list(identifiers))
        if not needles.keys:
            return
        scan = TextScan(self.ledger, self.keyring, request.tenant_id, needles)
        shown = await scan.versions()
        in_scope = await self._in_scope(request, set(shown.refs.values()))
        refs, is_linked = {ref for _, ref in kept}, any(kind is ItemKind.VERSION for kind, _ in kept)
        hits = [ref for ref, document_id in shown.refs.items() if ref not in refs and document_id in in_scope]
        found.scanned(StoreName.DOCUMENTS, shown.texts, len(hits))
        if not request.scope.is_whole:
            return
        for place in ROWS:
            # Who is still linked to a document that is kept is still named by the link.
            if not (place is TextPlace.SUBJECT and is_linked):
                shown = await scan.rows(place)
                store = _STORE_OF_TEXT.get(place, StoreName.REQUESTS)
                found.scanned(store, shown.texts, len(shown.refs.keys() - refs))
        if not is_linked:
            await self._blinds(request.tenant_id, identifiers, found)

    async def _blinds(self, tenant_id: Id, identifiers: Collection[ErasureIdentifier], found: Findings) -> None:
        async with self.ledger.read() as uow:
            linked = await uow.subjects.by_blinds(tenant_id, {(each.kind.value, each.blind) for each in identifiers})
        found.probed(StoreName.DOCUMENTS, len(linked), len(identifiers))

    async def _in_scope(self, request: ErasureRequest, document_ids: set[Id]) -> set[Id]:
        scope = request.scope
        if scope.is_whole:
            return document_ids
        async with self.ledger.read() as uow:
            below = await uow.personal.documents_below(request.tenant_id, document_ids, scope.prefix_hmacs)
        return document_ids & {*scope.document_ids, *below}


def _also_objects(erased: Erased) -> Erased:
    """The objects of what was erased are asked for in both kinds of index, whichever store had listed them."""
    chunks = sorted(erased.refs(ItemKind.CHUNK))
    both = {name: tuple(Item(name, ItemKind.CHUNK, ref) for ref in chunks) for name in STORE_OF.values()}
    return replace(erased, items={**erased.items, **both}) if chunks else erased
