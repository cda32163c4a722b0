"""Python runs this at its start where the arena has put this folder on the path: it plants the bug that is named."""

import os
import sys
import traceback

try:
    from loadtests.faults.bugs import plant

    plant(os.environ["LOADTESTS_BUG"])
except BaseException:
    # Python itself would go on without a bug, and the checker would be blamed.
    traceback.print_exc()
    sys.stderr.flush()
    os._exit(70)
