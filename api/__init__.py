"""Thin HTTP: a request in, a workflow or a ledger read out. Rights, limits and errors are decided here, work is not."""
