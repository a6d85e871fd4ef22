"""Writes ``cfgcheck/data/uwsgi.json``: every option of uWSGI and its plugins, from the option tables in its sources.

    python tools/uwsgi_options.py uwsgi-2.0.21.tar.gz uwsgi-2.0.31.tar.gz > cfgcheck/data/uwsgi.json

The last archive named is the reference; the earlier ones (oldest first) only tell since when an option exists.
Of an entry ``{"name", required_argument, 's', "help", setter, variable, FLAGS}`` the help text is left out: the
setter gives the kind of value, the variable tells which options are one setting under several names.
"""

from __future__ import annotations

import json
import re
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

_TABLE = re.compile(r"struct\s+uwsgi_option\s+\w+\[\]\s*=\s*\{")
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)\'|[{}]|[^{}"\']+')
_COMMENT = re.compile(r"/\*[\s\S]*?\*/|(?m:^[^\n\"]*//[^\n]*$)|(?m:^[ \t]*#[^\n]*$)")
_SOURCES = (".c", ".cc", ".cpp", ".m")
_ORDER = ("core/", "plugins/python/", "plugins/gevent/", "plugins/http/", "plugins/corerouter/")

_KINDS = {
    "true": "bool",
    "false": "not",
    "set_int": "int",
    "max_vars": "int",
    "set_rawint": "rawint",
    "set_64bit": "int64",
    "set_16bit": "int16",
    "set_megabytes": "megabytes",
    "set_str": "str",
    "set_str_spaced": "str",
    "set_uid": "str",
    "set_gid": "str",
    "set_immediate_uid": "str",
    "set_immediate_gid": "str",
    "uid": "str",
    "gid": "str",
    "set_umask": "umask",
    "chmod_socket": "chmod",
    "logfile_chmod": "str",
    "log_date": "str",
    "fileserve_mode": "str",
    "snmp": "str",
    "set_cap": "str",
    "set_unshare": "str",
    "add_socket": "socket",
    "add_ssl_socket": "socket",
    "add_socket_no_defer": "socket",
    "add_lazy_socket": "socket",
    "add_shared_socket": "socket",
    "logic": "logic",
    "noop": "noop",
    "set_null": "noop",
    "deprecated": "noop",
    "load": "load",
    "load_ini": "load",
    "load_xml": "load",
    "load_yml": "load",
    "load_json": "load",
    "load_config": "load",
    "set_placeholder": "set",
}
"""The setter without ``uwsgi_opt_``, and the kind of value that it makes; any other setter gathers a list."""

_FLAGS = {
    "MASTER": "M",
    "LOG_MASTER": "M",
    "REQ_LOG_MASTER": "M",
    "THREADS": "T",
    "CHEAPER": "C",
    "POST_BUFFERING": "P",
    "IMMEDIATE": "I",
}
"""What an option brings about besides its value; the rest does not matter to a reader of configurations. ``E`` marks
what the usual builds have built in (the core and the plugins of ``buildconf/base.ini``)."""

# fmt: off
_EMBEDDED = frozenset((
    "python", "gevent", "ping", "cache", "nagios", "rrdtool", "carbon", "rpc",
    "corerouter", "fastrouter", "http", "ugreen", "signal", "syslog", "rsyslog", "logsocket",
    "zergpool", "redislog", "mongodblog", "logfile", "rawrouter", "sslrouter", "spooler", "cheaper_busyness",
    "symcall",
))
# fmt: on

_SCALARS = frozenset({"bool", "not", "int", "rawint", "int64", "int16", "megabytes", "str", "umask", "chmod"})

_ONE_SETTING = frozenset({"pythonpath", "load_plugin", "check_static"})
"""Setters of lists that are one setting whatever the option is called and although they name no variable."""


class Entry:
    """One line of an option table."""

    def __init__(self, fields: list[str], embedded: bool) -> None:
        self.name = fields[0].strip('"')
        self.argument = {"no_argument": "no", "optional_argument": "optional"}.get(fields[1], "required")
        self.short = fields[2].strip("'") if fields[2].startswith("'") else ""
        self.setter = fields[4].removeprefix("uwsgi_opt_")
        self.data = re.sub(r"\(void \*\)|\s", "", fields[5])
        flags = (_FLAGS.get(name, "") for name in re.findall(r"UWSGI_OPT_(\w+)", "".join(fields[6:])))
        self.flags = "".join(sorted({*flags, "E" if embedded else ""}))
        self.kind = _KINDS.get(self.setter, "list")

    @property
    def variable(self) -> str:
        """What two names of one setting have in common; "" for what is shared by unrelated options."""
        if self.setter == "load":  # include acts while it is read, inherit in the end
            return ""
        if self.kind in ("socket", "logic", "load", "noop", "set"):
            return f"{self.setter} {self.data}"
        if self.kind in _SCALARS:
            return self.data if self.data.startswith("&") else f"{self.setter} {self.data}"
        shared = self.setter in _ONE_SETTING or (self.data.startswith("&") and self.setter.startswith("add_"))
        return f"{self.setter} {self.data}" if shared else ""


