"""How old, late and silent samples may be; one place, because cursors depend on it.

The times fit scrapes every 60 s at most (Prometheus' default) that end within 10 s (its default).
"""

SETTLED_MS = 10_000
"""After this time a scrape is visible or has failed: the longest `scrape_timeout`."""
GONE_MS = 90_000
"""Without a sample for so long, a process counts as gone, and a revision as not scraped."""
KEPT_MS = 300_000
"""How far back the shared samples reach; cursors older than that by `GONE_MS` ask for more."""
CHUNK_MS = 6 * 3_600_000
"""How much one window catches up at most."""
OLDEST_MS = 31 * 24 * 3_600_000
"""A cursor from before is not caught up with: counting starts anew."""
LOOKBACK = "1d"
"""How long a counter may be silent and still go on where it stood."""
