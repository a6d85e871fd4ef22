"""When no route could be joined: what was found, what was looked for, and the settings that would tell."""

from __future__ import annotations

from collections.abc import Iterator

from cfgcheck.model.host import HostKind
from cfgcheck.model.stack import Link, Route, Stack

_CARRIERS = (
    "config files (gunicorn.conf.py, uWSGI's ini, YAML, XML, JSON), Procfiles, compose files, Dockerfiles, Kubernetes "
    "manifests, systemd units, supervisord's files and shell scripts"
)
_SERVERS = "Gunicorn, uWSGI, uvicorn, hypercorn, daphne, granian and waitress"
_HAND_IN = "Name its file (`cfgcheck check . /etc/nginx/nginx.conf`), or hand it in: `nginx -T | cfgcheck check - .`"
_TELL = "To tell what runs there, write in cfgcheck.toml:"
_SHOWN = 3


def absence(stack: Stack) -> list[str]:
    """Sentences for a stack of which no route leads to an app; none for one with such a route, or with neither nginx
    nor apps."""
    joined = any(route.link in (Link.MATCHED, Link.WRONG_PROTOCOL, Link.NO_LISTENER) for route in stack.routes)
    if joined or not (stack.proxies or stack.apps):
        return []
    return list(_sentences(stack))


def _sentences(stack: Stack) -> Iterator[str]:
    if not stack.proxies:
        yield f"Found {_apps(stack)}, and no nginx configuration. {_HAND_IN}"
        return
    if not stack.routes:
        yield "Found nginx, but no location of it passes requests on (proxy_pass, uwsgi_pass)."
        return
    yield from (f"{route.passes.span} passes to {_target(route)}: {route.because}." for route in _each(stack.routes))
    if not stack.apps:
        yield f"No app server was found; looked for {_SERVERS} in {_CARRIERS}."
    else:
        yield f"Found {_apps(stack)}."
    yield _way_out(stack)


def _each(routes: list[Route]) -> list[Route]:
    """One route for each target."""
    found: dict[str, Route] = {}
    for route in routes:
        found.setdefault(_target(route), route)
    return list(found.values())[:_SHOWN]


def _target(route: Route) -> str:
    if route.peer is not None and route.peer.address.known:
        return str(route.peer.address.value)
    return route.passes.host_text


def _apps(stack: Stack) -> str:
    apps = stack.apps[:_SHOWN]
    more = f" and {len(stack.apps) - _SHOWN} more" if len(stack.apps) > _SHOWN else ""
    named = []
    for app in apps:
        at = [str(one.address.value) for one in app.listeners if one.address.known]
        named.append(f"{app.label} on {', '.join(at)}" if at else f"{app.label} (its address is not known)")
    return "; ".join(named) + more


def _way_out(stack: Stack) -> str:
    """The settings that would tell."""
    route = stack.routes[0]
    target = route.peer.address.get(None) if route.peer is not None else None
    unseen = [host for host in stack.hosts.values() if host.unseen and target is not None and target.host in host.names]
    if unseen:
        name = unseen[0].names[0]
        return f'{_TELL} [[app]] name = "{name}", host = "{name}", command = "gunicorn …"'
    if target is not None and target.is_tcp and not target.is_loopback and stack.apps:
        folder = stack.apps[0].span.file.path.rpartition("/")[0] or "."
        named = stack.hosts.get(stack.apps[0].host)
        if named is None or named.kind is HostKind.DECLARED:
            return (
                f"If that is where {stack.apps[0].label} runs, write in cfgcheck.toml: "
                f'[hosts.app] addresses = ["{target.host}"], paths = ["{folder}"]'
            )
    return f'{_TELL} [[app]] name = "app", command = "gunicorn --bind …"'
