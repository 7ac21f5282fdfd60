"""The schema's history: two branches, `ledger` and `keyring`, each for a database of its own.

`python -m migrations upgrade` brings both to the newest revision, from empty or from any earlier one.
"""

from migrations.runner import BRANCHES, Branch, current, upgrade

__all__ = ["BRANCHES", "Branch", "current", "upgrade"]
