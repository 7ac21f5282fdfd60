"""The log of erasures, its witness, and certificates."""

from lethe.errors.base import FailureClass
from lethe.errors.requests import NotFound
from lethe.errors.stores import ConfigurationError, Unavailable


class WitnessUnavailable(Unavailable):
    """Certificates wait for it; nothing else does."""

    code = "witness_unavailable"
    title = "The witness of the log of erasures cannot be reached"


class CheckpointRefused(ConfigurationError):
    """What was sent is no checkpoint of the log the witness knows, or the witness is not the one it was."""

    code = "checkpoint_refused"
    title = "The witness does not take the log's checkpoint"
    advice = "Compare the log's and the witness's keys with those of before; see docs/certificates.md."


class LogForked(ConfigurationError):
    """Two histories of one log: never continued by itself."""

    code = "log_forked"
    title = "The log of erasures is not a continuation of what the witness has seen"
    advice = "Stop. Put back the newest copy of the state, or find out who changed the log; see docs/certificates.md."


class CertificateRefused(ConfigurationError):
    """A certificate that would say what is not so, or what nobody may read in it, is not made."""

    code = "certificate_refused"
    title = "What is known of the erasure does not make a certificate"
    advice = "See which store still holds something, or which fact contradicts another."
    failure_class = FailureClass.PERMANENT


class CertificateNotFound(NotFound):
    code = "certificate_not_found"
    title = "There is no such certificate of this erasure, or not yet"
    advice = "Read the erasure: once it is certified there is one, and one more for each time it was opened again."


class VerificationBlind(Unavailable):
    """A verifier that does not find what it planted itself would certify anything; it is tried again."""

    code = "verification_blind"
    title = "The verification of an erasure does not find its own control"
