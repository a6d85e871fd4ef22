"""The files of a uWSGI configuration: where an included path lies, and how its text is read."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from cfgcheck.load.disk import Disk
from cfgcheck.record import field, record
from cfgcheck.source.file import SourceFile
from cfgcheck.syntax.environment import NOTHING_KNOWN, Environment
from cfgcheck.syntax.ini import read_ini
from cfgcheck.syntax.uwsgi_entry import Reading
from cfgcheck.syntax.uwsgi_text import MagicText, Part, Parts, magic_text

FindFile = Callable[[str], SourceFile | None]

_FORMS = {".ini": "ini", ".xml": "xml", ".yaml": "yaml", ".yml": "yaml", ".json": "json", ".js": "json"}
_TEMPLATE_ENDINGS = (".j2", ".jinja", ".jinja2", ".tpl", ".tmpl", ".template", ".erb", ".in", ".dist", ".example")
_OF_THE_MACHINE = "vhtTkuUgGbijoIJO0123456789cC"
"""Magic letters for what only the machine tells: working directory, host name, time, cores, users, path parts."""


@record(frozen=True)
class Surroundings:
    """Where a uWSGI runs, as far as it is known.

    ``environment``: its variables. ``folder``: the working directory as a path below the disk's root, None when nobody
    knows it. ``find``: finds the file meant by a path of another machine or container. ``magic``: what magic letters
    stand for. ``here``: it runs on this very machine, so that ``if-exists`` can be answered by looking (tests do).
    """

    environment: Environment = NOTHING_KNOWN
    folder: str | None = None
    find: FindFile | None = None
    magic: Mapping[str, str] = field(default_factory=dict)
    here: bool = False


def form_of(path: str) -> str:
    """The form of a configuration by its extension, as uWSGI has it; "" where it takes none from it (facts 7.34)."""
    return next((form for ending, form in _FORMS.items() if path.endswith(ending)), "")


def form_guessed(path: str) -> str:
    """The form of a file that is known to be a configuration: template endings are seen through, the rest is ini."""
    name = path.lower()
    while name.endswith(_TEMPLATE_ENDINGS):
        name = name.rpartition(".")[0]
    return form_of(name) or "ini"


class Files:
    """Finds and reads the files of one configuration."""

    def __init__(self, disk: Disk, around: Surroundings, parts: Parts) -> None:
        self.disk = disk
        self.around = around
        self.parts = parts
        self.read_so_far: list[SourceFile] = []
        self.last_ini: SourceFile | None = None
        self.outermost: tuple[SourceFile, str] | None = None

    def find(self, path: str, including: SourceFile | None) -> SourceFile | None:
        """The file that a path on this machine (magic letters replaced) means."""
        for place in self._places(path, including):
            if self.disk.exists(place):
                return self.disk.read(place)
        return self.around.find(path) if self.around.find is not None else None

    def must_exist(self, path: str) -> bool:
        """Whether a path that was not found is missing for certain: it should lie in the tree that was read."""
        return not os.path.isabs(path) or self.around.here

    def _places(self, path: str, including: SourceFile | None) -> Iterable[Path]:
        """Where a path may lie. uWSGI starts at its working directory (facts 7.22), which for a file in a tree nobody
        knows: the folder of the including file, of the outermost file and the root are tried."""
        full = Path(path)
        if full.is_absolute():
            return [full] if full.is_relative_to(self.disk.root) or self.around.here else []
        if self.around.folder is not None:
            return [self.disk.absolute(self.around.folder) / full]
        outermost = self.read_so_far[0] if self.read_so_far else None
        folders = [Path(file.path).parent for file in (including, outermost) if file is not None]
        return [self.disk.absolute(folder / full) for folder in [*folders, Path()]]

    def read(self, file: SourceFile, section: str, form: str) -> Reading:
        """The options of a file; ``section`` is "" for the usual one."""
        self.read_so_far.append(file)
        text = magic_text(file, self._magic(file, section), self.parts)
        if form == "ini":
            self.last_ini = file
            return read_ini(text, section or "uwsgi")
        return _read_data(form, text, section)

    def _magic(self, file: SourceFile, section: str) -> dict[str, str]:
        """What the magic letters stand for in ``file``; capitals are those of the outermost file (facts 7.03), which a
        bare ``uwsgi a.ini`` does not set."""
        magic = {letter: self._mark(letter, "depends on the machine") for letter in _OF_THE_MACHINE}
        magic["["] = "\033"
        magic.update(self._named(file, section))
        outermost = self._named(*self.outermost) if self.outermost is not None else {}
        magic.update({letter.upper(): value for letter, value in outermost.items()})
        magic.update(self.around.magic)
        return magic

    def _named(self, file: SourceFile, section: str) -> dict[str, str]:
        base = file.path.rpartition("/")[2]
        name, dot, extension = base.rpartition(".")
        folder = os.path.join(self.disk.absolute(file.path).parent, "")
        because = "depends on where the file is put"
        return {
            "s": base,
            "n": name if dot else base,
            "e": extension if dot else "",
            "x": section,
            "d": self._mark("d", because, folder),
            "p": self._mark("p", because, folder + base),
        }

    def _mark(self, letter: str, because: str, local: str | None = None) -> str:
        return self.parts.mark(Part(f"%{letter}", f"%{letter} {because}", local))


def _read_data(form: str, text: MagicText, section: str) -> Reading:
    """The forms that are rare enough not to be loaded for everyone."""
    if form == "xml":
        from cfgcheck.syntax.uwsgi_xml import read_xml

        return read_xml(text, section)
    if form == "yaml":
        from cfgcheck.syntax.uwsgi_yaml import read_yaml

        return read_yaml(text, section or "uwsgi")
    from cfgcheck.syntax.uwsgi_json import read_json

    return read_json(text, section or "uwsgi")
