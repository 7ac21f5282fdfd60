"""A tenant's glossary: read by every search, changed by its admins."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from lethe.model.glossaries import Glossary
from lethe.model.ids import Id, new_id
from lethe.model.principals import Caller
from lethe.ports.clock import Clock
from lethe.ports.keyring import KeyRing, SecretPurpose
from lethe.ports.ledger import Ledger
from lethe.privacy.erasure.needles import open_needles
from lethe.privacy.sealing import Purpose, seal_json, unseal_json
from lethe.retrieval.rewriting import Synonyms, two_way

Entries = Mapping[str, list[str]]
"""Synonyms by term, as they were given."""


@dataclass(frozen=True, slots=True)
class GlossaryView:
    """The glossary in force. Never changed, it has neither ``changed_at`` nor ``changed_by``."""

    entries: Entries
    changed_at: datetime | None = None
    changed_by: Id | None = None


@dataclass(frozen=True, slots=True)
class Glossaries:
    """The glossary of the caller's tenant."""

    ledger: Ledger
    keyring: KeyRing
    clock: Clock

    async def get(self, caller: Caller) -> GlossaryView:
        """The glossary in force, without what names somebody who is being erased."""
        async with self.ledger.read() as uow:
            glossary = await uow.glossaries.get(caller.tenant_id)
            fenced = await uow.erasures.fenced_identifiers(caller.tenant_id)
        if glossary is None:
            return GlossaryView({})
        entries = await _entries(self.keyring, glossary)
        needles = await open_needles(self.keyring, caller.tenant_id, fenced)
        shown = {term: others for term, others in entries.items() if not needles.hides(term, *others)}
        return GlossaryView(shown, glossary.updated_at, glossary.principal_id)

    async def change(self, caller: Caller, entries: Entries) -> GlossaryView:
        """Put these entries in place of all before, from the next search on; what they said is gone."""
        secret = await self.keyring.secret(caller.tenant_id, SecretPurpose.GLOSSARY)
        glossary = Glossary(
            tenant_id=caller.tenant_id,
            id=new_id(),
            principal_id=caller.principal_id,
            sealed_entries=seal_json(secret, Purpose.GLOSSARY, entries),
            updated_at=self.clock.now(),
        )
        async with self.ledger.write() as uow:
            await uow.tenants.lock(caller.tenant_id)
            await uow.glossaries.put(glossary)
        return GlossaryView(entries, glossary.updated_at, glossary.principal_id)


async def synonyms_of(keyring: KeyRing, glossary: Glossary | None) -> Synonyms:
    """What a search puts into a question. Raises SealBroken."""
    return {} if glossary is None else two_way(await _entries(keyring, glossary))


async def _entries(keyring: KeyRing, glossary: Glossary) -> Entries:
    secret = await keyring.secret(glossary.tenant_id, SecretPurpose.GLOSSARY)
    return cast("Entries", unseal_json(secret, Purpose.GLOSSARY, glossary.sealed_entries))
