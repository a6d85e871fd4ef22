"""Another address in the place of the one that nginx passes to, as a text and its place."""

from __future__ import annotations

from cfgcheck.model.nginx import Pass, Peer, Upstream
from cfgcheck.source.file import Span


def retargeted(passes: Pass, upstream: Upstream, peer: Peer, address: str) -> tuple[Span, str] | None:
    """What is to stand where, so that ``peer`` is at ``address`` (``127.0.0.1:8000``, ``unix:/run/shop/shop.sock``):
    in its ``server`` of the ``upstream{}``, or in the pass itself, whose scheme and URI stay. None where a variable or
    a template decides."""
    if not peer.address.known or peer.address.value.templated:
        return None
    if not upstream.implicit:
        return _inside(peer.span), address
    if passes.variable or passes.directive.templated:
        return None
    place = _inside(passes.span)
    scheme, mark, _ = place.text.partition("://")
    start = place.start + (len(scheme) + len(mark) if mark and scheme.isalpha() else 0)
    uri = passes.uri or ""
    return Span(place.file, start, place.end), address + (f":{uri}" if uri and address.startswith("unix:") else uri)


def _inside(word: Span) -> Span:
    """A word without its quotes."""
    quoted = word.text[:1] in ("'", '"') and len(word.text) > 1
    return Span(word.file, word.start + quoted, word.end - quoted)
