"""Tells people and the cluster how a run ended."""
