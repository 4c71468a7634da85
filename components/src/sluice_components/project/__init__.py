"""The project file, `sluice.yaml`: its model, its loader and what is generated from them."""
