"""How well personal data is detected."""
