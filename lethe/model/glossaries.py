"""A tenant's glossary: words of the house and what else they are called."""

from dataclasses import dataclass
from datetime import datetime

from lethe.model.ids import Id


@dataclass(frozen=True, slots=True)
class Glossary:
    """The glossary in force. ``id`` is another with every change; ``sealed_entries`` opens with a tenant's secret."""

    tenant_id: Id
    id: Id
    principal_id: Id
    sealed_entries: bytes
    updated_at: datetime
