"""What is linked to a person: by the blind index of the identifiers, and by what a version was said to be about."""

from dataclasses import dataclass

from lethe.model.ids import Id
from lethe.model.personal_data import Leads, Wanted
from lethe.ports.keyring import KeyRing, SecretPurpose
from lethe.ports.ledger import Ledger
from lethe.privacy.digests import blind_index


@dataclass(frozen=True, slots=True)
class LineageFinder:
    """lethe.ports.personal_data.Finder. A version that nobody else is linked to is about the person alone."""

    ledger: Ledger
    keyring: KeyRing

    async def find(self, tenant_id: Id, wanted: Wanted) -> Leads:
        blind_key = await self.keyring.secret(tenant_id, SecretPurpose.BLIND)
        blinds = {(each.kind, blind_index(blind_key, each.kind, each.value)) for each in wanted.identifiers}
        async with self.ledger.read() as uow:
            found = await uow.subjects.by_blinds(tenant_id, blinds)
            # Those known at intake: a removal that was killed has forgotten their identifiers already.
            subjects = found | frozenset(await uow.erasures.subjects(tenant_id, wanted.request_id))
            links = await uow.personal.links(tenant_id, subjects)
            questions = await uow.personal.questions_of(tenant_id, wanted.principals)
        return Leads(
            subjects=subjects,
            versions=frozenset(version_id for version_id, linked in links.items() if linked <= subjects),
            mentions=frozenset(version_id for version_id, linked in links.items() if not linked <= subjects),
            questions=frozenset(questions),
        )
