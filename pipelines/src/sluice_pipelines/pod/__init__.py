"""One Pod per step: Kubeflow's own local orchestration, with the steps carried out in a cluster."""
