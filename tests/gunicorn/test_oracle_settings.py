"""Effective settings are those of the real Gunicorn, on generated configurations, command lines and environments."""

from __future__ import annotations

import ast
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cfgcheck.model.app import App
from tests.gunicorn import build, strategies
from tests.gunicorn.oracle import Oracle, asking, package_of, search_path
from tests.profiles import oracle_examples
from tools.gunicorn_versions import VERSIONS

pytestmark = pytest.mark.oracle

_BOUNDED = settings(max_examples=oracle_examples(), deadline=None)


@pytest.fixture(scope="module", params=VERSIONS)
def oracle(request: pytest.FixtureRequest) -> Iterator[Oracle]:
    with asking(request.param) as asked:
        yield asked


def _plain(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return {str(key): _plain(each) for key, each in value.items()} if isinstance(value, dict) else value


def _ours(version: str, config: str | None, words: Sequence[str], variables: dict[str, str]) -> App:
    known = build.environment(variables, complete=True)
    return build.app(shlex.join(["gunicorn", *words]), config, version, known)


def _later(app: App) -> set[str]:
    """Problems that Gunicorn finds only when it opens its sockets or loads its worker class."""
    return {use.problem for use in app.uses if use.problem and use.value.known}


def _compare(oracle: Oracle, config: str | None, words: Sequence[str], variables: dict[str, str]) -> None:
    app, real = _ours(oracle.text, config, words, variables), oracle.ask(config, words, variables)
    problems = {use.problem for use in app.uses if use.problem} - _later(app)
    failed = [each.because for each in app.settings.values() if each.because.startswith("Gunicorn refuses")]
    if "refused" in real:
        assert problems or failed, f"Gunicorn refuses: {real['refused']}"
        return
    assert not problems and not failed, f"Gunicorn takes what is called wrong: {problems or failed}"
    for name, value in real.items():
        if name in strategies.MACHINE:
            continue
        ours = app.settings[name]
        assert ours.known, f"{name} is {value!r}, and unknown here: {ours.because}"
        assert _plain(ours.value) == value, name


@_BOUNDED
@given(st.data())
def test_config_files(oracle: Oracle, data: st.DataObject) -> None:
    config, variables = data.draw(strategies.configs(oracle.version))
    _compare(oracle, config, ["app:app"], variables)


@_BOUNDED
@given(st.data())
def test_command_lines(oracle: Oracle, data: st.DataObject) -> None:
    _compare(oracle, None, data.draw(strategies.arguments(oracle.version)), {})


@_BOUNDED
@given(st.data())
def test_precedence(oracle: Oracle, data: st.DataObject) -> None:
    config, variables = data.draw(strategies.configs(oracle.version))
    words = data.draw(strategies.arguments(oracle.version))
    own = data.draw(strategies.environments(oracle.version))
    _compare(oracle, config, words, {**variables, **own})


# `-= ` is a positional argument for argparse before Python 3.12, and an ambiguous option since.
_TEXTS = st.text("-bwt=\\'\" 4:.x", max_size=20).filter(lambda text: not re.search(r"-['\"\\]*=", text))


@_BOUNDED
@given(_TEXTS)
def test_the_arguments_variable_is_split_as_shlex_does(oracle: Oracle, text: str) -> None:
    _compare(oracle, None, ["app:app"], {"GUNICORN_CMD_ARGS": text})


PRINTED = [
    ("workers = 3\nbind = ['127.0.0.1:9000', 'unix:/tmp/x.sock']\ntimeout = 60\n", ["-w", "5", "app:app"], {}),
    ("", ["--bind=:9000", "-kgthread", "--threads", "4", "app:app"], {"WEB_CONCURRENCY": "2"}),
    ("from os import environ\nkeepalive = int(environ['KA'])\n", ["app:app"], {"KA": "75", "PORT": "8080"}),
    ("umask = 0o007\nloglevel = 'debug'\n", ["app:app"], {"GUNICORN_CMD_ARGS": "--umask 022 --log-level error"}),
]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(("config", "words", "variables"), PRINTED)
def test_print_config_itself(
    tmp_path: Path, config: str, words: list[str], variables: dict[str, str], version: str
) -> None:
    """The command that people use to see their settings says the same."""
    (tmp_path / "gunicorn.conf.py").write_text(config)
    (tmp_path / "app.py").write_text("def app(environ, start_response): ...\n")
    command = [sys.executable, "-W", "ignore", "-m", "gunicorn", "--print-config", *words]
    search = search_path(package_of(version))
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": search, **variables}
    result = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    printed = dict(line.split(" = ", 1) for line in result.stdout.splitlines() if " = " in line)
    app = _ours(version, config, words, variables)
    compared = 0
    for name in ("bind", "workers", "threads", "worker_class", "timeout", "keepalive", "umask", "loglevel"):
        text = printed[next(key for key in printed if key.strip() == name)]
        value = text if name in ("worker_class", "loglevel") else ast.literal_eval(text)
        assert _plain(app.settings[name].value) == value, name
        compared += 1
    assert compared == 8
