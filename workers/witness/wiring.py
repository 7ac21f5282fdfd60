"""Settings -> the witness's file and key. It opens none of the stores it watches."""

import hashlib
import time

from lethe.adapters.signing_keys import signing_seed
from lethe.adapters.witness.journal import FileJournal
from lethe.privacy.certificates.notes import NoteSigner
from lethe.privacy.certificates.witnessing import WitnessState
from lethe.settings import Settings


def witness_state(settings: Settings) -> WitnessState:
    """What it saw, read from its file. Raises ConfigurationError, EnvironmentMismatch."""
    folder = settings.witness_folder
    seed = signing_seed(folder / "witness.key", settings.environment)
    name = hashlib.sha256(seed + b"/name").hexdigest()[:16]
    signer = NoteSigner(f"lethe-witness/{name}", seed, is_witness=True)
    return WitnessState(signer, FileJournal(folder / "witness.jsonl"), lambda: int(time.time()))
