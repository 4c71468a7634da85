"""The ledger as a service: FastAPI in front of PostgreSQL."""
