"""Entities of the ledger and the values they are made of: frozen, without behaviour that needs a store."""
