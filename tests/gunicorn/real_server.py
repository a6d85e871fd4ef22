"""Runs inside a process of its own: answers what the real Gunicorn makes of a configuration, one case a line.

It is never imported by the tests. Each case runs in a forked child, because Gunicorn reads the environment for its
defaults when it is imported.
"""

from __future__ import annotations

import io
import json
import os
import sys
from typing import Any

# What Gunicorn imports is imported once, before the forks; Gunicorn itself is not.
# ruff: noqa: E401, I001
import argparse, ast, contextlib, copy, email.utils, fcntl, grp, html, importlib.machinery, importlib.metadata, inspect  # noqa
import ipaddress, logging.config, pwd, random, select, shlex, signal, socket, ssl, textwrap, traceback, types  # noqa
import multiprocessing, pathlib, xml.sax.saxutils  # noqa

with contextlib.suppress(ImportError):  # what 20.1 imports, and what takes longest
    importlib.import_module("pkg_resources")


def plain(value: Any) -> Any:
    """A setting's value in the form that cfgcheck has it."""
    if callable(value) and not isinstance(value, type):
        return f"<{value.__name__}()>"
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    if isinstance(value, dict):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, bool) or value is None or isinstance(value, (str, float)):
        return value
    return int(value) if isinstance(value, int) else str(value)


def settings(case: dict[str, Any]) -> dict[str, Any]:
    """The settings that Gunicorn would run with, or why it refuses."""
    os.environ.clear()
    os.environ.update(case["environment"])
    os.chdir(case["folder"])
    sys.argv = ["gunicorn", *case["arguments"]]
    sys.stderr = sys.stdout = io.StringIO()
    sys.path.insert(0, case["folder"])
    try:
        from gunicorn.app.wsgiapp import WSGIApplication

        app = WSGIApplication("%(prog)s [OPTIONS] [APP_MODULE]", prog="gunicorn")
        return {name: plain(setting.value) for name, setting in app.cfg.settings.items()}
    except SystemExit as error:
        return {"refused": f"exit {error.code}: {sys.stderr.getvalue()[-500:]}"}
    except BaseException as error:
        return {"refused": f"{type(error).__name__}: {error}"}


def main() -> None:
    answers = os.fdopen(os.dup(1), "w")
    for line in sys.stdin:
        case = json.loads(line)
        child = os.fork()
        if child == 0:
            answer = settings(case)
            answers.write(json.dumps(answer) + "\n")
            answers.flush()
            os._exit(0)
        os.waitpid(child, 0)


if __name__ == "__main__":
    main()
