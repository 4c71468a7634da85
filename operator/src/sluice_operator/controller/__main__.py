"""`python -m sluice_operator.controller`: the operator's process."""

import sys

from sluice_operator.controller.wiring import main

sys.exit(main())
