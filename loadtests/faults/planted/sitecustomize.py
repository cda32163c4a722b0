"""Python runs this at its start if environment.py has put this folder on the path: it plants the named bug."""

import os
import sys
import traceback

try:
    from loadtests.faults.bugs import plant

    plant(os.environ["LOADTESTS_BUG"])
except BaseException:
    # Otherwise Python would go on without the bug, and the checker would miss it.
    traceback.print_exc()
    sys.stderr.flush()
    os._exit(70)
