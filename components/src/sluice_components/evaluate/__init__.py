"""The stage that measures a model on rows it has never seen, and judges it by the rules."""
