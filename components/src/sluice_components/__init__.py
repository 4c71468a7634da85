"""The stages of the model life cycle: plain functions, each with a Kubeflow face."""
