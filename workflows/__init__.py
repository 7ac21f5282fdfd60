"""Deterministic orchestration, one file per use case. Every side effect is an activity."""
