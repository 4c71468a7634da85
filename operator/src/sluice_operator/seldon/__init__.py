"""Seldon Core as a serving engine: a dialect per generation, and the engine that speaks them."""
