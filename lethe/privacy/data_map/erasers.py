"""Code that takes out more than one table's rows."""

from typing import Final

DOCUMENT: Final = "lethe.ingestion.deletion:Deletions.finish"
VERSION: Final = "lethe.ingestion.removal:VersionRemover.remove"
ANSWERS: Final = "lethe.ingestion.removal:VersionRemover.forget_answers"
RETENTION: Final = "lethe.ingestion.retaining:Retaining.page"
