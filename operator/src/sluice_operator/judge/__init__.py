"""Always-valid sequential tests: counts in, one of three verdicts out."""
