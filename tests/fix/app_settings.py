"""Apps in every carrier that is read, and what becomes of them when one setting is given another value."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from difflib import ndiff
from pathlib import Path
from typing import Any

from cfgcheck.app import Input, load
from cfgcheck.fix.app import edits_of_setting
from cfgcheck.model.app import App
from cfgcheck.rules.changes import Setting
from cfgcheck.settings import Settings
from cfgcheck.source.edits import Piece, applied, settled

Files = Mapping[str, str]
Words = Sequence[str]


def app_of(root: Path, files: Files, number: int = 0) -> App:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("utf-8", "surrogateescape"))
    _, stacks = load(Input((root,)), Settings())
    return stacks[0].apps[number]


def told(root: Path, files: Files, name: str, value: Any, number: int = 0) -> dict[str, str]:
    """The files once a setting has been given another value. Errors: CannotFix."""
    edits = edits_of_setting(Setting(app_of(root, files, number), name, value))
    pieces: dict[str, list[Piece]] = {}
    for edit in edits:
        assert edit.span.file.whole.text == files[edit.span.file.path]
        pieces.setdefault(edit.span.file.path, []).append(Piece(edit.span.start, edit.span.end, edit.text))
    return {path: applied(text, settled(pieces.get(path, ()))) for path, text in files.items()}


def changed(before: Files, after: Files) -> list[str]:
    """The lines that went and came."""
    lines = [line for path, text in before.items() for line in ndiff(text.split("\n"), after[path].split("\n"))]
    return [line[0] + line[2:] for line in lines if line[0] in "-+"]


# ── carriers of a command, made of words that no language needs quotes for ────────────────────────────────────────


def _compose(command: str) -> Files:
    return {"compose.yaml": f"services:\n  web:\n    image: shop\n    command:{command}\n    restart: always\n"}


def _dockerfile(command: str) -> Files:
    return {"Dockerfile": f"FROM python:3.12\nCMD {command}\nSTOPSIGNAL TERM\n"}


def _pod(lines: str) -> Files:
    head = (
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: shop\nspec:\n  containers:\n    - name: web\n      image: shop\n"
    )
    return {"shop.yaml": f"{head}{lines}      tty: false\n"}


def _items(words: Words, indent: str) -> str:
    return "".join(f"\n{indent}- {_yaml(word)}" for word in words)


def _yaml(word: str) -> str:
    return f'"{word}"' if word[:1].isdigit() else word


def _unit(command: str) -> Files:
    return {"shop.service": f"[Service]\nUser=shop\nExecStart=/srv/shop/bin/{command}\nRestart=always\n"}


CARRIERS: Mapping[str, Callable[[Words], Files]] = {
    "compose text": lambda words: _compose(f" {' '.join(words)}"),
    "compose quoted": lambda words: _compose(f' "{" ".join(words)}"'),
    "compose single": lambda words: _compose(f" '{' '.join(words)}'"),
    "compose folded": lambda words: _compose(" >-\n" + "\n".join(f"      {word}" for word in words)),
    "compose flow": lambda words: _compose(f" {json.dumps(list(words))}"),
    "compose plain flow": lambda words: _compose(f" [{', '.join(_yaml(word) for word in words)}]"),
    "compose block": lambda words: _compose(_items(words, "      ")),
    "compose same column": lambda words: _compose(_items(words, "    ")),
    "compose shell": lambda words: _compose(f' sh -c "true && exec {" ".join(words)}"'),
    "compose shell in list": lambda words: _compose(f' ["sh", "-c", "exec {" ".join(words)}"]'),
    "compose crlf": lambda words: {
        path: text.replace("\n", "\r\n") for path, text in _compose(_items(words, "      ")).items()
    },
    "Dockerfile list": lambda words: _dockerfile(json.dumps(list(words))),
    "Dockerfile shell": lambda words: _dockerfile("exec " + " \\\n    ".join(words)),
    "Dockerfile entrypoint": lambda words: {
        "Dockerfile": f"FROM python:3.12\nENTRYPOINT {json.dumps(list(words[:1]))}\nCMD {json.dumps(list(words[1:]))}\n"
    },
    "systemd": lambda words: _unit(" ".join(words)),
    "systemd continued": lambda words: _unit(" \\\n    ".join(words)),
    "supervisord": lambda words: {"shop.conf": f"[program:web]\ncommand={' '.join(words)}\nuser=shop\n"},
    "Procfile": lambda words: {"Procfile": f"web: {' '.join(words)}\nrelease: python manage.py migrate\n"},
    "script": lambda words: {"start.sh": "#!/bin/sh\nset -e\nexec " + " \\\n  ".join(words) + "\n"},
    "pod flow": lambda words: _pod(f"      args: [{', '.join(_yaml(word) for word in words)}]\n"),
    "pod block": lambda words: _pod(f"      args:{_items(words, '        ')}\n"),
    "pod parted": lambda words: _pod(
        f"      command: [{words[0]}]\n      args: [{', '.join(_yaml(word) for word in words[1:])}]\n"
    ),
}
