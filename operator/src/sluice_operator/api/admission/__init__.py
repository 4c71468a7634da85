"""Rules of admission: each stated once, for the API server in CEL and for the laptop in Python."""
