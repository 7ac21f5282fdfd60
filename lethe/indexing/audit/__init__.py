"""The audit (P4): for every index build, what the ledger says it holds against what it really holds, and blobs too.

What only the store has is an orphan, what only the ledger has a hole. Nothing is called either on one look: a
document may be on its way in or out, so whoever decides looks at the other side again, the ledger under its lock.
"""

from lethe.indexing.audit.auditor import Auditor

__all__ = ["Auditor"]
