"""The settings, listeners and facts that a stream of uWSGI options makes."""

from __future__ import annotations

import re
from typing import Any

from cfgcheck.load.similar import Similar
from cfgcheck.load.uwsgi_conflicts import judged
from cfgcheck.load.uwsgi_expand import Expansion, Item
from cfgcheck.load.uwsgi_facts import derived
from cfgcheck.load.uwsgi_listeners import ROUTERS, SOCKETS, SocketUse, bound, is_protocol, listeners
from cfgcheck.load.uwsgi_options import Option
from cfgcheck.load.uwsgi_plugins import foreign_plugin
from cfgcheck.load.uwsgi_values import Converted, convert
from cfgcheck.model.app import App, AppKind, SettingUse
from cfgcheck.model.located import Located, Origin
from cfgcheck.model.uwsgi_settings import UwsgiSettings
from cfgcheck.model.version import Version
from cfgcheck.record import replace
from cfgcheck.source.file import Span

_REFERENCE = re.compile(r"%\(([^()]{1,200})\)")
_STRICT = "uWSGI refuses to start: strict mode takes no unknown option, and placeholders only by set-placeholder"


class AppBuilder:
    """Takes the options in order: the last one of a setting counts, lists gather (facts 7.01)."""

    def __init__(self, run: Expansion, name: str, version: Located[Version], span: Span) -> None:
        self.run = run
        self.name = name
        self.version = version
        self.span = span
        self.values: dict[str, Located[Any]] = {}
        self.gathered: dict[str, list[Located[Any]]] = {}
        self.uses: list[SettingUse] = []
        self.sockets: list[SocketUse] = []
        self.shared: list[SocketUse] = []
        self.placeholders: dict[str, Located[str]] = {}
        self.implied: Located[bool] | None = None
        self.referred = _referred(run)
        self.foreign = foreign_plugin(run)
        self.strict = _is_strict(run)
        self.similar = Similar(run.table, "-")

    def build(self) -> App:
        for index, item in enumerate(self.run.items):
            if self.run.opaque and index == self.run.opaque_at:
                self._forget()
            self._take(item)
        if self.run.opaque and self.run.opaque_at >= len(self.run.items):
            self._forget()
        if self.implied is not None:
            # ``master`` wherever it stands has the last word over options that imply it (facts 7.10u, 7.10w).
            self.values.setdefault("master", self.implied)
        return self._app()

    def _app(self) -> App:
        self.values.update({name: _together(uses) for name, uses in self.gathered.items()})
        opaque = self.run.opaque or self._emperor()
        settings = UwsgiSettings(self.values, self.run.table.canonical, self._is_switch, opaque)
        made = listeners(self.sockets, settings)
        return App(
            AppKind.UWSGI,
            self.name,
            self.version,
            settings,
            tuple(judged([*self.uses, *self._refused()], settings, self.sockets)),
            made,
            derived(settings, made),
            self.span,
            tuple(dict.fromkeys(self.run.files.read_so_far)),
            self.placeholders,
            opaque=opaque,
        )

    def _is_switch(self, canonical: str) -> bool:
        return self.run.table[canonical].kind in ("bool", "not")

    def _emperor(self) -> str:
        return "it is an emperor: what its vassals set stands in their own files" if "emperor" in self.values else ""

    def _refused(self) -> list[SettingUse]:
        """What kept uWSGI from taking an option at all. A flag that it does not know has no canonical name."""
        made = []
        for key, why, text, span in self.run.refusals:
            canonical = self.run.table.canonical(key) or ("" if key.startswith("-") else key)
            found = "" if canonical else self.similar.to(key)
            near = f"--{found}" if found else ""
            value: Located[Any] = Located.unknown(why, span, text)
            if canonical or not self.foreign:
                made.append(SettingUse(key, canonical, value, text, span, why, "refused", near=near))
        return made

    # ── one option ────────────────────────────────────────────────────────────────────────────────────────────────

    def _take(self, item: Item) -> None:
        option = self.run.table.get(item.key)
        if option is None or self._too_new(option):
            self._unknown(item)
        elif option.kind not in ("logic", "noop", "set"):
            self._known(option, item)

    def _too_new(self, option: Option) -> bool:
        """Whether the version in use does not have the option yet (``harakiri-graceful-timeout`` before 2.0.22)."""
        since = Version.parse(option.since) if option.since else None
        return since is not None and self.version.known and self.version.value < since

    def _unknown(self, item: Item) -> None:
        located = self._located(item)
        use = SettingUse(item.key, item.key if self.foreign else "", located, self._written(item), item.entry.span)
        if self.run.parts.because(item.key):
            self.run.opaque = self.run.opaque or "a template fills in the names of options"
            self._forget()
        elif item.key in self.run.declared or not item.key:
            return
        elif self.strict and not item.placeholder and not self.foreign:
            self.uses.append(replace(self._explained(use), problem=_STRICT, means="refused"))
        elif item.placeholder or item.key in self.referred:
            self.placeholders.setdefault(item.key, located)
        elif item.entry.origin != "env":  # a container has many variables that only look like uWSGI's
            self.uses.append(self._explained(use))

    def _explained(self, use: SettingUse) -> SettingUse:
        """What an unknown option probably is: one of a later version, or a slip."""
        option = self.run.table.get(use.name)
        if option is not None:
            return replace(use, elsewhere=f"new in {option.since}")
        return use if use.canonical else replace(use, near=self.similar.to(use.name))

    def _known(self, option: Option, item: Item) -> None:
        because = self._because(item)
        converted = Converted(None) if because else self._checked(option, item, self._converted(option, item))
        located = self._located(item)
        if located.known:
            located = located.with_value(converted.value)
        written = self._written(item)
        use = SettingUse(item.key, option.canonical, located, written, item.entry.span)
        self.uses.append(
            replace(use, problem=converted.problem, means=converted.means, harmless=converted.harmless)
            if converted.problem
            else use
        )
        self._imply(option, item)
        socket = SocketUse(option.name, located, item.value or "", written, use.span)
        if option.name in SOCKETS or option.name in ROUTERS:
            self.sockets.append(self._resolved(socket))
        elif option.name in ("shared-socket", "undeferred-shared-socket"):
            self.shared.append(socket)
        if option.kind != "load":
            self._set(option, located, item)

    def _resolved(self, use: SocketUse) -> SocketUse:
        """``=0`` is the first ``shared-socket``."""
        number, comma, rest = use.raw.partition(",")
        index = int(number[1:]) if re.fullmatch("=[0-9]{1,4}", number) else len(self.shared)
        if index >= len(self.shared):
            return use
        shared = self.shared[index]
        raw, written = (f"{text}{comma}{rest}" for text in (shared.raw, shared.written))
        value = shared.value.with_value(raw) if shared.value.known else shared.value
        return SocketUse(use.option, value, raw, written, use.span)

    def _converted(self, option: Option, item: Item) -> Converted:
        wide = option.kind == "int16" and self.version.known and self.version.value >= Version(2, 1)
        return convert(replace(option, kind="int64") if wide else option, item.value)

    def _checked(self, option: Option, item: Item, converted: Converted) -> Converted:
        """Problems that only what the value stands for can tell."""
        value = item.value or ""
        if option.name in SOCKETS or option.name in ROUTERS:
            made = bound(value.partition(",")[0])
            return Converted(value, made.problem, str(made.address)) if made.problem else converted
        if option.canonical == "protocol" and not is_protocol(value) and not converted.problem:
            return Converted(value, f"uWSGI refuses to start: unable to find protocol {value}", "refused")
        if option.immediate and option.kind in ("int", "umask") and re.search(r"[$%@]\(", value):
            why = f"{option.name} acts before {value} is replaced: uWSGI takes {converted.value}"
            return Converted(converted.value, why, str(converted.value))
        return converted

    def _set(self, option: Option, located: Located[Any], item: Item) -> None:
        name = option.canonical
        before = self.values.get(name)
        if option.gathers:
            self.gathered.setdefault(name, []).append(located)
        elif not (item.maybe and self._unchanged(before, option, item)):
            self.values[name] = located

    def _unchanged(self, before: Located[Any] | None, option: Option, item: Item) -> bool:
        """Whether an option that may not be there says what holds anyway."""
        if before is None or not before.known or item.entry.unknown or self.run.parts.because(item.value or ""):
            return False
        return bool(before.value == self._converted(option, item).value)

    def _imply(self, option: Option, item: Item) -> None:
        """Some options turn the master on by being there (facts 7.10v)."""
        if not option.master or (self.implied is not None and self.implied.known):
            return
        if item.maybe:
            self.implied = Located.unknown(item.maybe, item.entry.span)
        else:
            self.implied = Located.read(True, item.entry.key_span, Origin(item.entry.origin))

    # ── values ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _written(self, item: Item) -> str:
        return self.run.parts.written(item.value or "")

    def _because(self, item: Item) -> str:
        """Why the value of an option, or whether it is there, is not known."""
        return item.maybe or item.entry.unknown or self.run.parts.because(item.value or "")

    def _located(self, item: Item) -> Located[Any]:
        because = self._because(item)
        if because:
            # Equal texts stand for equal values: what may not be there at all must not look like one.
            return Located.unknown(because, item.entry.value_span, "" if item.maybe else self._written(item))
        return Located.read(item.value or "", item.entry.value_span, Origin(item.entry.origin))

    def _forget(self) -> None:
        """What stands before options that could not be read may be overridden by them."""
        for name, located in self.values.items():
            self.values[name] = located.as_unknown(self.run.opaque)


def _together(uses: list[Located[Any]]) -> Located[Any]:
    """The values of a setting that gathers, at the place of the last; unknown as soon as one of them is."""
    unknown = next((use for use in uses if not use.known), None)
    return unknown or uses[-1].with_value(tuple(use.value for use in uses))


def _is_strict(run: Expansion) -> bool:
    """Whether ``strict`` is on, wherever it stands (facts 5.13s-v)."""
    on = False
    for item in run.items:
        if item.key == "strict" and not item.maybe and not run.parts.because(item.value or ""):
            on = bool(convert(run.table["strict"], item.value).value)
    return on


def _referred(run: Expansion) -> set[str]:
    """Every name that some value refers to as ``%(name)``, or that ``if-opt`` asks for."""
    names: set[str] = set()
    for item in run.items:
        written = item.entry.value or ""
        if "%(" in written:
            for found in _REFERENCE.finditer(written):
                names.update(found.group(1).split(" "))
        if item.key in ("if-opt", "if-not-opt"):
            names.add(written.partition("=")[0])
    return names
