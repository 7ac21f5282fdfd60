"""An issuer over a ledger, whose log's key and witness are made up."""

from lethe.adapters.fakes.witness import FakeWitness
from lethe.ports.clock import Clock
from lethe.ports.ledger import Ledger
from lethe.privacy.certificates.checkpoints import Checkpoints
from lethe.privacy.certificates.issuing import CertificateIssuer
from lethe.privacy.certificates.notes import NoteSigner

SEED = b"k" * 32


def issuer(ledger: Ledger, clock: Clock, witness: FakeWitness | None = None) -> CertificateIssuer:
    seen = witness or FakeWitness()
    checkpoints = Checkpoints(ledger, seen, clock, lambda origin: NoteSigner(origin, SEED))
    return CertificateIssuer(ledger, seen, checkpoints, clock)
