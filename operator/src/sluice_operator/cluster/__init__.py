"""The Kubernetes API: one port, one client, one cache."""
