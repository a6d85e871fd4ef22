"""What the words of a command say of the program: a server, one that only answers and ends, a Python script."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from cfgcheck.load.follow_wrappers import base_name
from cfgcheck.syntax.shell_word import Word

SERVERS = re.compile(
    r"(?:gunicorn|(?:py)?uwsgi|uvicorn|hypercorn|daphne|granian|waitress|nginx|openresty|supervisord)"
)
_PYTHON = re.compile(r"(?:python|pypy)[\d.]*\Z")
_ONCE = frozenset({"--version", "--help", "--check-config", "--print-config"})
_NGINX_ONCE = frozenset({"-t", "-T", "-v", "-V", "-s", "-h", "-?"})


def is_module(name: str, words: Sequence[Word]) -> bool:
    """``python -m gunicorn``."""
    if not _PYTHON.match(name):
        return False
    texts = [word.value or "" for word in words[:8]]
    modules = [module for flag, module in pairwise(texts) if flag.startswith("-") and flag.endswith("m")]
    return any(SERVERS.match(module) for module in modules)


def python(name: str, words: tuple[Word, ...]) -> str | None:
    """Why nobody sees what a Python program starts; "" when it starts nothing, None when it is none."""
    if name == "manage.py":
        words = words[:1] + words
    elif not _PYTHON.match(name):
        return None
    at = 1
    while at < len(words) and words[at].template.startswith("-"):
        if words[at].value == "-m":
            return None
        if words[at].value == "-c":
            return "what `python -c` starts can't be seen"
        at += 2 if words[at].value in ("-W", "-X") else 1
    if at >= len(words):
        return None
    path = words[at].template[:200]
    if base_name(path) == "manage.py":
        task = next((word.template[:60] for word in words[at + 1 :] if not word.template.startswith("-")), "")
        return f"what `manage.py {task}` serves can't be seen" if task.startswith(("run", "serve", "start")) else ""
    return f"what the Python script {path} starts can't be seen"


def runs_once(name: str, words: Sequence[Word]) -> bool:
    """Whether a server only says something and ends (``--version``, ``nginx -t``)."""
    texts = {word.template for word in words[1:]}
    return bool(texts & _ONCE) or (name in ("nginx", "openresty") and bool(texts & _NGINX_ONCE))
