"""From configuration files, command line and environment to the one stream of options that uWSGI acts on.

uWSGI takes every option in the order met, opens an included file on the spot, applies ``for`` and ``if-…`` while it
reads, then replaces ``$(X)``, ``@(file)`` and ``%(x)`` (core/config.c, core/init.c; facts 7.01-7.34). What depends on
the machine (``%k``, ``if-exists``, a variable nobody wrote down) is carried along as unknown.
"""

from __future__ import annotations

from typing import NamedTuple

from cfgcheck.findings import Problem
from cfgcheck.load.disk import Disk
from cfgcheck.load.uwsgi_files import Files, Surroundings, form_guessed, form_of
from cfgcheck.load.uwsgi_logic import ENDS, OFFERS, CrashError, Logic
from cfgcheck.load.uwsgi_options import Option, OptionTable, options
from cfgcheck.load.uwsgi_replace import replace_all
from cfgcheck.record import record
from cfgcheck.source.file import SourceFile, Span
from cfgcheck.syntax.uwsgi_entry import Entry
from cfgcheck.syntax.uwsgi_text import Part, Parts

MOST_OPTIONS = 50_000
"""Beyond this many options a configuration is a bomb (nested includes, endless loops), not a configuration."""

MOST_FILES = 500
_DEEPEST = 40

_NOT_OPTIONS = frozenset(
    {
        "RELOADS", "VASSALS_DIR", "EMPEROR_FD", "BROODLORD_NUM", "EMPEROR_FD_CONFIG", "EMPEROR_PROXY", "JAIL_PID",
        "ORIGINAL_PROC_NAME",
    }
)  # fmt: skip
"""``UWSGI_…`` variables that are uWSGI's own (core/utils.c ``parse_sys_envs``)."""


@record()
class Item:
    """One option of the stream: as written (``entry``), and as it stands after replacement (``value``).

    ``maybe``: why it may not be there at all, else "". ``configured``: it acted while it was read, so nothing in its
    value is replaced. ``placeholder``: it is meant as a placeholder and can't be an option.
    """

    key: str
    value: str | None
    entry: Entry
    maybe: str = ""
    configured: bool = False
    placeholder: bool = False


class Refusal(NamedTuple):
    """Why uWSGI would not start: the option, what it says, and the place."""

    key: str
    why: str
    text: str
    span: Span


