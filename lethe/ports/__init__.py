"""Protocols by capability. Each has a fake and a contract suite that the fake and every adapter pass."""
