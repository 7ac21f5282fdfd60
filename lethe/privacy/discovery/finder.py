"""The sweep as a way to find what is about a person (lethe.ports.personal_data.Finder)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from lethe.model.ids import Id
from lethe.model.personal_data import ItemKind, Leads, Wanted
from lethe.model.texts import TextPlace
from lethe.ports.keyring import KeyRing
from lethe.ports.ledger import Ledger
from lethe.ports.personal_data import Finder
from lethe.privacy.discovery.judging import Confidence
from lethe.privacy.discovery.neighbours import MOST_HITS, Neighbours
from lethe.privacy.discovery.person import Person
from lethe.privacy.discovery.sweep import Found, Sweep, SweepCursor

_ROWS: Final[Mapping[TextPlace, ItemKind]] = {
    TextPlace.LETTER: ItemKind.LETTER,
    TextPlace.REFUSAL: ItemKind.REFUSAL,
    TextPlace.INGESTION: ItemKind.INGESTION,
    TextPlace.RESPONSE: ItemKind.RESPONSE,
    TextPlace.SELECTION: ItemKind.SELECTION,
    TextPlace.QUARANTINE: ItemKind.QUARANTINE,
    TextPlace.WEBHOOK: ItemKind.WEBHOOK,
    TextPlace.GLOSSARY: ItemKind.GLOSSARY,
    TextPlace.SOURCE: ItemKind.SOURCE,
    TextPlace.LISTED: ItemKind.LISTED,
}
_OF_QUESTIONS: Final = frozenset({TextPlace.QUESTION, TextPlace.ANSWER, TextPlace.TRACE, TextPlace.FEEDBACK})


@dataclass
class _Hits:
    """What pages found, without the places: at most an id for each row of the tenant."""

    chunks: set[Id] = field(default_factory=set[Id])
    sure: set[Id] = field(default_factory=set[Id])
    unsure: set[Id] = field(default_factory=set[Id])
    subjects: set[Id] = field(default_factory=set[Id])
    aliases: set[Id] = field(default_factory=set[Id])
    questions: set[Id] = field(default_factory=set[Id])
    rows: set[tuple[ItemKind, Id]] = field(default_factory=set[tuple[ItemKind, Id]])

    def take(self, found: Iterable[Found]) -> None:
        for each in found:
            is_unsure = each.confidence is Confidence.UNCERTAIN
            if each.place in _OF_QUESTIONS:
                # What is not sure is as well somebody else's: their questions are nobody's to destroy.
                if not is_unsure:
                    self.questions.add(each.ref)
            elif each.place in _ROWS:
                if not is_unsure:
                    self.rows.add((_ROWS[each.place], each.ref))
            elif each.place is TextPlace.SUBJECT:
                (self.aliases if is_unsure else self.subjects).add(each.ref)
            else:
                (self.unsure if is_unsure else self.sure).add(each.ref)
                if each.chunk_id is not None and not is_unsure and len(self.chunks) < MOST_HITS:
                    self.chunks.add(each.chunk_id)


@dataclass(frozen=True, slots=True)
class SweepFinder:
    """What ``lineage`` finds, and more: whatever names the person in its text is also about others, as far as a search
    can tell: a mention. Versions in which nothing is likely are unsure, and those linked to somebody who may be the
    person under another name.
    """

    ledger: Ledger
    keyring: KeyRing
    lineage: Finder
    neighbours: Neighbours | None = None

    async def find(self, tenant_id: Id, wanted: Wanted) -> Leads:
        known = await self.lineage.find(tenant_id, wanted)
        linked = known.versions | known.mentions
        sweep = Sweep(self.ledger, self.keyring, tenant_id, Person.of(wanted.identifiers), linked)
        hits = _Hits()
        cursor: SweepCursor | None = SweepCursor()
        while cursor is not None:
            page = await sweep.page(cursor)
            hits.take(page.found)
            cursor = page.next
        if self.neighbours is not None:
            hits.unsure |= await self.neighbours.find(tenant_id, wanted.identifiers, hits.chunks)
        return known.plus(await self._leads(tenant_id, known.subjects, hits))

    async def _leads(self, tenant_id: Id, known: frozenset[Id], hits: _Hits) -> Leads:
        subjects = known | hits.subjects
        async with self.ledger.read() as uow:
            theirs = await uow.personal.links(tenant_id, hits.subjects)
            others = await uow.personal.links(tenant_id, hits.aliases - subjects)
        alone = {version_id for version_id, people in theirs.items() if people <= subjects}
        return Leads(
            subjects=frozenset(hits.subjects),
            versions=frozenset(alone),
            mentions=frozenset((hits.sure | set(theirs)) - alone),
            questions=frozenset(hits.questions),
            unsure=frozenset((hits.unsure | set(others)) - hits.sure - set(theirs)),
            rows=frozenset(hits.rows),
        )
