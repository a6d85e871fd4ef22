"""``python -m cfgcheck``."""

import sys

from cfgcheck.cli import main

sys.exit(main())
