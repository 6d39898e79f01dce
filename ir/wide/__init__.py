"""Vector code across work-items: a work-item function becomes one that runs a strip of items."""
