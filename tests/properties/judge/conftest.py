"""A busy machine is no reason to fail: properties have no deadline for a single example."""

from hypothesis import settings

settings.register_profile("patient", deadline=None)
settings.load_profile("patient")
