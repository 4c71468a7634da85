"""Predictions joined with labels that arrive late."""
