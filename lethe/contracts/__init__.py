"""Frozen models that cross Temporal: ids, counts, codes and scores; never a body, a name or a vector (P5)."""
