"""Blobs over fsspec: a local folder, or any store that fsspec has a driver for."""

from lethe.adapters.blobs.fsspec_store import FsspecBlobs

__all__ = ["FsspecBlobs"]
