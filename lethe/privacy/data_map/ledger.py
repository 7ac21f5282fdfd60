"""The ledger, table by table."""

from typing import Final

from lethe.privacy.data_map.audit_log import AUDIT_LOG
from lethe.privacy.data_map.audits import AUDITS
from lethe.privacy.data_map.caches import CACHES
from lethe.privacy.data_map.declaration import Place
from lethe.privacy.data_map.documents import DOCUMENTS
from lethe.privacy.data_map.erasures import ERASURES
from lethe.privacy.data_map.indexes import INDEXES
from lethe.privacy.data_map.ingestions import INGESTIONS
from lethe.privacy.data_map.migrations import MIGRATIONS
from lethe.privacy.data_map.operations import OPERATIONS
from lethe.privacy.data_map.probes import PROBES, REINDEXES
from lethe.privacy.data_map.processors import PROCESSORS
from lethe.privacy.data_map.quarantines import QUARANTINES
from lethe.privacy.data_map.questions import QUESTIONS
from lethe.privacy.data_map.retention import RETENTION
from lethe.privacy.data_map.sources import SOURCES
from lethe.privacy.data_map.stamp import STAMP
from lethe.privacy.data_map.tenants import TENANTS
from lethe.privacy.data_map.webhooks import WEBHOOKS

LEDGER: Final[tuple[Place, ...]] = (
    *TENANTS,
    *DOCUMENTS,
    *INDEXES,
    *OPERATIONS,
    *WEBHOOKS,
    *INGESTIONS,
    *QUESTIONS,
    *CACHES,
    *QUARANTINES,
    *AUDITS,
    *SOURCES,
    *RETENTION,
    *PROBES,
    REINDEXES,
    MIGRATIONS,
    *PROCESSORS,
    *ERASURES,
    *AUDIT_LOG,
    STAMP,
)
