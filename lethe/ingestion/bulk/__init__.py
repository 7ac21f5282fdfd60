"""Bulk ingestion: many documents taken in, planned, and brought in by batches that share their transactions."""
