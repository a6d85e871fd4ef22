"""What each key of a spec may say, but not together with the others. Each answer tells the way out."""

from __future__ import annotations

from collections.abc import Iterator

from cfgcheck.generate.contradictions_address import addresses
from cfgcheck.generate.contradictions_manager import environment, manager
from cfgcheck.generate.contradictions_raw import raw_directives
from cfgcheck.generate.contradictions_record import Contradiction
from cfgcheck.generate.contradictions_server import app_server
from cfgcheck.generate.contradictions_settings import settings
from cfgcheck.generate.defaults import complete
from cfgcheck.generate.plan_time import least_read_timeout
from cfgcheck.generate.spec import Service, Spec
from cfgcheck.generate.words import in_bytes, in_seconds

__all__ = ["Contradiction", "contradictions"]

_UWSGI_HEADERS = 31 << 10
"""The longest line that fits a packet of 64 KiB twice: uWSGI is told a long URL in two variables."""

_ADJUSTABLE = ("aws-alb", "gcp-lb", "cloudflare", "other")
_RESERVED = ("nginx", "systemd", "supervisor", "supervisord", "compose", "docker", "dockerfile", "localhost")
"""Services of these names would share files, containers or addresses with something else, or be taken for it."""


def contradictions(spec: Spec) -> list[Contradiction]:
    """All of them; none: everything can be generated."""
    whole = _in_order(complete(spec), spec)
    found = [*_edge(spec), *addresses(whole), *raw_directives(spec)]
    for name, service in whole.services.items():
        found += _prefixes(name, service)
        found += _mounted_over(whole, name, service)
        found += _duration(whole, name, service)
        found += _sizes(name, service)
        found += _tls(whole, name, service)
        found += app_server(whole, name, service)
        found += settings(whole, name, service)
        found += environment(name, service)
        found += manager(whole, name, service)
        if name in _RESERVED:
            text = f"a service can't be called `{name}`: that name is taken; call it by what it does"
            found.append(Contradiction(("services", name), text))
    return found


def _in_order(whole: Spec, spec: Spec) -> Spec:
    """Of two services the later one is complained of."""
    return whole.model_copy(update={"services": {name: whole.services[name] for name in spec.services}})


def _edge(spec: Spec) -> Iterator[Contradiction]:
    edge = spec.edge
    if edge.kind == "none":
        for key, said in (
            ("idle", edge.idle),
            ("response", edge.response),
            ("tls", edge.tls or None),
            ("addresses", edge.addresses or None),
        ):
            if said is not None:
                yield Contradiction(
                    ("edge", key), f"`edge.{key}` is said of no edge; say its `kind`, `other` where no name fits"
                )
    if edge.kind == "heroku" and spec.runtime in ("systemd", "compose"):
        text = f"Heroku starts processes itself: it has no {spec.runtime}; say `runtime: plain`"
        yield Contradiction(("runtime",), text, (("edge", "kind"),))
    if spec.nginx.http_port == spec.nginx.https_port:
        same = "`nginx.http-port` and `nginx.https-port` are the same; give each its own"
        last, other = ("https-port", "http-port") if "https_port" in spec.nginx.model_fields_set else ("http-port", "")
        yield Contradiction(("nginx", last), same, (("nginx", other),))


def _duration(spec: Spec, name: str, service: Service) -> Iterator[Contradiction]:
    """The ladder must fit below the edge."""
    response, needed = spec.edge.response, least_read_timeout(service)
    if response is None or needed <= response:
        return
    margin = needed - service.slowest_request
    lower = f"lower it to {response - margin} s" if response > margin else "lower it"
    higher = f"raise `edge.response` to {needed} s there and here" if spec.edge.kind in _ADJUSTABLE else ""
    yield Contradiction(
        ("services", name, "slowest-request"),
        f"the slowest request of `{name}` takes {in_seconds(service.slowest_request)}, and {margin} s more for the "
        f"worker and nginx, but the edge ({spec.edge.kind}) waits only {in_seconds(response)} for a response: {lower}, "
        f"{f'{higher}, ' if higher else ''}or move the work to a queue",
        (("edge", "response"),),
    )


def _sizes(name: str, service: Service) -> Iterator[Contradiction]:
    if service.server.kind == "uwsgi" and service.request_headers > _UWSGI_HEADERS:
        yield Contradiction(
            ("services", name, "request-headers"),
            f"uWSGI takes at most 64 KiB of headers, and a URL of {in_bytes(service.request_headers)} stands there "
            f"twice: say at most {in_bytes(_UWSGI_HEADERS)}, or take another server",
            (("services", name, "server"),),
        )


def _tls(spec: Spec, name: str, service: Service) -> Iterator[Contradiction]:
    if service.tls is not None and spec.edge.kind == "heroku":
        text = "Heroku's router ends TLS and speaks plain HTTP to the app; leave `tls` out"
        yield Contradiction(("services", name, "tls"), text, (("edge", "kind"),))


def _prefixes(name: str, service: Service) -> Iterator[Contradiction]:
    """Each location of nginx is one thing only."""
    place = ("services", name)
    seen: dict[str, tuple[str, ...]] = {}
    named = [(key, prefix) for key in ("static", "media", "websockets") for prefix in getattr(service, key)]
    for key, prefix in named:
        before = seen.setdefault(prefix, (key, prefix))
        if before[0] != key:
            text = f"`{prefix}` stands in `{before[0]}` and in `{key}`: one place of the site is one thing only"
            own = (key,) if key == "websockets" else (key, prefix)
            yield Contradiction((*place, *own), text, ((*place, *before),))
        if prefix == "/" and key != "websockets":
            yield Contradiction((*place, key, prefix), f"`{key}` of `/` would leave nothing to the app; say a prefix")
    if service.health is not None and service.health in seen and seen[service.health][0] != "websockets":
        text = f"nginx would answer the health path `{service.health}` from files; say a path that the app answers"
        yield Contradiction((*place, "health"), text, ((*place, *seen[service.health]),))


def _mounted_over(spec: Spec, name: str, service: Service) -> Iterator[Contradiction]:
    """In a container the folders of files are volumes: one over the code would hide it."""
    if spec.runtime != "compose":
        return
    directory = f"{service.app.directory}/"
    for key in ("static", "media"):
        for prefix, folder in getattr(service, key).items():
            if directory.startswith(f"{folder.rstrip('/')}/"):
                text = f"a volume at `{folder}` would hide the code in `{service.app.directory}`; say a folder in it"
                place = ("services", name)
                yield Contradiction((*place, key, prefix), text, ((*place, "app", "directory"),))
