"""Which file of the tree is meant by a path of the machine or container that the configuration will run on."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from cfgcheck.load.discover import NOTHING, Exclusions, files_below
from cfgcheck.load.disk import Disk
from cfgcheck.source.file import SourceFile


class TreeIndex:
    """Finds files by the end of their path: ``/app/deploy/gunicorn.conf.py`` is the tree's
    ``deploy/gunicorn.conf.py``, when no other file fits as well. The tree is listed at the first question only."""

    def __init__(self, disk: Disk, tops: Iterable[Path], exclude: Exclusions = NOTHING) -> None:
        self._disk = disk
        self._tops = [top for top in tops if top.is_dir()]
        self._exclude = exclude
        self._by_name: dict[str, list[Path]] | None = None

    def find(self, wanted: str, folder: str = "") -> SourceFile | None:
        """The file that ``wanted`` names, seen from the working directory ``folder`` (below the root)."""
        path = self.find_path(wanted, folder)
        return None if path is None else self._disk.read(path)

    def find_path(self, wanted: str, folder: str = "") -> Path | None:
        if not wanted or "\0" in wanted:
            return None
        if not wanted.startswith("/"):
            beside = self._disk.absolute(Path(folder) / wanted)
            if beside.is_relative_to(self._disk.root) and self._disk.exists(beside):
                return beside
        return self._by_ending(PurePosixPath(wanted))

    def _by_ending(self, wanted: PurePosixPath) -> Path | None:
        """The one file with the longest common ending; None where two fit equally well."""
        best: list[Path] = []
        longest = 0
        for path in self._names().get(wanted.name, ()):
            common = _common_ending(wanted.parts, path.parts)
            if common > longest:
                best, longest = [path], common
            elif common == longest:
                best.append(path)
        return best[0] if len(best) == 1 else None

    def _names(self) -> dict[str, list[Path]]:
        if self._by_name is None:
            self._by_name = {}
            for top in self._tops:
                for path in files_below(top, self._exclude):
                    self._by_name.setdefault(path.name, []).append(path)
        return self._by_name


def _common_ending(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    count = 0
    for left, right in zip(reversed(one), reversed(other), strict=False):
        if left != right:
            break
        count += 1
    return count
