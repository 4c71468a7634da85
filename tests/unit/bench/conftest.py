"""The modules of a benchmark import each other by name; so do their tests."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3] / "bench" / "controller"))
sys.path.append(str(Path(__file__).parents[3] / "bench" / "judge"))
