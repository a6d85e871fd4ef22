"""The table of options, and the tool that writes it."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from cfgcheck.load.uwsgi_options import options
from tools.uwsgi_options import document

_SOURCE = """
/* {"commented", no_argument, 0, "x", uwsgi_opt_true, &uwsgi.x, 0}, */
static struct uwsgi_option uwsgi_base_options[] = {
#ifdef SOME
    {"processes", required_argument, 'p', "number, of {workers}", uwsgi_opt_set_int, &uwsgi.numproc, 0},
#endif
    {"workers", required_argument, 'p', "the same", uwsgi_opt_set_int, &uwsgi.numproc, 0},
    // {"gone", no_argument, 0, "x", uwsgi_opt_true, &uwsgi.x, 0},
    {"quiet", no_argument, 'L', "x", uwsgi_opt_false, &uwsgi.log, UWSGI_OPT_MASTER | UWSGI_OPT_IMMEDIATE},
    {"short-row", optional_argument, 0, "x", uwsgi_opt_add_string_list, &uwsgi.list},
    {0, 0, 0, 0, 0, 0, 0}
};
"""


def _archive(folder: Path, version: str, source: str) -> Path:
    path = folder / f"uwsgi-{version}.tar.gz"
    data = source.encode()
    with tarfile.open(path, "w:gz") as tar:
        member = tarfile.TarInfo(f"uwsgi-{version}/core/uwsgi.c")
        member.size = len(data)
        tar.addfile(member, io.BytesIO(data))
    return path


def test_tool_reads_option_tables(tmp_path: Path) -> None:
    old = _archive(tmp_path, "2.0.1", _SOURCE.replace('{"workers"', '{"laborers"'))
    made = document([old, _archive(tmp_path, "2.0.2", _SOURCE)])
    assert (made["version"], made["oldest"], made["gone"]) == ("2.0.2", "2.0.1", ["laborers"])
    assert made["short"] == {"p": "processes", "L": "quiet"}
    assert made["options"] == {
        "processes": ["int", "", "r", "E"],
        "workers": ["int", "processes", "r", "E", "2.0.2"],
        "quiet": ["not", "", "n", "EIM"],
        "short-row": ["list", "", "o", "E"],
    }


def test_every_option_can_be_made() -> None:
    table = options()
    assert len(table) > 1200
    for name in table:
        option = table[name]
        assert option.canonical in table and table[option.canonical].canonical == option.canonical
        assert option.argument in ("no", "required", "optional")
    assert all(short in table for short in table.short.values())


@pytest.mark.parametrize(
    ("name", "kind", "canonical"),
    [
        ("workers", "int", "processes"), ("p", "", ""), ("buffer-size", "int16", "buffer-size"),
        ("venv", "str", "home"),
        ("http-socket", "socket", "http-socket"), ("disable-logging", "not", "disable-logging"), ("ini", "load", "ini"),
        ("py-autoreload", "int", "py-auto-reload"), ("reload-on-rss", "megabytes", "reload-on-rss"),
        ("plugin", "list", "plugins"), ("chmod", "chmod", "chmod-socket"), ("psgi", "str", "psgi"),
    ],
)  # fmt: skip
def test_known_rows(name: str, kind: str, canonical: str) -> None:
    table = options()
    assert table.canonical(name) == canonical
    if kind:
        assert table[name].kind == kind
