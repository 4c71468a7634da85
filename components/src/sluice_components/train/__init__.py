"""The stage that fits one scikit-learn pipeline to the training rows."""
