"""From configuration files, command line and environment to the one stream of options that uWSGI acts on.

uWSGI takes every option in the order met, opens an included file on the spot, applies ``for`` and ``if-…`` while it reads,
then replaces ``$(X)``, ``@(file)`` and ``%(x)`` (core/config.c, core/init.c; facts 7.01-7.34). What depends on the machine
(``%k``, ``if-exists``, a variable nobody wrote down) is carried as unknown.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cfgcheck.findings import Problem
from cfgcheck.load.disk import Disk
from cfgcheck.load.uwsgi_options import Option, OptionTable, options
from cfgcheck.source.file import SourceFile, Span
from cfgcheck.syntax.environment import NOTHING_KNOWN, Environment
from cfgcheck.syntax.ini import read_ini
from cfgcheck.syntax.uwsgi_entry import Entry, Reading
from cfgcheck.syntax.uwsgi_text import MagicText, Part, Parts, magic_text

MOST_OPTIONS = 100_000
"""Beyond this many options a configuration is a bomb (nested includes, endless loops), not a configuration."""

MOST_FILES = 500

_ENDS = frozenset({"end", "endfor", "endif", "end-if", "end-for"})
_NOT_OPTIONS = frozenset(
    "RELOADS VASSALS_DIR EMPEROR_FD BROODLORD_NUM EMPEROR_FD_CONFIG EMPEROR_PROXY JAIL_PID ORIGINAL_PROC_NAME".split()  # noqa: SIM905
)
"""``UWSGI_…`` variables that are uWSGI's own (core/utils.c ``parse_sys_envs``)."""

