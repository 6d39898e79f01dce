"""Source text to a typed tree."""
