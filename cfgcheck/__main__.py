"""``python -m cfgcheck``."""

import sys

if not sys.flags.safe_path:
    # Python put the current folder first: its `json.py` would be imported, and it may be what is to be checked.
    del sys.path[:1]

from cfgcheck.cli import program

program()
