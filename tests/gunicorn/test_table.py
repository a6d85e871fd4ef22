"""The table of settings is that of the packages."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import gunicorn
import pytest
from gunicorn.config import Config

from cfgcheck.load.gunicorn_table import availability, names_of_flags, options_of, rows_of, table
from cfgcheck.load.gunicorn_values import CHECKS
from cfgcheck.model.version import Version
from tools.gunicorn_settings import settings_of

INSTALLED = Version.parse(gunicorn.__version__)


@pytest.mark.oracle
def test_the_installed_version_is_as_the_table_has_it(tmp_path: Path) -> None:
    """Generate and compare: the table's newest rows against the package that the tests run with."""
    assert table().versions[-1] == INSTALLED, "tools/gunicorn_settings.py must be run for the new version"
    package = Path(gunicorn.__file__).parent.parent
    fresh = settings_of(package, package, tmp_path)
    rows = rows_of(INSTALLED)
    assert set(fresh["settings"]) == set(rows)
    for name, seen in fresh["settings"].items():
        row = rows[name]
        assert row.check == seen["check"], name
        assert row.flags == tuple(seen.get("cli", ())), name
        assert row.default == seen.get("default"), name
        assert (row.variable, row.machine, row.hook) == (
            seen.get("variable", ""),
            seen.get("machine", False),
            seen.get("hook", False),
        ), name


@pytest.mark.oracle
def test_options_are_those_of_its_parser() -> None:
    parser = Config().parser()
    flags = {flag for action in parser._actions for flag in action.option_strings}
    assert flags - {"-h", "--help", "-v", "--version"} == set(options_of(INSTALLED))
    for action in parser._actions:
        if action.option_strings and not isinstance(action, (argparse._HelpAction, argparse._VersionAction)):
            row = options_of(INSTALLED)[action.option_strings[0]]
            assert row.name == action.dest
            assert row.takes_value == (action.nargs is None or action.nargs == "?")


def test_every_validator_is_known() -> None:
    checks = {row.check for rows in table().settings.values() for row in rows if not row.hook}
    assert checks <= CHECKS


def test_versions_in_between_and_beyond() -> None:
    known = table()
    assert known.nearest(Version(25, 0, 9)) == Version(25, 0, 3)
    assert known.nearest(Version(19, 9)) == known.versions[0]
    assert known.nearest(Version(99)) == known.versions[-1]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("protocol", "new in 24.0"),
        ("tolerate_dangerous_framing", "only in 22.0"),
        ("django_settings", "gone since 19.9"),
        ("workers", ""),
        ("frobnicate", ""),
    ],
)
def test_availability(name: str, words: str) -> None:
    assert availability(name) == words


def test_names_that_only_the_command_line_knows() -> None:
    named = names_of_flags()
    assert named["keep_alive"] == "keepalive"
    assert named["log_file"] == "errorlog"
    assert named["log_level"] == "loglevel"
    assert named["access_logfile"] == "accesslog"
    assert "workers" not in named


def test_nothing_imports_gunicorn() -> None:
    """The tool works from its table: Gunicorn need not be installed, and is never run."""
    import subprocess

    code = "import sys, cfgcheck.load.gunicorn, cfgcheck.load.gunicorn_file; print('gunicorn' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "False"
