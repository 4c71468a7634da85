"""Kubeflow Pipelines in a cluster: uploads, runs, schedules."""
