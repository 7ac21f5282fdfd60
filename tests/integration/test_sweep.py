"""The sweep over a real ledger: every place is searched, page by page, from wherever it was stopped."""

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from lethe.adapters.fakes.keyring import FakeKeyRing
from lethe.adapters.sql import SqlLedger
from lethe.model.documents import SubjectMention
from lethe.model.feedback import Feedback, Verdict
from lethe.model.ids import Id, new_id
from lethe.model.personal_data import ItemKind, Leads, Wanted
from lethe.model.texts import TextPlace
from lethe.privacy.detection import PatternDetector
from lethe.privacy.discovery.finder import SweepFinder
from lethe.privacy.discovery.judging import Confidence
from lethe.privacy.discovery.matches import Reason
from lethe.privacy.discovery.neighbours import Neighbours
from lethe.privacy.discovery.person import Person
from lethe.privacy.discovery.sweep import Found, Sweep, SweepCursor
from lethe.privacy.erasure.lineage import LineageFinder
from lethe.privacy.sealing import Purpose, seal_json, seal_text, seal_vector
from lethe.settings import Settings
from tests.contract.ledger_rows import NOON, add_document, add_tenant, answer, chunks, letter, question, vectors
from tests.integration.erasures import make_scene
from tests.population.documents import Group, Written, documents
from tests.population.people import people
from tests.population.stored import store

PEOPLE = 16
SOUGHT = 4


async def _swept(sweep: Sweep) -> tuple[list[Found], int]:
    found, texts = list[Found](), 0
    cursor: SweepCursor | None = SweepCursor()
    while cursor is not None:
        # A sweep that is resumed elsewhere knows its cursor and nothing else.
        page = await replace(sweep).page(cursor)
        found += page.found
        texts += page.texts
        cursor = page.next
    return found, texts


async def test_a_tenant_is_swept_in_pages(
    sqlite_settings: Settings, record_property: Callable[[str, object], None]
) -> None:
    ledger, keyring = SqlLedger.from_settings(sqlite_settings), FakeKeyRing()
    tenant = await add_tenant(ledger)
    population = people()[:PEOPLE]
    written = documents(population)
    versions = await store(ledger, keyring, tenant, written)
    await store(ledger, keyring, await add_tenant(ledger), written[:20])
    started, texts, missed = time.perf_counter(), 0, list[str]()
    for person in population[:SOUGHT]:
        linked = {version for version, each in zip(versions, written, strict=True) if person.number in each.linked}
        sweep = Sweep(ledger, keyring, tenant, Person.of(person.identifiers), frozenset(linked))
        found, searched = await _swept(sweep)
        texts += searched
        about = {each.ref for each in found}
        assert about <= set(versions)
        for version, each in zip(versions, written, strict=True):
            is_meant = any(truth.person == person.number for truth in each.truths)
            if is_meant and version not in about:
                missed.append(f"{person.name}: {each.text}")
            if each.group is Group.FILLER:
                certain = {one.ref for one in found if one.confidence is Confidence.CERTAIN}
                assert version not in certain
    record_property("texts a second", round(texts / (time.perf_counter() - started)))
    record_property("missed", missed or "none")
    assert missed == []
    await ledger.close()


MAX = Person.of([SubjectMention("name", "Max Öztürk"), SubjectMention("email", "max@example.org")])


async def _ledger_that_names_max(ledger: SqlLedger, keyring: FakeKeyRing) -> tuple[Id, dict[TextPlace, Id]]:
    tenant = await add_tenant(ledger)
    await keyring.create_tenant(tenant)
    async with ledger.write() as uow:
        _, version, _ = await add_document(uow, tenant)
        key = await keyring.create(tenant, version.id)
        await uow.versions.update(
            replace(
                version,
                sealed_title=seal_text(key, Purpose.TITLE, "Review of Max Öztürk"),
                sealed_source_uri=seal_text(key, Purpose.SOURCE_URI, "file:///hr/oeztuerk_max.pdf"),
                sealed_metadata=seal_json(key, Purpose.METADATA, {"author": "Max Öztürk", "tags": ["a", "M. Öztürk"]}),
            )
        )
        own = [
            replace(
                chunk,
                sealed_text=seal_text(key, Purpose.CHUNK_TEXT, f"Part {chunk.ordinal}: Öztürk agrees."),
                sealed_section=seal_text(key, Purpose.CHUNK_SECTION, "Minutes > max@example.org"),
            )
            for chunk in chunks(version, 120)
        ]
        await uow.chunks.replace(tenant, version.id, own)
        subject = new_id()
        subject_key = await keyring.create(tenant, subject)
        sealed = seal_text(subject_key, Purpose.IDENTIFIER, "Öztürk, Max")
        await uow.subjects.link(tenant, version.id, "name", "b" * 64, sealed, subject, NOON)
        asked = question(tenant)
        asked_key = await keyring.create(tenant, asked.id)
        sealed = seal_json(asked_key, Purpose.QUESTION, {"question": "Who is Max Öztürk?"})
        await uow.questions.add(replace(asked, sealed_request=sealed))
        body = seal_json(asked_key, Purpose.ANSWER, {"sentences": [{"text": "max@example.org is."}]})
        trace = seal_json(asked_key, Purpose.TRACE, ["Max Ozturk"])
        await uow.questions.put_answer(replace(answer(asked), sealed_body=body, sealed_trace=trace))
        reason = seal_text(asked_key, Purpose.FEEDBACK, "Max Öztürk left years ago")
        await uow.feedback.put(Feedback(tenant, asked.id, Verdict.DOWN, reason, NOON))
        failed = letter(version)
        detail = seal_text(key, Purpose.FAILURE, "cannot read page 3: max@example.org")
        await uow.dead_letters.record(replace(failed, sealed_detail=detail))
    rows = {
        TextPlace.VERSION: version.id,
        TextPlace.SUBJECT: subject,
        TextPlace.QUESTION: asked.id,
        TextPlace.ANSWER: asked.id,
        TextPlace.TRACE: asked.id,
        TextPlace.FEEDBACK: asked.id,
        TextPlace.LETTER: failed.id,
    }
    return tenant, rows


