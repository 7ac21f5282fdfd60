"""Changing the model of a tenant's index, or how it is kept: planned, built beside, checked, judged, cut over."""
