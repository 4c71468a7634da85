"""Ingest: sources and joins become one table with the columns and types of the contract."""
