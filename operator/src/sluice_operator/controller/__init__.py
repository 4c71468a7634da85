"""The operator's process: watches, leads, looks at what is due, remembers."""
