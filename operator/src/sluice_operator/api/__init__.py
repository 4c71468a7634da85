"""The wire types of `sluice.dev`; nobody else names a version."""
