"""Sealing, digests and the data map: what keeps a person's data findable by its owner and by nobody else."""
