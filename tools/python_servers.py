"""Write ``cfgcheck/data/<server>.json`` for uvicorn, hypercorn, daphne, granian, waitress and FastAPI's command: the
options of each version, as their own command line parsers have them.

``python tools/python_servers.py FOLDER`` where ``FOLDER/<server>-<version>`` holds each version
(``pip install --no-deps --target FOLDER/uvicorn-0.54.0 uvicorn==0.54.0`` …, ``fastapi-<version>`` being fastapi-cli)
and ``FOLDER/deps`` what they import. Each is looked at in a process of its own; cfgcheck reads the tables only.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

DATA = Path(__file__).resolve().parent.parent / "cfgcheck" / "data"
SERVERS = ("uvicorn", "hypercorn", "daphne", "granian", "waitress", "fastapi")

PROBE = r"""
import enum, json, os, sys

def plain(value):
    if isinstance(value, enum.Enum):
        return value.value
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(each) for each in value]
    return None

def of_click(command):
    rows = {}
    for each in command.params:
        if not hasattr(each, "is_flag"):
            continue
        row = {"flags": list(each.opts)}
        if each.secondary_opts:
            row["off"] = list(each.secondary_opts)
        kind = type(each.type).__name__
        if each.is_flag:
            row["kind"] = "switch"
        elif getattr(each.type, "choices", None):
            row["kind"] = "choice"
            row["choices"] = [plain(choice) for choice in each.type.choices]
        elif kind == "Duration":
            row["kind"] = "duration"
        elif kind == "OctalIntType":
            row["kind"] = "octal"
        elif kind in ("IntRange", "IntParamType"):
            row["kind"] = "int"
        elif kind in ("FloatParamType", "FloatRange"):
            row["kind"] = "float"
        elif kind == "BoolParamType":
            row["kind"] = "bool"
        else:
            row["kind"] = "text"
        for bound in ("min", "max"):
            if getattr(each.type, bound, None) is not None:
                row[bound] = getattr(each.type, bound)
        if each.multiple:
            row["many"] = True
        if not each.expose_value or each.name in ("version", "help"):
            row["exits"] = True
        default = each.default
        if callable(default) or type(default).__name__ == "Sentinel" or "UNSET" in repr(default):
            default = None
        row["default"] = () if each.multiple and not default else plain(default)
        variables = [each.envvar] if isinstance(each.envvar, str) else list(each.envvar or ())
        if variables:
            row["variable"] = variables[0]
        rows[each.name] = row
    return rows

def of_argparse(parser, rename={}, defaults=lambda name, value: value):
    rows = {}
    for action in parser._actions:
        if not action.option_strings or action.dest == "help":
            continue
        name = rename.get(action.dest, action.dest)
        kind = type(action).__name__
        row = {"flags": list(action.option_strings)}
        if kind in ("_StoreTrueAction", "_StoreConstAction"):
            row["kind"] = "switch"
            if action.const is not True:
                rows[name].setdefault("consts", {})[action.option_strings[0]] = action.const
                continue
        else:
            given = getattr(action.type, "__name__", "str")
            row["kind"] = {"int": "int", "float": "float"}.get(given, "text")
        if action.choices:
            row["kind"], row["choices"] = "choice", list(action.choices)
        if kind == "_AppendAction":
            row["many"] = True
        row["default"] = plain(defaults(name, action.default))
        rows[name] = row
    return rows

def uvicorn():
    from uvicorn.main import main
    rows = of_click(main)
    rows["*"] = {"prefix": (main.context_settings or {}).get("auto_envvar_prefix") or ""}
    os.environ.pop("FORWARDED_ALLOW_IPS", None)
    from uvicorn.config import Config
    config = Config(app="x:y")
    rows["forwarded_allow_ips"]["default"] = plain(config.forwarded_allow_ips)
    rows["workers"]["default"] = config.workers
    return rows

def hypercorn():
    import argparse
    from hypercorn.config import Config
    class Done(Exception):
        pass
    def stop(self, *arguments, **named):
        raise Done(self)
    argparse.ArgumentParser.parse_args = stop
    from hypercorn.__main__ import main
    try:
        main(["x:y"])
    except Done as caught:
        parser = caught.args[0]
    rename = {
        "access_log": "accesslog", "access_logfile": "accesslog", "access_logformat": "access_log_format",
        "error_log": "errorlog", "error_logfile": "errorlog", "binds": "bind", "insecure_binds": "insecure_bind",
        "quic_binds": "quic_bind", "keep_alive": "keep_alive_timeout", "log_config": "logconfig",
        "log_level": "loglevel", "pid": "pid_path", "reload": "use_reloader", "cert_reqs": "verify_mode",
    }
    config = Config()
    def default(name, value):
        return getattr(config, name, None) if name not in ("errorlog", "accesslog") else getattr(Config, name, None)
    merged = {}
    for action in list(parser._actions):
        name = rename.get(action.dest, action.dest)
        if name in merged and action.option_strings:
            if merged[name].type is not action.type:
                merged[name].type = None
            merged[name].option_strings = [*merged[name].option_strings, *action.option_strings]
            parser._actions.remove(action)
        merged.setdefault(name, action)
    rows = of_argparse(parser, rename, default)
    for name in ("keep_alive_max_requests", "h11_max_incomplete_size", "shutdown_timeout", "startup_timeout",
                 "h2_max_header_list_size", "websocket_max_message_size"):
        if hasattr(Config, name):
            rows[name] = {"flags": [], "kind": "int", "default": plain(getattr(Config, name))}
    return rows

