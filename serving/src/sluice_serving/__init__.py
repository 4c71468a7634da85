"""The MLServer runtime in which models run."""
