"""Kubeflow pipelines made of the components, and the runner for a laptop."""
