"""The table that both databases have."""

from typing import Final

from lethe.privacy.data_map.declaration import Place, facts, opaque, place

STAMP: Final[Place] = place(
    "environment_stamp",
    opaque("installation_id"),
    facts("singleton", "environment", "store"),
    reason="says whose store this is",
)
