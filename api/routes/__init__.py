"""A file per resource; each route calls one use case."""