def sources(archive: Path) -> Iterator[tuple[str, str]]:
    """The paths and texts that hold option tables, the core's first."""
    texts: list[tuple[int, str, str]] = []
    with tarfile.open(archive) as tar:
        for member in tar:
            path = member.name.partition("/")[2]
            if member.isfile() and path.endswith(_SOURCES) and path.startswith(("core/", "plugins/")):
                stream = tar.extractfile(member)
                text = stream.read().decode("utf-8", "replace") if stream else ""
                rank = next((rank for rank, start in enumerate(_ORDER) if path.startswith(start)), len(_ORDER))
                if _TABLE.search(text):
                    texts.append((rank, path, text))
    return ((path, text) for _, path, text in sorted(texts))


def entries(path: str, text: str) -> Iterator[Entry]:
    """The entries of every option table in a C source."""
    embedded = path.startswith("core/") or path.split("/")[1] in _EMBEDDED
    for table in _TABLE.finditer(text):
        for fields in _rows(_COMMENT.sub("", text[table.end() :])):
            if fields[0].startswith('"') and len(fields) >= 6:  # the flags may be left out
                yield Entry(fields, embedded)


def _rows(text: str) -> Iterator[list[str]]:
    fields: list[str] = []
    inside = False
    for token in _TOKEN.findall(text):
        if token == "{":
            inside, fields = True, [""]
        elif token == "}":
            if not inside:
                return
            inside = False
            yield [field.strip() for field in fields]
        elif inside and token[0] in "\"'":
            fields[-1] = fields[-1].strip() + token
        elif inside:
            first, *others = token.split(",")
            fields[-1] += first
            fields.extend(others)


def table(archive: Path) -> dict[str, Entry]:
    """Every option of an archive; of two with one name the core's, then the more usual plugin's, counts."""
    found: dict[str, Entry] = {}
    for path, text in sources(archive):
        for entry in entries(path, text):
            found.setdefault(entry.name, entry)
    return found


def canonical_names(options: dict[str, Entry]) -> dict[str, str]:
    """The name under which a setting goes: of the options that set one variable, the one that is listed first and
    sets it as it is meant (``bool`` before ``not``)."""
    groups: dict[str, list[Entry]] = {}
    for entry in options.values():
        groups.setdefault(entry.variable or entry.name, []).append(entry)
    names = {}
    for members in groups.values():
        first = min(members, key=lambda entry: entry.kind == "not")
        names.update({entry.name: first.name for entry in members})
    return names


def version_of(archive: Path) -> str:
    found = re.search(r"-(\d+(?:\.\d+)*)", archive.name)
    return found.group(1) if found else "0"


def document(archives: list[Path]) -> dict[str, object]:
    """``name: [kind, canonical name or "", argument, flags, since]`` with empty tail fields left out."""
    options = table(archives[-1])
    names = canonical_names(options)
    since = dict.fromkeys(options, "")
    short: dict[str, str] = {}
    for entry in options.values():
        if entry.short:
            short.setdefault(entry.short, entry.name)
    earlier = [(version_of(archive), set(table(archive))) for archive in archives]
    for name in options:
        known = [version for version, present in earlier if name in present]
        since[name] = "" if known[0] == earlier[0][0] else known[0]
    rows = {}
    for name, entry in sorted(options.items()):
        canonical = "" if names[name] == name else names[name]
        row = [entry.kind, canonical, entry.argument[0], entry.flags, since[name]]
        while row and not row[-1]:
            row.pop()
        rows[name] = row
    gone = sorted({name for _, present in earlier for name in present} - set(options))
    versions = {"version": version_of(archives[-1]), "oldest": version_of(archives[0])}
    return {**versions, "gone": gone, "short": dict(sorted(short.items())), "options": rows}


def written(content: dict[str, object]) -> str:
    """The document with one option a line, for readable differences."""
    options = content.pop("options")
    assert isinstance(options, dict)
    lines = [f"  {json.dumps(name)}: {json.dumps(row)}" for name, row in options.items()]
    head = json.dumps(content)[:-1]
    return head + ', "options": {\n' + ",\n".join(lines) + "\n}}\n"


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.stdout.write(written(document([Path(argument) for argument in sys.argv[1:]])))
