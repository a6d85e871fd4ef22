"""A prefix that ends in a slash on one side of ``proxy_pass`` only: the path behind it is glued or doubled."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cfgcheck.findings import Unchecked
from cfgcheck.model.nginx import Location
from cfgcheck.rules.contract import Case, Hit


def check(case: Case, params: Mapping[str, Any]) -> Iterable[Hit | Unchecked]:
    location: Location = case.subject
    passes = location.passes
    if passes is None or not passes.uri or _rewritten(location):
        return
    if any(word.templated for word in (*location.directive.args, *passes.directive.args)):
        return
    path, uri = location.path, passes.uri
    slashed = path if path.endswith("/") else f"{path}/"
    asked = f"{slashed}a"
    yield Hit(
        related=[(location, "the prefix that is replaced")],
        values={
            "asked": asked,
            "got": uri + asked[len(path) :],
            "glued": path.endswith("/"),
            "prefix": f"{location.modifier} {slashed}".strip(),
            "uri": uri if uri.endswith("/") else f"{uri}/",
        },
    )


def _rewritten(location: Location) -> bool:
    """Whether a ``rewrite`` changes the path first: nginx then leaves the URI part out."""
    own = location.scope.own
    inside = (child.key for block in own.get("if", ()) for child in block.block or ())
    return "rewrite" in own or "rewrite" in inside
