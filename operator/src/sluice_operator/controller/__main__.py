"""`python -m sluice_operator.controller`: the operator's process."""

import logging
import os
import sys

from sluice_operator.controller.wiring import main

code = main()
logging.shutdown()
sys.stderr.flush()
os._exit(code)  # all is written; kopf's threads have nothing to say any more
