"""Asks the cluster for a model: applies a ModelDeployment, and waits for its rollout if told to."""
