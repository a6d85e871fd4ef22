"""``python -m cfgcheck``."""

from cfgcheck.cli import program

program()
