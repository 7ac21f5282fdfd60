"""The speed of ingestion against a plain script, and what it must not do to be fast. See bench/README.md."""
