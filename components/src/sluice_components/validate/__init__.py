"""Validate: rows that keep the contract go on, the others go to quarantine with their reasons."""
