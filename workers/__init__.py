"""Processes: composition roots, the worker itself, and what wraps every activity."""
