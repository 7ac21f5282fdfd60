"""Content that harmed the parser before is not read again: it is recorded as failed with the earlier cause."""

from dataclasses import replace
from datetime import datetime

from lethe.errors import FailureClass, KnownPoison, by_code
from lethe.ingestion.failures import Noted, about_failure, new_letter
from lethe.ingestion.removal import VersionRemover
from lethe.model.documents import Status, Version
from lethe.model.ids import new_id
from lethe.model.operations import DeadLetter, DeadLetterState
from lethe.model.webhooks import WebhookEvent
from lethe.ports.ledger import Ledger, UnitOfWork
from lethe.privacy.sealing import Purpose, seal_text
from lethe.webhooks.telling import tell


async def record_known(uow: UnitOfWork, version: Version, known: DeadLetter, key: bytes, at: datetime) -> None:
    """Fail the version as the letter's content failed. Its bytes stay: a retry of the new letter reads them."""
    cause = by_code(known.cause_code or known.code)
    noted = Noted(
        step=known.step,
        cause=KnownPoison,
        failure_class=FailureClass.POISON,
        attempts=0,
        state=DeadLetterState.CLOSED,
        place=known.place,
        opening_id=new_id(),
    )
    detail = f"Not read: the same bytes failed before with {cause.code} ({cause.title})."
    letter = new_letter(version, noted, seal_text(key, Purpose.FAILURE, detail), at)
    await uow.versions.update(replace(version, status=Status.FAILED, updated_at=at))
    await uow.dead_letters.record(replace(letter, cause_code=cause.code))
    await tell(uow, about_failure(WebhookEvent.DOCUMENT_FAILED, letter), at)


async def forget_repeats(ledger: Ledger, remover: VersionRemover, version: Version) -> None:
    """Remove earlier submissions of the same bytes to the same document that were never read either: one is enough."""
    async with ledger.read() as uow:
        siblings = await uow.versions.of_document(version.tenant_id, version.document_id)
        earlier = [s for s in siblings if s.submission < version.submission and s.content_fp == version.content_fp]
        letters = {s.id: await uow.dead_letters.of_version(s.tenant_id, s.id) for s in earlier}
    repeats = [
        version_id
        for version_id, found in letters.items()
        if found and all(letter.cause_code and letter.state is DeadLetterState.CLOSED for letter in found)
    ]
    for version_id in await remover.claim(version.tenant_id, repeats):
        await remover.remove_unindexed(version.tenant_id, version_id)
