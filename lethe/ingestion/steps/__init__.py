"""The steps of an ingestion, one function each: idempotent, told what to do by ids, driven by workflows."""
