"""Write ``cfgcheck/data/gunicorn.json``: every setting of every Gunicorn from 20.0.4 on, as the packages have it.

``python tools/gunicorn_settings.py FOLDER`` where ``FOLDER/<version>`` holds each version
(``pip install --no-deps --target FOLDER/20.0.4 gunicorn==20.0.4`` …) and ``FOLDER/deps`` what they import.
Each is looked at in a process of its own. Only this generator touches the packages; cfgcheck reads the table.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

TARGET = Path(__file__).resolve().parent.parent / "cfgcheck" / "data" / "gunicorn.json"
VARIABLES = {"PORT": "61999", "WEB_CONCURRENCY": "61", "FORWARDED_ALLOW_IPS": "10.61.0.1", "SENDFILE": "no"}
"""Environment variables that Gunicorn's documentation names; which defaults they move is found by trying."""

PROBE = r"""
import json, os, sys
os.geteuid = lambda: int(sys.argv[1])
os.getegid = lambda: int(sys.argv[1])
from gunicorn import config, workers

def accepts(validator, value):
    try:
        validator(value)
    except Exception:
        return False
    return True

def kind(setting):
    name = setting.validator.__qualname__.split(".")[0].removeprefix("validate_")
    if name == "callable":
        return "callable:%s" % setting.validator.__closure__[0].cell_contents
    if name == "string_to_addr_list" and accepts(setting.validator, "10.0.0.0/8"):
        return "string_to_%snetwork_list" % ("loose_" if accepts(setting.validator, "10.0.0.1/8") else "")
    if name == "http_protocols" and accepts(setting.validator, "h3"):
        return "http_protocols_h3"
    if name == "ssl_version" and accepts(setting.validator, "no such version"):
        return "anything"
    return name

def row(setting):
    made = {"check": kind(setting)}
    if setting.cli:
        made["cli"] = list(setting.cli)
        if setting.action and setting.action != "store":
            made["action"] = setting.action
        elif setting.type:
            made["type"] = setting.type.__name__
        if setting.nargs is not None:
            made["nargs"] = setting.nargs
        if setting.const is not None:
            made["const"] = setting.const
    default = setting.value
    if callable(default):
        made["hook"] = True
    else:
        made["default"] = default
    return made

rows = {}
for name, setting in config.make_settings().items():
    rows[name] = row(setting)

def plain(value):
    # ssl constants; 24.1.0 keeps networks as objects, all others as text.
    return int(value) if isinstance(value, int) else str(value).removesuffix("/32").removesuffix("/128")

print(json.dumps({"settings": rows, "workers": workers.SUPPORTED_WORKERS}, default=plain))
"""


def probe(package: Path, dependencies: Path, home: Path, user: int, variables: dict[str, str]) -> dict[str, Any]:
    """What one version says of itself with these variables, home folder and user."""
    search = f"{package}:{dependencies}"
    environment = {"PYTHONPATH": search, "HOME": str(home), "PATH": os.environ["PATH"], **variables}
    command = [sys.executable, "-W", "ignore", "-c", PROBE, str(user)]
    home.mkdir(exist_ok=True)
    result = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=environment, cwd=home)
    answer: dict[str, Any] = json.loads(result.stdout)
    return answer


def settings_of(package: Path, dependencies: Path, scratch: Path) -> dict[str, Any]:
    """The settings of one version; where a default follows the machine or a variable, that is said instead."""
    plain = probe(package, dependencies, scratch / "one", 4001, {})
    elsewhere = probe(package, dependencies, scratch / "two", 4002, {})
    for name, row in plain["settings"].items():
        if row.get("default") != elsewhere["settings"][name].get("default"):
            row["machine"] = True
            row["default"] = None
    for variable, value in VARIABLES.items():
        changed = probe(package, dependencies, scratch / "one", 4001, {variable: value})["settings"]
        for name, row in plain["settings"].items():
            if "machine" not in row and row.get("default") != changed[name].get("default"):
                row["variable"] = variable
    return plain


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


def build(folder: Path) -> dict[str, Any]:
    versions = sorted((path.name for path in folder.iterdir() if path.name[0].isdigit()), key=order)
    answers = {name: settings_of(folder / name, folder / "deps", folder) for name in versions}
    settings = sorted({name for answer in answers.values() for name in answer["settings"]})
    workers = sorted({name for answer in answers.values() for name in answer["workers"]})

    def worker(version: str, name: str) -> dict[str, str] | None:
        path = answers[version]["workers"].get(name)
        return {"class": path} if path else None

    return {
        "versions": versions,
        "workers": {name: ranges({version: worker(version, name) for version in versions}) for name in workers},
        "settings": {
            name: ranges({version: answers[version]["settings"].get(name) for version in versions}) for name in settings
        },
    }


def lines(table: dict[str, Any]) -> str:
    """One line an entry, so that a difference can be read."""
    rows = ",\n".join(f"{json.dumps(name)}:{json.dumps(row, separators=(',', ':'))}" for name, row in table.items())
    return f"{{\n{rows}\n}}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    table = build(parser.parse_args().folder)
    text = f'{{"versions":{json.dumps(table["versions"])},\n"workers":{lines(table["workers"])},\n'
    TARGET.write_text(f'{text}"settings":{lines(table["settings"])}}}\n', encoding="utf-8")
    print(f"{TARGET.name}: {len(table['settings'])} settings of {len(table['versions'])} versions")


if __name__ == "__main__":
    main()
