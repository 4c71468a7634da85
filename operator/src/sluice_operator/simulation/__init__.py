"""A world in memory, with time that leaps: the same core, no cluster, no waiting."""