async def test_every_place_is_searched(ledger: SqlLedger) -> None:
    keyring = FakeKeyRing()
    tenant, rows = await _ledger_that_names_max(ledger, keyring)
    async with ledger.read() as uow:
        assert await uow.texts.places(tenant) == rows.keys() - {TextPlace.VERSION}
    found, texts = await _swept(Sweep(ledger, keyring, tenant, MAX))
    assert {each.place: each.ref for each in found} == rows
    parts = {(each.part, each.reason) for each in found if each.place is TextPlace.VERSION}
    assert parts == {
        ("title", Reason.NAME),
        ("source_uri", Reason.NAME_HANDLE),
        ("metadata", Reason.NAME),
        ("metadata", Reason.NAME_INITIALS),
        ("section", Reason.EMAIL),
        ("text", Reason.FAMILY_NAME),
    }
    assert len({each.chunk_id for each in found if each.part == "text"}) == 120
    assert texts == 3 + 240 + 6
    # What is erased already cannot be opened, and is no reason to stop.
    await keyring.destroy(tenant, [rows[TextPlace.VERSION], rows[TextPlace.SUBJECT]])
    found, _ = await _swept(Sweep(ledger, keyring, tenant, MAX))
    assert {each.ref for each in found} == {rows[TextPlace.QUESTION]}


async def test_a_page_holds_all_identifiers_of_a_subject(ledger: SqlLedger) -> None:
    tenant = await add_tenant(ledger)
    async with ledger.write() as uow:
        _, version, _ = await add_document(uow, tenant)
        subjects = sorted(new_id() for _ in range(3))
        for number, subject in enumerate(subjects):
            await uow.subjects.link(tenant, version.id, "email", f"{number}" * 64, b"one", subject, NOON)
    async with ledger.read() as uow:
        pages = [await uow.texts.after(tenant, TextPlace.SUBJECT, after, 1) for after in (None, *subjects)]
        assert await uow.texts.places(tenant) == {TextPlace.SUBJECT}
    assert [[text.ref for text in page] for page in pages] == [[each] for each in subjects] + [[]]


@pytest.mark.parametrize("place", [place for place in TextPlace if place is not TextPlace.VERSION])
async def test_every_place_has_a_query(ledger: SqlLedger, place: TextPlace) -> None:
    tenant = await add_tenant(ledger)
    async with ledger.read() as uow:
        assert await uow.texts.after(tenant, place, None, 5) == []


async def test_what_a_sweep_finds_leads_to_versions_and_questions(ledger: SqlLedger) -> None:
    keyring = FakeKeyRing()
    tenant, rows = await _ledger_that_names_max(ledger, keyring)
    alone = [Written(Group.NAMES, text) for text in ("Dr. Öztürk spoke.", "Max Öztürk spoke.", "Nobody spoke.")]
    titled, named, _ = await store(ledger, keyring, tenant, alone)
    lineage = LineageFinder(ledger, keyring)
    wanted = Wanted(new_id(), (SubjectMention("name", "Max Öztürk"), SubjectMention("email", "max@example.org")))
    leads = await SweepFinder(ledger, keyring, lineage).find(tenant, wanted)
    assert leads == Leads(
        mentions=frozenset({rows[TextPlace.VERSION], named}),
        questions=frozenset({rows[TextPlace.QUESTION]}),
        unsure=frozenset({titled}),
        rows=frozenset({(ItemKind.LETTER, rows[TextPlace.LETTER])}),
    )


async def test_what_lies_near_and_names_somebody_alike_is_unsure(ledger: SqlLedger, sql_settings: Settings) -> None:
    scene = await make_scene(ledger, sql_settings)
    said = {
        "named": "Maria Schmidt took the drill.",
        "alike": "The drill was lent to Marya Schmitt.",
        "other": "The drill was lent to Peter Berg.",
    }
    versions = {name: (await scene.add())[1] for name in said}
    for name, text in said.items():
        version = versions[name]
        key = await scene.keyring.get(scene.tenant_id, version.id)
        sealed = seal_text(key, Purpose.CHUNK_TEXT, text)
        own = [replace(each, sealed_text=sealed) for each in chunks(version, 2)]
        spec = scene.builds[0].spec
        vector = seal_vector(key, np.array([1.0, 0.0], np.float32))
        async with ledger.write() as uow:
            await uow.documents.set_readers(scene.tenant_id, version.document_id, [scene.tenant_id])
            await uow.chunks.replace(scene.tenant_id, version.id, own)
            await uow.chunks.put_vectors(vectors(own, spec, vector))
        await scene.index.update_properties(scene.builds[0], version.id, (scene.tenant_id,), ())
    neighbours = Neighbours(ledger, scene.keyring, scene.index, PatternDetector())
    identifiers = [SubjectMention("name", "Maria Schmidt")]
    hits = [each.id for each in chunks(versions["named"], 2)]
    found = await neighbours.find(scene.tenant_id, identifiers, hits)
    assert found == {versions["alike"].id}
    assert await neighbours.find(scene.tenant_id, [SubjectMention("email", "m@example.org")], hits) == set()
