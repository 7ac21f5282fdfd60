"""Sources: folders, object stores, web pages, git repositories."""

from lethe.adapters.sources.choice import ConfiguredReaders

__all__ = ["ConfiguredReaders"]
