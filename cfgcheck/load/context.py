"""What every reader of carriers needs."""

from __future__ import annotations

from cfgcheck.load.disk import Disk
from cfgcheck.load.tree_index import TreeIndex
from cfgcheck.record import record


@record(frozen=True)
class Context:
    """``disk``: the files of the run; ``index``: finds files of the tree by the end of their path."""

    disk: Disk
    index: TreeIndex
