"""What git would list: tracked files and new ones that are not ignored."""

from __future__ import annotations

import os
from pathlib import Path


def listed_by_git(top: Path) -> list[Path] | None:
    """The files below ``top`` that git tracks or would offer to add; None outside a work tree or without git.

    Nothing of the repository is run: file-system monitors and hooks, which its configuration could name, are off.
    """
    if not _inside_work_tree(top):
        return None
    import subprocess

    command = ["git", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-C", str(top)]
    command += ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate"]
    environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
    try:
        done = subprocess.run(  # fixed words, no shell
            command, capture_output=True, check=False, timeout=60, env=environment, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.SubprocessError):
        return None
    if done.returncode != 0:
        return None
    names = os.fsdecode(done.stdout).split("\0")
    found = (top / name for name in names if name)
    return [path for path in found if path.is_file()]


def _inside_work_tree(folder: Path) -> bool:
    return any((above / ".git").exists() for above in (folder, *folder.parents))