def daphne():
    from daphne.cli import CommandLineInterface
    return of_argparse(CommandLineInterface().parser)

def granian():
    import granian.cli as module
    command = module.cli
    if not hasattr(command, "params"):
        import typer
        command = typer.main.get_command(command)
    return {**of_click(command), "*": {"prefix": "GRANIAN"}}

def waitress():
    from waitress.adjustments import Adjustments, asbool, asoctal, asset
    rows = {}
    for name, cast in Adjustments._params:
        flag = name.replace("_", "-")
        row = {"flags": ["--" + flag], "kind": {asbool: "switch", asoctal: "octal", int: "int"}.get(cast, "text")}
        if cast is asbool:
            row["off"] = ["--no-" + flag]
        if cast is asset:
            row["kind"] = "words"
        if name == "listen":
            row["many"] = True
        row["default"] = plain(getattr(Adjustments, name, None))
        if name in ("sockets", "socket_options"):
            continue
        if name == "trusted_proxy_headers":
            row["default"] = []
        rows[name] = row
    rows["call"] = {"flags": ["--call"], "kind": "switch", "default": False}
    try:
        from waitress import runner
        import inspect
        if '"app=' in inspect.getsource(Adjustments.parse_args):
            rows["app"] = {"flags": ["--app"], "kind": "text", "default": None}
    except Exception:
        pass
    return rows

def fastapi():
    import typer
    from fastapi_cli.cli import app
    command = typer.main.get_command(app)
    run, dev = command.commands["run"], command.commands["dev"]
    rows = of_click(run)
    rows = {name: row for name, row in rows.items() if row["flags"] != ["--help"]}
    for name, row in of_click(dev).items():
        if name in rows:
            rows[name]["dev"] = row["default"]
        elif row["flags"] != ["--help"]:
            rows[name] = {**row, "only": "dev"}
    return rows

rows = globals()[sys.argv[1]]()
for row in rows.values():
    if row.get("flags") == ["--version"]:
        row["exits"] = True
print("\n" + json.dumps(rows))
"""


def probe(server: str, package: Path, dependencies: Path) -> dict[str, Any]:
    """What one version says of its options."""
    environment = {"PYTHONPATH": f"{package}:{dependencies}", "PATH": os.environ["PATH"], "HOME": str(package)}
    command = [sys.executable, "-W", "ignore", "-c", PROBE, server]
    result = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=environment, cwd=package)
    answer: dict[str, Any] = json.loads(result.stdout.splitlines()[-1])
    return answer


def ranges(seen: dict[str, Any]) -> list[dict[str, Any]]:
    """What is seen in each version (None: nothing) as rows with ``from`` and ``to``, the last version of each."""
    made: list[dict[str, Any]] = []
    previous: Any = None
    for version, row in seen.items():
        if row is not None and row == previous:
            made[-1]["to"] = version
        elif row is not None:
            made.append({"from": version, "to": version, **row})
        previous = row
    return made


def order(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def build(folder: Path, server: str) -> dict[str, Any]:
    prefix = f"{server}-"
    versions = sorted((path.name[len(prefix) :] for path in folder.glob(f"{prefix}*")), key=order)
    answers = {version: probe(server, folder / f"{prefix}{version}", folder / "deps") for version in versions}
    names = sorted({name for answer in answers.values() for name in answer})
    rows = {name: ranges({version: answers[version].get(name) for version in versions}) for name in names}
    prefixes = rows.pop("*", [])
    return {"versions": versions, "variables": prefixes, "settings": rows}


def lines(table: dict[str, Any]) -> str:
    """One line an entry, so that a difference can be read."""
    rows = ",\n".join(f"{json.dumps(name)}:{json.dumps(row, separators=(',', ':'))}" for name, row in table.items())
    return f"{{\n{rows}\n}}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder.resolve()
    for server in SERVERS:
        table = build(folder, server)
        head = f'{{"versions":{json.dumps(table["versions"])},\n"variables":{json.dumps(table["variables"])},\n'
        text = f'{head}"settings":{lines(table["settings"])}}}\n'
        (DATA / f"{server}.json").write_text(text, encoding="utf-8")
        print(f"{server}.json: {len(table['settings'])} settings of {len(table['versions'])} versions")


if __name__ == "__main__":
    main()
