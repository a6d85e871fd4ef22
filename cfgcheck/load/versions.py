"""Which versions of the servers are in use, as far as files tell: image tags, lock files, requirements, and commands
that install something."""

from __future__ import annotations

from cfgcheck.load.versions_command import in_command
from cfgcheck.load.versions_image import of_image
from cfgcheck.load.versions_tree import TreeVersions, of_tree

__all__ = ["TreeVersions", "in_command", "of_image", "of_tree"]
