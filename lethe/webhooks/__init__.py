"""Telling other servers of events: written with what they tell of, signed, delivered at least once."""
