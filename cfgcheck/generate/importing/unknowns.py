"""Values that nobody knows before a template is filled in: the default that is taken instead is named."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cfgcheck.generate.defaults import complete
from cfgcheck.generate.importing.draft import Draft
from cfgcheck.generate.importing.grouping import Found
from cfgcheck.generate.importing.result import Key
from cfgcheck.generate.words import in_bytes, in_seconds
from cfgcheck.model.located import Located
from cfgcheck.model.nginx import Location


def leave_unknown(draft: Draft, name: str, found: Found) -> None:
    """Note the values of a service that have a key and are not known."""
    service = complete(draft.spec()).services.get(name)
    if service is None:
        return
    said = {
        "max-upload": in_bytes(service.max_upload),
        "request-headers": in_bytes(service.request_headers),
        "response-headers": in_bytes(service.response_headers),
        "slowest-request": in_seconds(service.slowest_request),
        "stop-grace": in_seconds(service.stop_grace or 0),
        "threads": str(service.server.threads),
    }
    for key, word, value in _values(found):
        if value.known or value.span is None or value.span.text.startswith("include"):
            continue
        place: Key = ("server", key) if key == "threads" else (key,)
        taken = "the default" if draft.get(("services", name, *place)) is None else "what the others say"
        told = value.span.text.strip().rstrip(";")
        told = told if told.startswith(word) else f"{word} {told}"
        draft.leave(value.span, f"`{told.strip()}`", f"not known: {taken}, `{key}: {said[key]}`, is taken")


def _values(found: Found) -> Iterator[tuple[str, str, Located[Any]]]:
    """The key, the directive that tells of it ("" for settings of the app server), its value."""
    facts = found.app.facts
    yield from (("slowest-request", "", facts.request_limit), ("stop-grace", "", facts.grace))
    yield from (("threads", "", facts.threads), ("max-upload", "", facts.body_limit))
    for route in found.routes:
        yield from _of_location(route.location)
    for server in found.servers:
        yield "request-headers", "large_client_header_buffers", server.header_buffers


def _of_location(location: Location) -> Iterator[tuple[str, str, Located[Any]]]:
    yield "max-upload", "client_max_body_size", location.body_limit
    if location.passes is not None:
        family = location.passes.family
        yield "slowest-request", f"{family}_read_timeout", location.read_timeout
        yield "response-headers", f"{family}_buffer_size", location.family_setting("buffer_size")
