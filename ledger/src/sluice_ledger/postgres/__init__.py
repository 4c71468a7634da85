"""The ledger on PostgreSQL 15: partitions by day, cursors in the order of commits."""
