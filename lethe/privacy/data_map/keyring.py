"""The key ring's database."""

from typing import Final

from lethe.privacy.data_map.declaration import Category, Field, Key, Place, opaque, place, sealed
from lethe.privacy.data_map.stamp import STAMP

KEYRING: Final[tuple[Place, ...]] = (
    place(
        "tenant_keys",
        opaque("tenant_id"),
        Field("fingerprint", Category.NOTHING, "derived from the tenant's key, to notice a wrong key file", Key.TENANT),
        reason="one row per customer",
    ),
    place(
        "data_keys",
        opaque("tenant_id", "key_id"),
        sealed("wrapped", "the key that opens content; NULL is its tombstone, kept for ever", Key.TENANT),
        erasers=("lethe.ports.keyring:KeyRing.destroy",),
    ),
    STAMP,
)