class Expansion:
    """The stream of options (``items``) of one uWSGI, and what went wrong while it was read.

    ``opaque``: why options may stand where they could not be read, else ""; ``opaque_at``: how many items stood before.
    ``declared``: options that the configuration itself declares.
    """

    def __init__(self, disk: Disk, around: Surroundings | None = None) -> None:
        self.disk = disk
        self.around = around or Surroundings()
        self.table: OptionTable = options()
        self.parts = Parts()
        self.files = Files(disk, self.around, self.parts)
        self.items: list[Item] = []
        self.problems: list[Problem] = []
        self.refusals: list[Refusal] = []
        self.opaque = ""
        self.opaque_at = 0
        self.declared: dict[str, str] = {}
        self._first: dict[str, Item] = {}
        self._logic: Logic | None = None
        self._running = False
        self._open: list[tuple[str, str]] = []

    def first(self, key: str) -> Item | None:
        """The first option or placeholder of that name: what ``%(key)`` refers to (facts 7.06g)."""
        return self._first.get(key)

    # ── the stream ────────────────────────────────────────────────────────────────────────────────────────────────

    def take_environment(self) -> None:
        """``UWSGI_…`` variables come first: ``UWSGI_BUFFER_SIZE`` is ``buffer-size`` (facts 7.12f-h)."""
        known = self.around.environment
        for name in [*known.values, *known.unknown]:
            if not name.startswith("UWSGI_") or name[6:] in _NOT_OPTIONS:
                continue
            if name in known.values:
                value = known.values[name]
            else:
                value = self.parts.mark(Part(f"$({name})", known.unknown[name]))
            span = known.spans.get(name) or _elsewhere(name, known.values.get(name, ""))
            self.add(Entry(name[6:].lower().replace("_", "-"), value, span, span, "env"))

    def add(self, entry: Entry, *, placeholder: bool = False) -> None:
        """Take one option into the stream; a ``for`` or ``if-…`` under way decides how often."""
        if len(self.items) >= MOST_OPTIONS:
            self._give_up(f"the configuration expands to more than {MOST_OPTIONS} options", entry.span)
            return
        if not self._running:
            if entry.key in ENDS:
                self._logic = None
            if self._logic is not None:
                self._add_under(self._logic, entry)
                return
        self._append(entry, entry.value, entry.maybe, placeholder)

    def _add_under(self, logic: Logic, entry: Entry) -> None:
        """Take an option as often as a loop or condition has it."""
        self._running = True
        try:
            for value, maybe in logic.values(entry.value, self):
                if len(self.items) >= MOST_OPTIONS:
                    break
                self._append(entry, value, maybe or entry.maybe, placeholder=False)
        except CrashError:
            self.refuse(Item(entry.key, None, entry), f"it crashes: {logic.name} is never ended")
        self._running = False

    def _append(self, entry: Entry, value: str | None, maybe: str, placeholder: bool) -> None:
        item = Item(entry.key, value, entry, maybe, configured=placeholder, placeholder=placeholder)
        self.items.append(item)
        self._first.setdefault(entry.key, item)
        option = self.table.get(entry.key)
        if placeholder:
            if option is not None:
                self.refuse(item, f"{entry.key} is an option, it can't be a placeholder")
        elif option is None:
            self._use_declared(item)
        elif option.immediate:
            item.configured = True
            self._act(option, item)

    def _act(self, option: Option, item: Item) -> None:
        if option.kind == "logic":
            if self._logic is not None:
                self.refuse(item, "recursive logic in options is not supported")
            else:
                self._logic = Logic(option.name, item.value or "", item)
        elif option.kind == "load":
            self._include(option, item)
        elif option.kind == "set":
            self._set(option, item)
        elif option.name == "resolve":
            name = (item.value or "").partition("=")[0]
            mark = self.parts.mark(Part(f"%({name})", f"{name} is what a name resolves to when uWSGI starts"))
            self.add(Entry(name, mark, item.entry.key_span, item.entry.value_span, maybe=item.maybe), placeholder=True)
        elif option.name == "declare-option" and item.value:
            name, equals, template = item.value.partition("=")
            if equals:
                self.declared.setdefault(name, template)

    def _set(self, option: Option, item: Item) -> None:
        """``set = name=value``: an option or a placeholder; ``set-placeholder`` only the latter (facts 7.06d-f)."""
        entry = item.entry
        key, equals, value = (item.value or "").partition("=")
        if not equals:
            self.refuse(item, "invalid placeholder/--set value")
            return
        inner = Entry(key, value, entry.value_span, entry.value_span, entry.origin, maybe=item.maybe)
        if key and entry.value_span.text == item.value:
            file, start = entry.value_span.file, entry.value_span.start
            inner.key_span = Span(file, start, start + len(key))
            inner.value_span = Span(file, start + len(key) + 1, entry.value_span.end) if value else inner.key_span
        self.add(inner, placeholder=option.canonical == "set-placeholder")

    def _use_declared(self, item: Item) -> None:
        """An option that ``declare-option`` made: what it sets depends on its words, so that is not known."""
        template = self.declared.get(item.key)
        if template is None or item.configured:
            return
        item.configured = True
        for part in template.split(";"):
            key, equals, _ = part.partition("=")
            if equals and key in self.table:
                mark = self.parts.mark(Part(item.value or "", f"{item.key}, an option declared by the file, sets it"))
                self._append(Entry(key, mark, item.entry.key_span, item.entry.value_span), mark, item.maybe, False)

    def refuse(self, item: Item, why: str) -> None:
        """Note that uWSGI would not start, and because of what."""
        text = self.parts.written(item.value or "")
        self.refusals.append(Refusal(item.key, f"uWSGI refuses to start: {why}", text, item.entry.span))

    # ── files ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def load(self, file: SourceFile, section: str = "") -> None:
        """Take the options of a file that is known to be a configuration."""
        span = Span(file, 0, min(1, len(file.text)))
        self._expand(file, section, form_guessed(file.path), span, outermost=True)

    def load_path(self, name: str, span: Span, form: str = "") -> None:
        """Take the options of what ``name`` means: ``path``, ``path:section`` or ``:section`` of the file before."""
        written = self.parts.written(name)
        outermost = bool(form)
        form = form or form_of(written)
        if not form:
            why = f"uWSGI refuses to start: unable to load configuration from {written}"
            self.refusals.append(Refusal("config", why, written, span))
            self.set_opaque(f"{written} has an extension that uWSGI does not know")
            return
        path, colon, section = name.rpartition(":")
        if not colon or "://" in name:
            path, section = name, ""
        file = self._found(path, span) if path else self.files.last_ini
        if file is None and not path:
            why = f"uWSGI refuses to start: it crashes: {written} is a section of the file before, and none is"
            self.refusals.append(Refusal("config", why, written, span))
        if file is not None:
            self._expand(file, section, form, span, outermost)

    def _include(self, option: Option, item: Item) -> None:
        forms = {"ini": "ini", "xmlconfig": "xml", "yaml": "yaml", "json": "json"}
        if item.maybe:
            self._include_perhaps(item)
            return
        self.load_path(item.value or "", item.entry.value_span, forms.get(option.canonical, ""))

    def _include_perhaps(self, item: Item) -> None:
        """An include under a condition. ``if-exists = X`` around ``ini = X`` is an offer to override: where the tree
        has no X, the configuration is taken without it."""
        written = self.parts.written(item.value or "")
        logic = self._logic
        if logic is None or logic.name not in OFFERS or logic.argument != item.value:
            self.set_opaque(f"whether {written} is included is not known: {item.maybe}")
        elif (local := self.parts.local(item.value or "")) is None or self.files.find(local, item.entry.span.file):
            self.set_opaque(f"whether {written} is included depends on the machine")

    def _found(self, path: str, span: Span) -> SourceFile | None:
        written, local = self.parts.written(path), self.parts.local(path)
        if local is None:
            self.set_opaque(f"the included {written} is not known: {self.parts.because(path)}")
            return None
        if "://" in local or local == "-":
            self.set_opaque(f"{written} is not a file of the tree")
            return None
        file = self.files.find(local, span.file)
        if file is None:
            self.set_opaque(f"{written}, which is included, was not found")
            self.missing(path, span)
        return file

    def missing(self, path: str, span: Span) -> None:
        """Note that a file is not where uWSGI looks for it, if that is certain (facts 7.02l, 7.05b, 7.22)."""
        local = self.parts.local(path)
        if local is not None and self.files.must_exist(local):
            message = f"{self.parts.written(path)} does not exist: uWSGI refuses to start"
            hint = "paths start at the working directory; %d is the folder of the file that includes"
            self.problems.append(Problem("missing-include", message, span, hint))

    def _expand(self, file: SourceFile, section: str, form: str, span: Span, outermost: bool) -> None:
        mark = (file.path, section)
        if mark in self._open or len(self._open) >= _DEEPEST:
            message = f"{file.path} includes itself: uWSGI crashes"
            self.problems.append(Problem("unparsable-file", message, span, "take the include out"))
            return
        if len(self.files.read_so_far) >= MOST_FILES:
            self._give_up(f"more than {MOST_FILES} files are included", span)
            return
        if outermost and not self._open:
            self.files.outermost = self.files.outermost or (file, section)
        self._open.append(mark)
        reading = self.files.read(file, section, form)
        self.problems.extend(reading.problems)
        if reading.lost:
            self.set_opaque(f"{file.path} could not be read")
        for entry in reading.entries:
            self.add(entry)
        self._open.pop()

    def finish(self) -> None:
        """After all files: replace what values refer to, then take in ``inherit`` files. Their options come last, and
        nothing in them is replaced any more (core/uwsgi.c ``uwsgi_configure`` runs after the passes)."""
        replace_all(self)
        for item in self.items:  # it grows while files are taken in
            option = self.table.get(item.key)
            if option is not None and option.kind == "load" and not item.configured:
                item.configured = True
                self._include(option, item)

    def set_opaque(self, because: str) -> None:
        """Note that options may stand here that could not be read."""
        self.opaque = self.opaque or because
        self.opaque_at = len(self.items)

    def _give_up(self, message: str, span: Span) -> None:
        if not any(problem.message == message for problem in self.problems):
            self.problems.append(Problem("unparsable-file", message, span))
            self.set_opaque(message)


def _elsewhere(name: str, value: str) -> Span:
    """A place for a variable that stands in no file."""
    return Span(SourceFile(f"${name}", f"{name}={value}"), 0, len(name) + 1 + len(value))
