"""nginx files with statements written into them or taken out."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from cfgcheck.app import Input, load
from cfgcheck.findings import Edit
from cfgcheck.fix.nginx import edits_of_statement
from cfgcheck.model.nginx import Location, Proxy
from cfgcheck.rules.changes import Block, Statement
from cfgcheck.settings import Settings
from cfgcheck.source.edits import Piece, applied, settled


def proxy_of(root: Path, text: str, name: str = "nginx.conf") -> Proxy:
    (root / name).write_bytes(text.encode("utf-8", "surrogateescape"))
    _, stacks = load(Input((root,)), Settings())
    found = [proxy for stack in stacks for proxy in stack.proxies]
    assert len(found) == 1, found
    return found[0]


def location_of(proxy: Proxy, label: str = "/") -> Location:
    return next(one for one in proxy.locations() if one.label == label)


def texts(edits: Iterable[Edit]) -> dict[str, str]:
    """The changed files by their paths."""
    pieces: dict[str, list[Piece]] = {}
    files = {}
    for edit in edits:
        file = edit.span.file.whole
        files[file.path] = file
        pieces.setdefault(file.path, []).append(Piece(edit.span.start, edit.span.end, edit.text))
    return {path: applied(files[path].text, settled(found)) for path, found in pieces.items()}


def written(root: Path, text: str, *statements: str, label: str = "/", beside: bool = False) -> str:
    """``nginx.conf`` once a location holds the statements."""
    location = location_of(proxy_of(root, text), label)
    return put(text, location, *statements, beside=beside)


def put(text: str, block: Block, *statements: str, beside: bool = False, level: str = "http") -> str:
    edits = [edit for one in statements for edit in edits_of_statement(Statement(block, one, beside, level))]
    return texts(edits).get("nginx.conf", text)
