"""Directives and settings that a spec has no key for: kept as they are where no derived one takes their place."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from cfgcheck.generate.importing.draft import Draft
from cfgcheck.generate.importing.grouping import Found
from cfgcheck.generate.importing.headers import HEADERS, put_headers
from cfgcheck.generate.importing.levels import Level, levels_of
from cfgcheck.generate.importing.managers import scalar
from cfgcheck.generate.importing.notes import is_generated, is_override, is_untouched
from cfgcheck.generate.importing.result import Key
from cfgcheck.generate.importing.web import main_location
from cfgcheck.generate.importing.words import (
    ONE_APP,
    OWNED_SETTINGS,
    SILENT_BLOCKS,
    TELLING,
    lost,
    lost_setting,
    owned,
    owned_setting,
    reason,
)
from cfgcheck.generate.plan_records import Plan
from cfgcheck.model.app import App, AppKind, SettingUse
from cfgcheck.model.nginx import Proxy, Server
from cfgcheck.syntax.nginx_tree import Directive

_PLACEHOLDER = re.compile(r"[%$@]\(|\$\{")
_POSITIONAL = ("APP", "APPLICATION")
_NUMBER = re.compile(r"(?:0|[1-9]\d{0,17})\Z", re.ASCII)


def put_raws(draft: Draft, planned: Plan, services: Mapping[str, Found], proxies: Sequence[Proxy]) -> None:
    """Set ``nginx:`` overrides and ``server: settings:``. ``planned``: what is derived without them."""
    levels = {level.key: level for level in levels_of(planned)}
    derived = {name for level in levels.values() for name in level.statements}
    for key, directives in _written(services, proxies):
        _put_level(draft, levels.get(key, Level(key)), derived, directives)
    for name, found in services.items():
        put_headers(draft, ("services", name), found)
        _put_settings(draft, name, found.app, planned)


# ── nginx ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _written(services: Mapping[str, Found], proxies: Sequence[Proxy]) -> Iterator[tuple[Key, list[Directive]]]:
    """What stands at each level that has overrides."""
    for proxy in proxies[:1]:
        yield from _outer(proxy)
    for name, found in services.items():
        place = ("services", name, "nginx")
        if found.servers:
            yield (*place, "server"), list(_main_server(found).scope.children)
        location = main_location(found)
        if location is not None and location.modifier not in ("server", "if", "limit_except"):
            yield (*place, "location"), list(location.scope.children)
        for route in found.routes[:1]:
            block = route.upstream.directive if route.upstream is not None and not route.upstream.implicit else None
            yield (*place, "upstream"), list((block.block if block is not None else None) or ())


def _outer(proxy: Proxy) -> Iterator[tuple[Key, list[Directive]]]:
    main = list(proxy.scope.children)
    scope = proxy.servers[0].scope.parent if proxy.servers else None
    yield ("nginx", "main"), [one for one in main if one.parent is None and one.key != "events"]
    yield ("nginx", "events"), [child for one in main if one.key == "events" for child in one.block or ()]
    if scope is not None and scope is not proxy.scope:
        yield ("nginx", "http"), list(scope.children)


def _main_server(found: Found) -> Server:
    passing = [route.server for route in found.routes]
    secure = [server for server in passing if server.terminates_tls]
    return (secure or passing or found.servers)[0]


def _put_level(draft: Draft, level: Level, derived: set[str], directives: Iterable[Directive]) -> None:
    by_name: dict[str, list[Directive]] = {}
    for directive in directives:
        by_name.setdefault(directive.key, []).append(directive)
    for name, same in by_name.items():
        fresh = [one for one in same if not level.says(name, tuple(one.values))]
        marked = [one for one in same if is_override(one)]
        if marked:
            draft.put((*level.key, name), _arguments(marked[0]), marked[0].span)
        elif fresh and not all(is_untouched(one.file) for one in fresh):
            _put_directive(draft, level.key, name, fresh, derived)


def _arguments(directive: Directive) -> list[str | int]:
    """As a spec says them: whole numbers are numbers."""
    return [int(word) if _NUMBER.match(word) else word for word in directive.values]


def _put_directive(draft: Draft, key: Key, name: str, fresh: list[Directive], derived: set[str]) -> None:
    """Keep a directive of somebody's own, or say why not."""
    first = fresh[0]
    if first.file.path.startswith("<nginx>") or name in SILENT_BLOCKS or name in HEADERS:
        return
    why = reason(name)
    if name in derived or owned(name):
        why = "not needed by what is generated" if TELLING.fullmatch(name) else "a spec derives its own"
        fresh = fresh if TELLING.fullmatch(name) else [one for one in fresh if lost(name, one.values)]
    elif not why and first.block is not None:
        why = "a spec has single directives only"
    elif not why and len(fresh) > 1:
        why = "a spec says each directive once at a level"
    elif not why and (first.templated or name.startswith("$")):
        why = "a template fills it in"
    if not why:
        draft.put((*key, name), _arguments(first), first.span)
        return
    for one in fresh:
        draft.leave(one.span, f"`{' '.join([one.key, *one.values])}`", why)


