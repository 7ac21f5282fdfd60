"""What a text must be, and how much it looks like an attack on a language model. Pure: rules only, no model."""
