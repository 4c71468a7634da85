"""Sources that answer gates with counts."""
