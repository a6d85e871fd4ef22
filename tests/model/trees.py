"""Hypothesis strategy: whole nginx configurations, of nested levels spread over included files, that nginx accepts.

Each location that passes requests on can be asked by a request of its own (``Asked``). ``@BASE@`` stands for nginx's
folder, ``@UP-family@`` for the socket of that family's app server and ``@PORT-family@`` for its port.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import strategies as st

from cfgcheck.model.nginx_table import FAMILIES
from tests.model.tree_statements import statements

_DEEPEST = 4
"""Levels of locations inside each other."""


@dataclass(frozen=True)
class Asked:
    """A level that passes on, and the request that it takes. ``kind``: ``location``, ``if`` or ``limit_except``."""

    server: str
    kind: str
    path: str
    method: str
    peers: int = 1

    @property
    def target(self) -> str:
        return f"{self.path}?branch=1" if self.kind == "if" else self.path


@dataclass
class Tree:
    """A configuration: ``files`` by name with ``nginx.conf`` among them, and all requests that can be made."""

    files: dict[str, str] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    upstreams: list[str] = field(default_factory=list)
    families: tuple[str, ...] = ()
    modern: bool = True

    def __str__(self) -> str:
        return "\n".join(f"### {name}\n{text}" for name, text in self.files.items())


@st.composite
def trees(draw: st.DrawFn, *, modern: bool) -> Tree:
    """``modern``: with what only recent versions of nginx have."""
    families = tuple(draw(st.lists(st.sampled_from(FAMILIES), min_size=1, max_size=3, unique=True)))
    tree = Tree(families=families, modern=modern)
    servers = [_server(draw, tree, number) for number in range(draw(st.integers(1, 2)))]
    http = [*_fixed(), *draw(statements(tree.families, "http", tree.modern)), *tree.upstreams]
    blocks = servers + http if draw(st.booleans()) else http + servers
    text = _block("http", _spread(draw, tree, blocks))
    main = "daemon off; master_process off; pid nginx.pid; error_log error.log debug;"
    tree.files["nginx.conf"] = "\n".join(_spread(draw, tree, [main, "events { }", text])) + "\n"
    return tree


def _fixed() -> list[str]:
    temporary = [f"{name}_temp_path {name};" for name in ("client_body", *FAMILIES) if name != "grpc"]
    return [*temporary, "access_log off;", "client_max_body_size 0;", "client_body_buffer_size 1m;"]


def _block(head: str, lines: list[str]) -> str:
    return "\n".join([f"{head} {{", *lines, "}"])


def _server(draw: st.DrawFn, tree: Tree, number: int) -> str:
    name = f"s{number}"
    inner = [_location(draw, tree, name, f"/{at}", 1) for at in range(draw(st.integers(1, 3)))]
    lines = [f"listen unix:@BASE@/{name};", f"server_name {name};"]
    lines += draw(statements(tree.families, "server", tree.modern))
    return _block("server", _spread(draw, tree, lines + inner))


def _location(draw: st.DrawFn, tree: Tree, server: str, path: str, depth: int) -> str:
    """A location; with other locations inside it, or (an exact one, one by expression) without."""
    count = draw(st.integers(0, 2)) if depth < _DEEPEST else 0
    modifier = draw(st.sampled_from(["", "", "^~ "] if count else ["", "", "= ", "^~ ", "~ ^", "~* ^"]))
    lines = [*draw(statements(tree.families, "location", tree.modern))]
    excepts = draw(st.integers(0, 9)) == 0
    if draw(st.integers(0, 3)) or not count:
        method = "POST" if excepts else draw(st.sampled_from(["POST", "PUT"]))
        lines += _handler(draw, tree, Asked(server, "location", path, method))
    if draw(st.integers(0, 4)) == 0:
        own = draw(statements(tree.families, "if", tree.modern))
        own += _handler(draw, tree, Asked(server, "if", path, "POST"))
        lines.append(_block("if ($arg_branch)", _spread(draw, tree, own)))
    if excepts:
        own = _handler(draw, tree, Asked(server, "limit_except", path, "PUT"))
        lines.append(_block("limit_except POST", _spread(draw, tree, own)))
    inner = [_location(draw, tree, server, f"{path}/{at}", depth + 1) for at in range(count)]
    end = "$" if modifier.startswith("~") else ""
    blocks = draw(st.sampled_from([lines + inner, inner + lines]))
    return _block(f"location {modifier}{path}{end}", _spread(draw, tree, blocks))


def _handler(draw: st.DrawFn, tree: Tree, asked: Asked) -> list[str]:
    """What passes on to an app server, directly, over an ``upstream`` of its own or by a variable."""
    family = "proxy" if asked.kind == "limit_except" else draw(st.sampled_from(tree.families))
    number = len(tree.asked)
    address = draw(st.sampled_from([f"unix:@UP-{family}@", f"127.0.0.1:@PORT-{family}@"]))
    scheme = {"proxy": "http://", "grpc": draw(st.sampled_from(["grpc://", ""]))}.get(family, "")
    how = draw(st.sampled_from(["direct", "direct", "named", "named", "variable", "mapped"]))
    peers = 1
    if how == "named" or (how == "variable" and address.startswith("unix")):
        peers = draw(st.integers(1, 2))
        kept = ["keepalive 4;"], [f"keepalive {0 if tree.modern else 1};"]
        pool = [f"server {address};"] * peers + draw(st.sampled_from([[], [], *kept]))
        tree.upstreams.append(_block(f"upstream u{number}", _spread(draw, tree, pool)))
        address = draw(st.sampled_from([f"u{number}", f"U{number}"]))
    tree.asked.append(Asked(asked.server, asked.kind, asked.path, asked.method, peers))
    if how == "direct" or how == "named" or asked.kind == "limit_except":
        return [f"{family}_pass {scheme}{address};"]
    if how == "mapped" and not address.startswith("unix"):
        tree.upstreams.append(f"map $request_method $to{number} {{ default {address}; }}")
        return [f"{family}_pass {scheme}$to{number};"]
    if address.startswith("unix"):  # no variable may hold a whole one
        return [f"{family}_pass {scheme}{address};"]
    return [f"set $to{number} {address};", f"{family}_pass {scheme}$to{number};"]


def _spread(draw: st.DrawFn, tree: Tree, lines: list[str]) -> list[str]:
    """The lines of a level, some of them moved into files that are included."""
    kind = draw(st.sampled_from(["none", "none", "none", "plain", "nested", "absolute", "glob", "empty"]))
    if kind == "none" or not lines:
        return lines
    if kind == "empty":
        return ["include nothing-*.conf;", *lines]
    begin = draw(st.integers(0, len(lines) - 1))
    end = draw(st.integers(begin + 1, len(lines)))
    number = len(tree.files)
    moved = lines[begin:end]
    if kind == "glob":
        folder = f"parts{number}"
        for at, line in enumerate(moved):
            tree.files[f"{folder}/{at:02}.conf"] = line + "\n"
        tree.files[f"{folder}/.hidden.conf"] = "no_such_directive;\n"
        tree.files[f"{folder}/00.conf.orig"] = "no_such_directive;\n"
        include = draw(st.sampled_from([f"include {folder}/*.conf;", f"include @BASE@/{folder}/[0-9]*f;"]))
    else:
        tree.files[f"inc{number}.conf"] = "\n".join(moved)  # without a line end, which nginx does not need
        if kind == "nested":
            tree.files[f"deep{number}/inc.conf"] = f"include inc{number}.conf;"
        include = {
            "plain": f"include inc{number}.conf;",
            "nested": f"include deep{number}/inc.conf;",
            "absolute": f"include '@BASE@/inc{number}.conf';",
        }[kind]
    return [*lines[:begin], include, *lines[end:]]
