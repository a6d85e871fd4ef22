"""What to write where nginx speaks another protocol than the app. Silent where the location offers another app server
in its comments: the one that was found need not be in use then."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from cfgcheck.findings import Unchecked
from cfgcheck.model.app import Protocol
from cfgcheck.model.stack import Route
from cfgcheck.rules.contract import Case, Hit

_LONGEST = 20_000
_COMMENT = re.compile(r"^[ \t]*#([^\n]*)", re.MULTILINE)
_CHOICE = re.compile(r"\b(?:uncomment|instead|alternative\w*|either|if (?:you )?(?:are )?us(?:e|ing))\b", re.IGNORECASE)
_VERBS = {
    Protocol.HTTP: "proxy_pass",
    Protocol.UWSGI: "uwsgi_pass",
    Protocol.FASTCGI: "fastcgi_pass",
    Protocol.SCGI: "scgi_pass",
    Protocol.GRPC: "grpc_pass",
}


def check(case: Case, params: Mapping[str, Any]) -> Iterable[Hit | Unchecked]:
    route: Route = case.subject
    assert route.listener is not None
    verb = _VERBS.get(route.listener.protocol.value, "")
    comments = _COMMENT.findall(route.location.directive.whole.text[:_LONGEST])
    offered = any(comment.strip().startswith(verb) for comment in comments)
    if verb and offered and any(_CHOICE.search(comment) for comment in comments):
        because = f"the location offers {verb} in a comment, so another app server may be in use"
        yield case.unchecked(because, route.passes)
    else:
        yield Hit(values={"remedy": _remedy(route, route.listener.protocol.value)})


_BACKENDS = {Protocol.HTTP: "HTTP", Protocol.FASTCGI: "FCGI", Protocol.GRPC: "GRPC"}
"""What ingress-nginx calls the protocols that it speaks."""


def _remedy(route: Route, spoken: Protocol) -> str:
    """What to write so that nginx speaks what the app expects."""
    if route.proxy.ingress:
        name = _BACKENDS.get(spoken)
        if name is None:
            return f"Let the app listen for HTTP: an Ingress speaks no {spoken.value}"
        return f'Write `nginx.ingress.kubernetes.io/backend-protocol: "{name}"`'
    target = route.passes.host_text
    if spoken is Protocol.HTTP:
        return f"Write `proxy_pass http://{target};`"
    if spoken in (Protocol.UWSGI, Protocol.FASTCGI, Protocol.SCGI):
        return f"Write `{spoken.value}_pass {target};`"
    return "Let both ends speak the same protocol"
