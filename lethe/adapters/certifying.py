"""What issues certificates, and what looks at the witness before anything starts, over the configured stores."""

from functools import cache

from lethe.adapters.signing_keys import signing_seed
from lethe.adapters.witness.client import HttpWitness
from lethe.ingestion.erasing import DocumentErasure
from lethe.ingestion.removal import VersionRemover
from lethe.ingestion.tombstones import TombstonedVersions
from lethe.ports.clock import Clock
from lethe.ports.ledger import Ledger
from lethe.privacy.certificates.checkpoints import Checkpoints
from lethe.privacy.certificates.issuing import CertificateIssuer
from lethe.privacy.certificates.notes import NoteSigner
from lethe.privacy.certificates.starting import StartCheck
from lethe.settings import Settings


def certificate_issuer(settings: Settings, witness: HttpWitness, ledger: Ledger, clock: Clock) -> CertificateIssuer:
    """The log's key is made when it is first needed, beside the tenants' keys."""

    @cache
    def signer(origin: str) -> NoteSigner:
        return NoteSigner(origin, signing_seed(settings.key_folder / "log.key", settings.environment))

    return CertificateIssuer(ledger, witness, Checkpoints(ledger, witness, clock, signer), clock)


async def require_newest_state(settings: Settings, witness: HttpWitness, remover: VersionRemover, clock: Clock) -> None:
    """Carries out the witness's tombstones if an older state was put back. Nothing to ask without a witness.

    Raises LogForked, WitnessUnavailable.
    """
    if settings.witness.url:
        removal = TombstonedVersions(DocumentErasure(remover, clock))
        check = StartCheck(remover.ledger, remover.keyring, witness, clock, removal.remove)
        await check.run(settings.witness.start_seconds)
