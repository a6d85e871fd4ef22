"""Effective settings of nginx: which value holds at a level, by inheritance and by default."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from cfgcheck.model.located import Located, Origin
from cfgcheck.model.nginx_defaults import Defaults, Merge, Setting
from cfgcheck.model.nginx_headers import Header, header_of, lost
from cfgcheck.model.nginx_table import HEADER_DIRECTIVES, TABLE
from cfgcheck.model.version import Version
from cfgcheck.syntax.nginx_tree import Directive

__all__ = ["Defaults", "Header", "Scope"]

_MANY_LEVELS = 16
"""Levels looked at for headers lost on the way; deeper nesting is nobody's."""

_NOTHING: frozenset[int] = frozenset()
_FRAGMENT = "the server that includes this file is not in sight, and may set headers too"

_NO_VERSION: Located[Version] = Located.unknown("nginx's version is not known")


class _Own(NamedTuple):
    """What one level says of a setting: for certain, and in branches of a template."""

    certain: Located[Any] | None
    possible: tuple[Located[Any], ...]


class Scope:
    """One level of an nginx configuration (main, http, server, location, if, limit_except, upstream).

    ``children``: the directives of this level in order, includes resolved; ``own``: the same by name. ``gaps``:
    includes at this level that could not be read: what is not set here may be set there. ``optional``: ids of
    directives that a conditional include of a template brought. ``children`` is given where the block of ``directive``
    is not what is in effect (includes resolved elsewhere).
    """

    __slots__ = (
        "_answers",
        "_doubts",
        "_headers",
        "_read",
        "children",
        "defaults",
        "directive",
        "gaps",
        "kind",
        "optional",
        "own",
        "parent",
    )

    def __init__(
        self,
        kind: str,
        directive: Directive,
        parent: Scope | None,
        children: Sequence[Directive] | None = None,
        defaults: Defaults | None = None,
    ) -> None:
        self.kind = kind
        self.directive = directive
        self.parent = parent
        self.defaults: Defaults = defaults or (parent.defaults if parent else Defaults(_NO_VERSION))
        self.own: dict[str, list[Directive]] = {}
        self.gaps: tuple[Directive, ...] = ()
        self.optional: frozenset[int] = _NOTHING
        self._answers: dict[str, Located[Any]] | None = None
        self._read: dict[str, _Own] | None = None
        self._headers: dict[str, tuple[Header, ...]] | None = None
        self._doubts: dict[str, str] | None = None
        self.children: Sequence[Directive] = (directive.block or ()) if children is None else children
        self.take(self.children)

    def take(self, children: Iterable[Directive]) -> None:
        """Let the directives of a block without a level of its own (``events``) count as this level's."""
        own = self.own
        for child in children:
            name = child.name.value
            if name in own:
                own[name].append(child)
            else:
                own[name] = [child]

    def levels(self) -> Iterator[Scope]:
        """This level and the outer ones, the nearest first."""
        scope: Scope | None = self
        while scope is not None:
            yield scope
            scope = scope.parent

    @property
    def is_fragment(self) -> bool:
        """Whether this is the outermost level of a file that is meant to be included in a server or a location."""
        return self.parent is None and self.kind in ("server", "location") and "listen" not in self.own

    def conditional(self, directive: Directive) -> bool:
        """Whether a directive of this level stands in a template branch of its own, so that it may be absent."""
        if directive.branch != 0 and (
            directive.branch != self.directive.branch or directive.file is not self.directive.file
        ):
            return True
        return id(directive) in self.optional

    # ------------------------------------------------------------------------------------------- scalars and arrays
    def setting(self, name: str) -> Located[Any]:
        """The effective value of a directive here, converted (seconds, bytes, booleans, tuples).

        Origin ``file`` when it is set at this level, ``inherited`` (with the place where it is set) when an outer
        one does, ``default`` otherwise. A KeyError for names that are not in ``nginx_table.TABLE``.
        """
        return self.look_up(TABLE[name])

    def look_up(self, setting: Setting) -> Located[Any]:
        """As ``setting``, for a row that need not be in the table."""
        if self._answers is None:
            self._answers = {}
        answer = self._answers.get(setting.name)
        if answer is None:
            answer = self._answers[setting.name] = self._answer(setting)
        return answer

    def _answer(self, setting: Setting) -> Located[Any]:
        outer = self.parent
        if outer is None or setting.directive in self.own or self.gaps or callable(setting.default):
            return self._found(setting)
        # Nothing here has a say: the outer level's answer, which its other inner levels share.
        found = outer.look_up(setting)
        return _inherited(found) if found.origin is Origin.FILE else found

    def _found(self, setting: Setting) -> Located[Any]:
        possible: list[Located[Any]] = []
        for scope in self.levels():
            own = scope._own(setting)
            if own is None and not scope.gaps:
                continue
            if own is not None:
                possible += own.possible
            certain = own.certain if own is not None else None
            if scope.gaps and (certain is None or setting.merge is not Merge.SCALAR):
                return _in_gap(setting, scope.gaps[0])
            if certain is None:
                continue
            return _settled(setting.name, possible, certain if scope is self else _inherited(certain))
        return _settled(setting.name, possible, self.defaults.of(setting, self))

    def _own(self, setting: Setting) -> _Own | None:
        directives = self.own.get(setting.directive)
        if directives is None:
            return None
        if self._read is None:
            self._read = {}
        if setting.name not in self._read:
            self._read[setting.name] = self._read_own(setting, directives)
        return self._read[setting.name]

    def _read_own(self, setting: Setting, directives: list[Directive]) -> _Own:
        certain = [directive for directive in directives if not self.conditional(directive)]
        possible = [directive for directive in directives if self.conditional(directive)]
        if setting.merge is Merge.SCALAR:
            values = tuple(_value(setting, directive) for directive in possible)
            return _Own(_value(setting, certain[0]) if certain else None, values)
        if possible:
            doubt: Located[Any] = Located.unknown(_branch_doubt(setting.name), possible[0].span)
            return _Own(doubt if certain else None, (doubt,))
        return _Own(_joined(setting, certain), ())

    # ------------------------------------------------------------------------------------------- headers
    def headers(self, family: str) -> tuple[Header, ...]:
        """The headers in effect here that a handler family sends (``proxy``, ``uwsgi`` …), or those of a directive
        (``add_header``), in order: all of the nearest level that has any, as nginx merges them."""
        directive = HEADER_DIRECTIVES.get(family, family)
        if directive in _INHERIT:
            return self._headers_with_inheritance(directive)
        scope = _defining(self, directive)
        return scope._own_headers(directive) if scope is not None else ()

    def _headers_with_inheritance(self, directive: str) -> tuple[Header, ...]:
        """As ``add_header_inherit`` of each level says: ``on`` (as ever), ``merge`` or ``off``. Of merged ones nginx
        sends the nearest level's first (seen with 1.31.3)."""
        collected: tuple[Header, ...] = ()
        for scope in self.levels():
            own = scope._own_headers(directive)
            collected += own
            mode = scope.setting(_INHERIT[directive]).get("on")
            if mode == "off" or (mode == "on" and own):
                break
        return collected

    def headers_doubt(self, family: str) -> str:
        """Why ``headers`` may not be all or may not be in effect; "" when they are certain."""
        if self._doubts is None:
            self._doubts = {}
        if family not in self._doubts:
            self._doubts[family] = self._headers_doubt(HEADER_DIRECTIVES.get(family, family))
        return self._doubts[family]

    def _headers_doubt(self, directive: str) -> str:
        for scope in self.levels():
            if scope.gaps:
                return _gap_text(scope.gaps[0])
            own = scope.own.get(directive)
            if own is None:
                continue
            if any(scope.conditional(one) for one in own):
                return _branch_doubt(directive)
            return _branch_doubt(directive) if any(one.args and one.args[0].templated for one in own) else ""
        return _FRAGMENT if scope.is_fragment else ""

    def shadowed_headers(self, directive_name: str, *, all_levels: bool = False) -> tuple[Header, ...]:
        """What outer levels set with ``directive_name`` and this level's own directives of that name drop, without
        those that they repeat. Only the nearest outer level's (what it dropped itself is its own affair), or with
        ``all_levels`` that of every outer level, the nearest first. Empty where this level sets none."""
        if directive_name not in self.own or not self._replaces(directive_name):
            return ()
        kept = list(self.headers(directive_name))
        dropped: list[Header] = []
        outer = self.parent
        for _ in range(_MANY_LEVELS if all_levels else 1):
            scope = _defining(outer, directive_name)
            if scope is None:
                break
            fresh = lost(scope._own_headers(directive_name), kept)
            dropped += fresh
            kept += fresh
            outer = scope.parent
        return tuple(dropped)

    def lost_headers(self, directive_name: str) -> tuple[Header, ...]:
        """What any outer level sets and the headers in effect here lack, because a nearer level defines others."""
        scope = _defining(self, directive_name)
        return scope.shadowed_headers(directive_name, all_levels=True) if scope is not None else ()

    def _replaces(self, directive_name: str) -> bool:
        """Whether this level's directives silently replace the outer ones (and nobody asked for it in words)."""
        inherit = _INHERIT.get(directive_name)
        return inherit is None or self.setting(inherit).get("merge") == "on"

    def _own_headers(self, directive_name: str) -> tuple[Header, ...]:
        if directive_name not in self.own:
            return ()
        if self._headers is None:
            self._headers = {}
        if directive_name not in self._headers:
            found = [header_of(one, self.conditional(one)) for one in self.own[directive_name]]
            self._headers[directive_name] = tuple(header for header in found if header is not None)
        return self._headers[directive_name]


