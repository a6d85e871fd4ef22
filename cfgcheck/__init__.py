"""cfgcheck reads both ends of a route, nginx and the Python app server behind it, and judges the joint."""

__version__ = "0.1.0"
