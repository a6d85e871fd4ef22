"""From a text to the model, without a disk."""

from __future__ import annotations

from cfgcheck.load.nginx import build_proxy
from cfgcheck.load.nginx_kinds import classify
from cfgcheck.model.located import Located
from cfgcheck.model.nginx import Location, Proxy
from cfgcheck.model.version import Version
from cfgcheck.source.file import SourceFile
from cfgcheck.syntax.nginx_parse import parse
from cfgcheck.syntax.nginx_tree import Directive, Word


def proxy_of(text: str, version: str = "", path: str = "nginx.conf") -> Proxy:
    """The proxy of one file; ``version`` "" leaves nginx's version unknown."""
    tree = parse(SourceFile(path, text))
    root = Directive(tree.file, Word("", 0, 0), ())
    root.block = tree.directives
    known = Version.parse(version) if version else None
    located: Located[Version] = Located.declared(known) if known else Located.unknown("nobody tells")
    return build_proxy(path, classify(tree).kind.value, root, located, lambda directives: directives)


def location_of(text: str, path: str, version: str = "", file: str = "nginx.conf") -> Location:
    """The location with that label."""
    found = [location for location in proxy_of(text, version, file).locations() if location.label == path]
    assert len(found) == 1, f"{len(found)} locations {path}"
    return found[0]


def in_location(body: str, version: str = "", outer: str = "") -> Location:
    """A location ``/`` with that body, in a whole configuration; ``outer`` stands at the http level."""
    return location_of(
        f"events {{}}\nhttp {{\n{outer}\nserver {{ listen 80; location / {{ {body} }} }}\n}}\n", "/", version
    )
