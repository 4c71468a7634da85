"""The model package: what is in it, and whether it is what it claims to be."""
