"""Serves model packages through the Python wrapper of Seldon Core 1."""
