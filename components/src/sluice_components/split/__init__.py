"""Split: makes the target, and sets a hold-out apart that training cannot have seen."""
