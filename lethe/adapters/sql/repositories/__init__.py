"""One file per repository of lethe.ports.ledger. They speak SQL on a connection and never commit."""
