"""ModelDeployment: its types, the rollout core, the judge, and the engines that carry traffic."""
