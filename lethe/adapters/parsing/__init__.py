"""Reading files: unstructured and PDFium, in child processes with limits."""

from lethe.adapters.parsing.pool import LimitedParser

__all__ = ["LimitedParser"]
