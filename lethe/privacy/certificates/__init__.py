"""The log of erasures, its checkpoints and witness, and the certificate that they make provable."""
