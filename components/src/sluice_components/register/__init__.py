"""The stage that enters a package in the registry, and refuses one that has not earned it."""
