"""The stage that puts a model and all that is known about it into one sealed folder."""
