"""Data keys, wrapped, in a database of their own; the keys that wrap them in files."""

from lethe.adapters.keyring.ring import SqlKeyRing

__all__ = ["SqlKeyRing"]
