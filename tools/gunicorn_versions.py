"""Put the versions of Gunicorn that the oracles ask beside the tests: ``.venv/gunicorn/<version>``, and ``deps``.

``python tools/gunicorn_versions.py [FOLDER]``. What is there already stays, so that a second run costs nothing; what
could not be had is told, and the tests of that version are then skipped. Versions are pinned: everywhere the same.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

VERSIONS = ("20.1.0", "22.0.0", "23.0.0", "25.3.0", "27.0.1")
FOR_PROOFS = ("24.1.1", "25.1.0", "26.2.0")
"""Those of which a rule claims something that holds for no other; the oracles of settings don't ask them."""

DEPENDENCIES = ("setuptools==80.9.0", "packaging==24.2")
"""What they import: 20.1.0 ``pkg_resources``, which newer versions of setuptools lack; the others ``packaging``."""

FOLDER = Path(sys.prefix) / "gunicorn"
"""Inside the virtual environment that runs this, so that it goes with it."""


def package(version: str, folder: Path = FOLDER) -> Path | None:
    """The folder to import that version from; None when it is not installed."""
    found = folder / version
    return found if (found / "gunicorn").is_dir() and (folder / "deps").is_dir() else None


def install(requirements: Sequence[str], target: Path) -> bool:
    """Have pip put it there, whole or not at all; False with pip's words on standard error when it can't."""
    if target.is_dir():
        return True
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(dir=target.parent))
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    done = subprocess.run([*pip, "--target", str(unfinished), *requirements], check=False)
    if done.returncode:
        shutil.rmtree(unfinished)
        return False
    unfinished.rename(target)
    return True


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", default=FOLDER)
    folder = parser.parse_args().folder
    wanted = {"deps": DEPENDENCIES, **{version: (f"gunicorn=={version}",) for version in (*VERSIONS, *FOR_PROOFS)}}
    missing = [name for name, requirements in wanted.items() if not install(requirements, folder / name)]
    if missing:
        print(f"not installed: {', '.join(missing)}; their tests will be skipped", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