_INHERIT = {"add_header": "add_header_inherit", "add_trailer": "add_trailer_inherit"}
"""Since nginx 1.29.3: directives that say whether an array replaces the outer one, is added to it, or cuts it off."""


def _defining(scope: Scope | None, directive_name: str) -> Scope | None:
    """The nearest level, from ``scope`` outwards, that has directives of that name."""
    while scope is not None and directive_name not in scope.own:
        scope = scope.parent
    return scope


def _value(setting: Setting, directive: Directive) -> Located[Any]:
    """One directive's value; unknown when placeholders or variables stand in it, or when nginx would refuse it."""
    span = directive.args_span
    written = " ".join(directive.values)
    if any(word.templated for word in directive.args):
        return Located.unknown(f"{setting.directive} is filled in from a template: {written}", span, written)
    if "$" in written and not setting.takes_variables:
        return Located.unknown(f"{setting.directive} is computed from {written}", span, written)
    try:
        return Located.read(setting.read(directive.values), span, text=written)
    except ValueError as error:
        return Located.unknown(f"{setting.directive}: {error}", span, written)


def _joined(setting: Setting, directives: list[Directive]) -> Located[Any]:
    """The value of several directives of one level: a tuple of their arguments each, or one tuple of words."""
    parts = [_value(setting, directive) for directive in directives]
    for part in parts:
        if not part.known:
            return part
    if setting.merge is Merge.ARRAY:
        return Located.read(tuple(part.value for part in parts), parts[0].span)
    words = dict.fromkeys(word for part in parts for word in part.value)
    return Located.read(tuple(words), parts[0].span, text=parts[0].text)


def _inherited(value: Located[Any]) -> Located[Any]:
    if not value.known:
        return value
    return Located(value.value, Origin.INHERITED, value.span, value.because, value.text)


def _settled(name: str, possible: list[Located[Any]], certain: Located[Any]) -> Located[Any]:
    """``certain``, unless template branches may say otherwise."""
    for other in possible:
        if other != certain:
            return Located.unknown(_branch_doubt(name), other.span, other.text)
    return certain


def _branch_doubt(name: str) -> str:
    return f"{name} depends on a template branch"


def _gap_text(gap: Directive) -> str:
    return f"`{' '.join([gap.key, *gap.values])}` could not be read"


def _in_gap(setting: Setting, gap: Directive) -> Located[Any]:
    return Located.unknown(f"{setting.directive} may be set in a file that is not here: {_gap_text(gap)}", gap.span)