# ── the app server ────────────────────────────────────────────────────────────────────────────────────────────────────


def _put_settings(draft: Draft, name: str, app: App, planned: Plan) -> None:
    """Set ``server: settings:`` to what is neither carried by a key nor derived."""
    if app.kind.value not in OWNED_SETTINGS:
        return
    mine = next((service for service in planned.services if service.name == name), None)
    derived = {setting.name: setting.figure.value for setting in mine.settings} if mine is not None else {}
    key = ("services", name, "server", "settings")
    last = {use.canonical: use for use in app.uses if use.canonical}
    planned_words = mine.command if mine is not None and not mine.config else None
    for setting, use in last.items():
        if is_override(use) or (is_generated(use.span.file) and _beside(use, planned_words)):
            draft.put((*key, _name(app, use)), _value(app, use), use.span)
        elif is_untouched(use.span.file):
            continue
        elif app.kind is AppKind.UWSGI and setting in ONE_APP:
            draft.leave(use.span, f"`{setting}`", "a service has one app, which is there from the start")
        elif setting not in derived and not owned_setting(app.kind.value, setting):
            _put_setting(draft, key, setting, use, app)
        elif setting not in derived and lost_setting(app.kind.value, setting) and not _usual(app, setting, use):
            draft.leave(use.span, f"`{setting}`", "a spec has no such setting")
    _spread(draft, key)
    for use in app.uses:
        if not use.canonical and not use.helper:
            hint = f", did you mean `{use.near}`?" if use.near else ""
            draft.leave(use.span, f"`{use.name}`", f"{app.server} has no such setting{hint}")


def _usual(app: App, setting: str, use: SettingUse) -> bool:
    """Whether it is off, or the group that is the user's own."""
    user = app.settings.get({"gid": "uid", "group": "user"}.get(setting, ""))
    return not use.value.get(True) or (user is not None and user.known and user == use.value)


def _spread(draft: Draft, key: Key) -> None:
    """Workers that are recycled after so many requests are not to be so all at once."""
    most = draft.get((*key, "max_requests"))
    span = draft.span_of((*key, "max_requests"))
    if isinstance(most, int) and most > 0 and span is not None and not is_generated(span.file):
        if draft.get((*key, "max_requests_jitter")) is None:
            draft.put((*key, "max_requests_jitter"), max(1, most // 10), span)
    elif most is None and draft.get((*key, "max_requests_jitter")) is not None and span is None:
        draft.drop((*key, "max_requests_jitter"))


def _beside(use: SettingUse, planned: tuple[str, ...] | None) -> bool:
    """Whether an option of a generated command line is not among those that are derived. ``planned``: the derived
    command; None where the server has a file of its own."""
    if planned is None or use.name in _POSITIONAL:
        return False
    pairs = {*itertools.pairwise(planned)}
    return (use.name, use.text) not in pairs


def _name(app: App, use: SettingUse) -> str:
    name = use.name if app.kind is not AppKind.GUNICORN else use.canonical
    name = name.removeprefix("--")
    return name.removeprefix("no-") if use.value.get(None) is False else name


def _value(app: App, use: SettingUse) -> Any:
    """As a spec says it: of uWSGI what is written (``512`` for megabytes), of the others what it means."""
    if app.kind is AppKind.GUNICORN or not use.value.known:
        return use.value.get(None)
    if isinstance(use.value.value, bool):
        return use.value.value
    return scalar(use.text) if app.kind is AppKind.UWSGI else scalar(str(use.value.value))


def _put_setting(draft: Draft, key: Key, setting: str, use: SettingUse, app: App) -> None:
    located = app.settings.get(setting) or use.value
    value = _value(app, use) if located.known else None
    if not located.known:
        draft.leave(use.span, f"`{setting}`", located.because)
    elif app.kind is AppKind.UWSGI and _PLACEHOLDER.search(use.text):
        draft.leave(use.span, f"`{setting}`", "a spec's values hold no placeholders")
    elif isinstance(value, (bool, int, float, str)):
        draft.put((*key, _name(app, use)), value, use.span)
    elif value is not None:
        draft.leave(use.span, f"`{setting}`", "a spec has settings of one plain value only")
