"""The rollout core: values in, a decision out; no clock, no I/O."""
