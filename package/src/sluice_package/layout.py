"""Where things lie in a package, by path from its folder."""

MODEL = "MLmodel"
"""MLflow's description of the saved model."""
CONTRACT = "sluice/schema.json"
PROFILE = "sluice/profile.json"
LINEAGE = "sluice/lineage.json"
METRICS = "sluice/metrics.json"
CARD = "sluice/card.md"
