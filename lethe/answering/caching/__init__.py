"""Answers given again: found by their key (exact), by a question in other words (similar), and what makes a key (keys).

Not here: whoever waits for an equal question that is being answered (api.recalling), and tables (the ledger's).
"""
