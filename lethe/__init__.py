"""What is true of Lethe without Temporal, HTTP or a vendor."""
