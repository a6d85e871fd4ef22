"""Texts of the spec that nginx can't be told, found before anything is planned: each with its place."""

from __future__ import annotations

from collections.abc import Iterator

from cfgcheck.generate.escapes import UnwritableError
from cfgcheck.generate.nginx_text import word
from cfgcheck.generate.spec import Directives, Service, Spec

Place = tuple[str, ...]


def refuse_unwritable(spec: Spec) -> None:
    """``UnwritableError`` for the first text that nginx has no way to write."""
    for text, place in _texts(spec):
        try:
            word(text)
        except UnwritableError as error:
            raise UnwritableError(error.message, place) from None


def _texts(spec: Spec) -> Iterator[tuple[str, Place]]:
    for level in ("main", "events", "http"):
        yield from _raw(getattr(spec.nginx, level), ("nginx", level))
    for name in sorted(spec.services):
        yield from _of_service(spec.services[name], ("services", name))


def _of_service(service: Service, place: Place) -> Iterator[tuple[str, Place]]:
    for kind in ("static", "media"):
        for prefix, folder in sorted(getattr(service, kind).items()):
            yield folder, (*place, kind, prefix)
    if service.tls is not None:
        yield service.tls.certificate, (*place, "tls", "certificate")
        yield service.tls.key, (*place, "tls", "key")
    for level in ("server", "location", "upstream"):
        yield from _raw(getattr(service.nginx, level), (*place, "nginx", level))


def _raw(directives: Directives, place: Place) -> Iterator[tuple[str, Place]]:
    for name, words in sorted(directives.items()):
        yield from ((str(one), (*place, name)) for one in words)
