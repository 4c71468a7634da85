"""`sluice up`: the same core with a folder in the place of the API server."""
