"""`python -m sluice_operator.controller`: the operator's process."""

import ctypes
import logging
import os
import sys

M_ARENA_MAX = -8
"""Source: glibc, malloc/malloc.h."""

# A heap for each of many threads keeps what big answers of Prometheus once needed: 570 MiB in place
# of 420 at 1,000 rollouts. Threads that share two do not wait, for the interpreter lets only one
# compute. Elsewhere than on glibc the call is missing, and so is the reason for it.
if hasattr(libc := ctypes.CDLL(None), "mallopt"):
    libc.mallopt(M_ARENA_MAX, 2)

from sluice_operator.controller.wiring import main  # noqa: E402 - imports start threads

code = main()
logging.shutdown()
sys.stderr.flush()
os._exit(code)  # all is written; kopf's threads have nothing to say any more