FindFile = Callable[[str], SourceFile | None]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where a uWSGI runs, as far as it is known.

    ``environment``: its variables. ``folder``: the working directory as a path below the disk's root, None when unknown.
    ``find``: finds the file meant by a path of another machine or container. ``magic``: what magic letters stand for.
    ``here``: it runs on this very machine, so that ``if-exists`` and ``for-glob`` can be answered by looking (tests).
    """

    environment: Environment = NOTHING_KNOWN
    folder: str | None = None
    find: FindFile | None = None
    magic: Mapping[str, str] = field(default_factory=dict)
    here: bool = False


@dataclass(slots=True)
class Item:
    """One option of the stream: as written (``entry``) and as it stands after replacement (``value``).

    ``configured``: it acted while it was read, so nothing in its value is replaced. ``placeholder``: it can't be an option.
    """

    key: str
    value: str | None
    entry: Entry
    maybe: str = ""
    configured: bool = False
    placeholder: bool = False


class Expansion:
    """The stream of options of one uWSGI, and what went wrong while it was read.

    ``refused``: why uWSGI would not start with it, with the place. ``opaque``: why options may stand where they could not
    be read; ``opaque_at``: how many items stood before that happened.
    """

    def __init__(self, disk: Disk, surroundings: Surroundings | None = None) -> None:
        self.disk = disk
        self.around = surroundings or Surroundings()
        self.table: OptionTable = options()
        self.items: list[Item] = []
        self.parts = Parts()
        self.problems: list[Problem] = []
        self.files: list[SourceFile] = []
        self.refused: list[tuple[str, Span]] = []
        self.opaque = ""
        self.opaque_at = 0
        self.declared: dict[str, str] = {}
        self._logic: _Logic | None = None
        self._running = False
        self._open: list[tuple[str, str]] = []
        self._last_ini: SourceFile | None = None
        self._first: SourceFile | None = None
        self._inherited: list[Item] = []

    # ── the stream ────────────────────────────────────────────────────────────────────────────────────────────

    def environment(self) -> None:
        """``UWSGI_…`` variables come first: ``UWSGI_BUFFER_SIZE`` is ``buffer-size`` (facts 7.12f-h)."""
        known = self.around.environment
        for name, value in sorted({**known.unknown, **known.values}.items()):
            if not name.startswith("UWSGI_") or name[6:] in _NOT_OPTIONS:
                continue
            span = known.spans.get(name)
            if span is None:
                span = Span(SourceFile(f"${name}", f"{name}={value}"), 0, len(name) + 1 + len(value))
            if name in known.unknown:
                value = self.parts.mark(Part(f"${name}", known.unknown[name]))
            self.add(Entry(name[6:].lower().replace("_", "-"), value, span, span, "env"))

    def add(self, entry: Entry, *, placeholder: bool = False) -> None:
        """Take one option into the stream; ``for`` and ``if-…`` that are under way decide how often."""
        if len(self.items) >= MOST_OPTIONS:
            self._give_up("the configuration expands to more than 100000 options", entry.span)
            return
        if not self._running:
            if entry.key in _ENDS:
                self._logic = None
            if self._logic is not None:
                self._conditionally(self._logic, entry)
                return
        self._really_add(entry, entry.value, entry.maybe, placeholder)

    def _conditionally(self, logic: _Logic, entry: Entry) -> None:
        self._running = True
        for value, maybe in logic.instances(entry, self):
            self._really_add(entry, value, maybe or entry.maybe, False)
        self._running = False

    def _really_add(self, entry: Entry, value: str | None, maybe: str, placeholder: bool) -> None:
        item = Item(entry.key, value, entry, maybe, placeholder=placeholder)
        self.items.append(item)
        if placeholder:
            item.configured = True
            if entry.key in self.table:
                self.refused.append((f"{entry.key} is an option: it can't be a placeholder", entry.span))
            return
        option = self.table[entry.key] if entry.key in self.table else None
        if option is None:
            self._custom(item)
        elif option.immediate:
            item.configured = True
            self._act(option, item)

    def _custom(self, item: Item) -> None:
        """An option that ``declare-option`` made: what it sets depends on its words, so all that is not known."""
        template = self.declared.get(item.key)
        if template is None:
            return
        item.configured = True
        for part in template.split(";"):
            key, equals, _ = part.partition("=")
            if equals and key:
                mark = self.parts.mark(Part(item.value or "", f"the option {item.key}, declared in the file, sets it"))
                self._really_add(Entry(key, mark, item.entry.key_span, item.entry.value_span), mark, item.maybe, False)

    def _act(self, option: Option, item: Item) -> None:
        if option.kind == "logic":
            self._begin(option, item)
        elif option.kind == "load":
            self._load_option(option, item)
        elif option.kind == "set":
            self._set(option, item)
        elif option.name == "declare-option" and item.value:
            name, equals, template = item.value.partition("=")
            if equals:
                self.declared[name] = template

    def _begin(self, option: Option, item: Item) -> None:
        if self._logic is not None:
            self.refused.append((f"{option.name} inside another for or if: uWSGI refuses nested logic", item.entry.span))
            return
        self._logic = _Logic(option.name, item.value or "", item)

    def _set(self, option: Option, item: Item) -> None:
        entry = item.entry
        key, equals, value = (item.value or "").partition("=")
        if not equals:
            self.refused.append((f"{option.name} needs name=value", entry.span))
            return
        inner = Entry(key, value, entry.value_span, entry.value_span, entry.origin, maybe=item.maybe)
        if entry.value_span.text == item.value:
            file, start = entry.value_span.file, entry.value_span.start
            at = start + len(key)
            inner.key_span = Span(file, start, at) if key else entry.value_span
            inner.value_span = Span(file, at + 1, entry.value_span.end) if value else entry.value_span
        # Straight in: while for or if is under way, uWSGI is already inside of it.
        if self._running:
            self._really_add(inner, value, item.maybe, option.canonical == "set-placeholder")
        else:
            self.add(inner, placeholder=option.canonical == "set-placeholder")

    # ── files ─────────────────────────────────────────────────────────────────────────────────────────────────

    def load(self, file: SourceFile, section: str = "") -> None:
        """Take the options of a file, whose form its name tells."""
        self._expand_file(file, section, _form(file.path))

    def load_path(self, name: str, span: Span, including: SourceFile | None = None, form: str = "") -> None:
        """Take the options of the file that ``name`` (``path`` or ``path:section``) means."""
        if not form and not _form(name.rpartition(":")[0] or name):
            self.refused.append((f"uWSGI can't tell what {self.parts.written(name)} is: it goes by the extension", span))
            return
        path, _, section = name.rpartition(":") if ":" in name else (name, "", "")
        if not path:
            if self._last_ini is not None:
                self._expand_file(self._last_ini, section, "ini")
            return
        file = self._found(path, span, including)
        if file is not None:
            self._expand_file(file, section, form or _form(path))

    def _load_option(self, option: Option, item: Item) -> None:
        forms = {"ini": "ini", "xmlconfig": "xml", "yaml": "yaml", "json": "json"}
        span = item.entry.value_span
        if item.maybe:
            self._opaque(f"whether {self.parts.written(item.value or '')} is included is not known: {item.maybe}")
            return
        self.load_path(item.value or "", span, span.file, forms.get(option.canonical, ""))

    def _found(self, path: str, span: Span, including: SourceFile | None) -> SourceFile | None:
        written = self.parts.written(path)
        local = self.parts.local(path)
        if local is None:
            self._opaque(f"the included {written} is not known: {self.parts.because(path)}")
            return None
        if "://" in local or local == "-":
            self._opaque(f"{written} is not a file")
            return None
        for place in self._places(local, including):
            if self.disk.exists(place):
                return self.disk.read(place)
        if self.around.find is not None and (found := self.around.find(local)) is not None:
            return found
        self._opaque(f"{written}, which is included, was not found")
        if not os.path.isabs(local) or self.around.here:
            self._missing(written, span)
        return None

    def _places(self, local: str, including: SourceFile | None) -> Iterable[Path]:
        """Where a path may lie: from the working directory, which for a file found in a tree nobody knows."""
        full = Path(local)
        if full.is_absolute():
            inside = full.is_relative_to(self.disk.root)
            return [full] if inside or self.around.here else []
        if self.around.folder is not None:
            return [self.disk.absolute(self.around.folder) / full]
        folders = [Path(file.path).parent for file in (including, self._first) if file is not None]
        return [self.disk.absolute(folder / full) for folder in [*folders, Path()]]

    def _missing(self, written: str, span: Span) -> None:
        message = f"{written} does not exist: uWSGI refuses to start (realpath() failed)"
        hint = "paths start at the working directory; %d is the folder of the file that includes"
        self.problems.append(Problem("missing-include", message, span, hint))

    def _expand_file(self, file: SourceFile, section: str, form: str) -> None:
        mark = (file.path, section)
        if mark in self._open or len(self._open) > 50:
            span = self._open_span(file)
            message = f"{file.path} includes itself: uWSGI crashes"
            self.problems.append(Problem("unparsable-file", message, span, "take the include out"))
            return
        if len(self.files) >= MOST_FILES:
            self._give_up("more than 500 files are included", Span(file, 0, 0))
            return
        self.files.append(file)
        self._first = self._first or file
        self._open.append(mark)
        reading = self._read(file, section, form)
        self.problems.extend(reading.problems)
        for entry in reading.entries:
            self.add(entry)
        self._open.pop()

    def _open_span(self, file: SourceFile) -> Span:
        entry = self.items[-1].entry if self.items else None
        return entry.value_span if entry is not None else Span(file, 0, min(1, len(file.text)))

    def _read(self, file: SourceFile, section: str, form: str) -> Reading:
        text = magic_text(file, self._magic(file, section), self.parts)
        if form == "ini":
            self._last_ini = file
            return read_ini(text, section or "uwsgi")
        return _read_other(form, text, section)

    def _magic(self, file: SourceFile, section: str) -> dict[str, str]:
        """What the magic letters stand for in ``file``; capitals are those of the outermost file (facts 7.03)."""
        magic = {letter: self._machine(letter) for letter in "vhtTkuUgGbijoIJO0123456789cC"}
        for letter, of, this_section in ((0, file, section), (1, self._first or file, section)):
            base = of.path.rpartition("/")[2]
            name, dot, extension = base.rpartition(".")
            values = {"s": base, "n": name if dot else base, "e": extension if dot else "", "x": this_section}
            folder = os.path.join(self.disk.absolute(of.path).parent, "")
            for key, local in (("d", folder), ("p", folder + base)):
                values[key] = self.parts.mark(Part(f"%{key}", f"%{key} depends on where the file is put", local))
            magic.update({key.upper() if letter else key: value for key, value in values.items()})
        magic["["] = "\033"
        magic.update(self.around.magic)
        return magic

    def _machine(self, letter: str) -> str:
        return self.parts.mark(Part(f"%{letter}", f"%{letter} depends on the machine"))

    # ── what is not known ─────────────────────────────────────────────────────────────────────────────────────

    def _opaque(self, because: str) -> None:
        self.opaque = self.opaque or because
        self.opaque_at = len(self.items)

    def _give_up(self, message: str, span: Span) -> None:
        if not any(problem.message == message for problem in self.problems):
            self.problems.append(Problem("unparsable-file", message, span))
            self._opaque(message)


@dataclass(slots=True)
class _Logic:
    """A ``for`` or ``if-…`` under way. ``answer``: whether its condition holds, None when nobody knows."""

    name: str
    argument: str
    item: Item

    def instances(self, entry: Entry, run: Expansion) -> Iterable[tuple[str | None, str]]:
        """The values with which an option inside is taken, each with why it may not be taken at all."""
        if self.name.startswith("for"):
            words = self._words(run)
            if words is None:
                mark = run.parts.mark(Part("%(_)", f"what {self.name} goes through is not known"))
                return [(_substituted(entry.value, mark), f"{self.name} may have nothing to go through")]
            return [(_substituted(entry.value, word), "") for word in words]
        holds, word = self._condition(run)
        if holds is None:
            because = f"{self.name} = {run.parts.written(self.argument)} is not known"
            return [(_substituted(entry.value, word), because)]
        return [(_substituted(entry.value, word), "")] if holds else []

    def _words(self, run: Expansion) -> list[str] | None:
        if run.parts.because(self.argument) or self.item.maybe:
            return None
        if self.name == "for":
            return [word for word in self.argument.split(" ") if word]
        if self.name == "for-times":
            times = atoi(self.argument)
            return [str(number) for number in range(1, times + 1)] if times <= 10_000 else None
        if self.name == "for-glob" and run.around.here:
            return _globbed(self.argument, run)
        return None

    def _condition(self, run: Expansion) -> tuple[bool | None, str | None]:
        """Whether the condition holds, and what ``%(_)`` is."""
        positive = self.name.replace("not-", "")
        holds, word = self._positive(positive.replace("if-", "if"), run)
        if run.parts.because(self.argument) or self.item.maybe:
            holds = None
        if positive != self.name and holds is not None:
            holds = not holds
        return holds, word

    def _positive(self, name: str, run: Expansion) -> tuple[bool | None, str | None]:
        if name == "ifreload":
            return False, None
        if name == "ifenv":
            return _compared(self.argument, lambda key: _variable(run.around.environment, key))
        if name == "ifopt":
            return _compared(self.argument, lambda key: _exported(run, key))
        if name in ("ifexists", "iffile", "ifdir", "ifdirectory") and run.around.here:
            path = run.disk.absolute(run.around.folder or "") / self.argument
            test = {"ifexists": os.path.exists, "iffile": os.path.isfile}.get(name, os.path.isdir)
            return test(path), self.argument
        return None, self.argument


def _compared(argument: str, look: Callable[[str], tuple[bool | None, str]]) -> tuple[bool | None, str | None]:
    key, equals, wanted = argument.partition("=")
    is_set, value = look(key)
    if is_set and equals:
        return value == wanted, value
    return is_set, value if is_set else None


def _variable(environment: Environment, name: str) -> tuple[bool | None, str]:
    if name in environment.values:
        return True, environment.values[name]
    return (False if environment.complete and name not in environment.unknown else None), ""


def _exported(run: Expansion, name: str) -> tuple[bool | None, str]:
    for item in run.items:
        if item.key == name:
            unsure = item.maybe or run.parts.because(item.value or "")
            return (None if unsure else item.value is not None), item.value or ""
    return (None if run.opaque else False), ""


def _globbed(pattern: str, run: Expansion) -> list[str]:
    import glob

    base = run.disk.absolute(run.around.folder or "")
    return sorted(glob.glob(pattern, root_dir=base)) or [pattern]


def _substituted(value: str | None, word: str | None) -> str | None:
    return value if value is None or word is None else value.replace("%(_)", word)


def atoi(text: str) -> int:
    """C's ``atoi`` on a 32-bit int: blanks, a sign, the leading digits; anything else is 0 (facts 7.17, 7.30)."""
    stripped = text.lstrip(" \t\n\v\f\r")
    sign = -1 if stripped[:1] == "-" else 1
    if stripped[:1] in ("-", "+"):
        stripped = stripped[1:]
    size = 0
    while size < len(stripped) and stripped[size] in "0123456789":
        size += 1
    number = sign * int(stripped[: min(size, 40)] or "0")
    number = max(min(number, 2**63 - 1), -(2**63))
    return (number + 2**31) % 2**32 - 2**31


_FORMS = {".ini": "ini", ".xml": "xml", ".yaml": "yaml", ".yml": "yaml", ".json": "json", ".js": "json"}


def _form(path: str) -> str:
    """The form of a configuration file by its extension; "" when uWSGI takes none from it (facts 7.34)."""
    return next((form for ending, form in _FORMS.items() if path.endswith(ending)), "")


def _read_other(form: str, text: MagicText, section: str) -> Reading:
    return Reading()
