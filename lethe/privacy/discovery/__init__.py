"""Finding a person in what the tenant holds: by identifiers, by what they are also written as, and by neighbourhood."""
