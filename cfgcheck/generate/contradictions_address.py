"""Domain names, addresses and users that several services can't share."""

from __future__ import annotations

from collections.abc import Iterator

from cfgcheck.generate.contradictions_record import Contradiction
from cfgcheck.generate.spec import Service, Spec

_WILDCARDS = ("0.0.0.0", "[::]")
_UNSEEN = ("/tmp/", "/var/tmp/", "/home/", "/root/")
"""Folders of which other services have their own or none (`PrivateTmp`, `ProtectHome`)."""


def addresses(spec: Spec) -> Iterator[Contradiction]:
    """Of a completed spec."""
    yield from _domains(spec)
    taken: dict[str, str] = {}
    for name, service in spec.services.items():
        yield from _listener(spec, name, service)
        address = service.listener or ""
        if spec.runtime == "compose" and not address.startswith("unix:"):
            continue
        first = taken.setdefault(address, name)
        if first != name:
            text = f"`{first}` and `{name}` listen on the same address, `{address}`; give each its own"
            yield Contradiction(("services", name, "listener"), text, (("services", first, "listener"),))


def _domains(spec: Spec) -> Iterator[Contradiction]:
    owners: dict[str, str] = {}
    for name, service in spec.services.items():
        for index, domain in enumerate(service.domains):
            place = ("services", name, "domains", index)
            if domain in service.domains[:index]:
                yield Contradiction(place, f"`{domain}` stands here a second time; take it out")
            elif domain in owners:
                first = owners[domain]
                text = f"`{first}` and `{name}` both have the domain `{domain}`; only one of them can answer it"
                yield Contradiction(place, text, (("services", first, "domains"),))
            owners.setdefault(domain, name)


def _listener(spec: Spec, name: str, service: Service) -> Iterator[Contradiction]:
    place, address = ("services", name, "listener"), service.listener or ""
    if address.startswith("unix:"):
        if address.removeprefix("unix:").startswith(_UNSEEN):
            yield Contradiction(place, "nginx may not see a socket there; put it below `/run`: say `unix`")
        return
    host, _, port = address.rpartition(":")
    if spec.runtime == "compose":
        if host not in _WILDCARDS:
            text = f"nginx runs in a container of its own and can't reach `{host}` of this one; say `0.0.0.0:{port}`"
            yield Contradiction(place, text, (("runtime",),))
        return
    if host in _WILDCARDS:
        text = f"all the world could reach the app around nginx; say `127.0.0.1:{port}`"
        yield Contradiction(place, text)
    for key, taken in (("http-port", spec.nginx.http_port), ("https-port", spec.nginx.https_port)):
        if int(port) == taken:
            yield Contradiction(place, f"nginx itself listens on port {port}; say another", (("nginx", key),))
