"""Tests of this folder run in an environment of their own: `make oracles`."""

from importlib.util import find_spec

import numpy as np

if find_spec("confseq") is None:
    collect_ignore_glob = ["test_*.py"]
else:
    # confseq was written for NumPy 1, and this name is all that it misses of it
    setattr(np, "float_", np.float64)  # noqa: B010 - the plain name is refused, for it is gone
