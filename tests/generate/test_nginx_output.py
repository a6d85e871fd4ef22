"""nginx's files: nothing in a spec can add a directive, nginx accepts them, and people can read them."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
import trustme
from hypothesis import given, settings
from hypothesis import strategies as st

from cfgcheck import resources
from cfgcheck.generate.escapes import UnwritableError
from cfgcheck.generate.nginx_text import statement, word
from cfgcheck.generate.plan import Block, Plan, Server, Statement, plan
from cfgcheck.generate.render import render
from cfgcheck.generate.spec import Spec
from cfgcheck.source.file import SourceFile
from cfgcheck.syntax.nginx_parse import parse
from tests.generate.generated import tried
from tests.generate.odd_texts import texts
from tests.generate.strategies import specs
from tests.live.servers import nginxes
from tests.profiles import examples

Tree = list[tuple[object, ...]]

# ── quoting ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@settings(max_examples=examples(150))
@given(st.lists(texts, max_size=4), st.sampled_from(["", "    "]))
def test_arguments_are_read_back_as_they_were_meant(words: list[str], indent: str) -> None:
    try:
        text = statement(Statement("try_files", tuple(words), "why"), indent)
    except UnwritableError:
        assert any(mark in one for one in words for mark in ("{{", "{%", "{#", "<%", "\x7f"))
        return
    tree = parse(SourceFile("nginx.conf", f"{text}\nend;\n"), None)
    assert not tree.problems
    assert [(one.key, one.values) for one in tree.directives] == [("try_files", words), ("end", [])]


@pytest.mark.parametrize("text", ["a\nb", "\x00", "\x1f", "\x7f", "\ud800", "{{ shop }}", "{% if %}", "<%= x %>"])
def test_what_nginx_can_not_be_told_is_refused(text: str) -> None:
    with pytest.raises(UnwritableError):
        word(text)


@pytest.mark.parametrize(
    ("text", "written"),
    [("80", "80"), ("", '""'), ("a b", '"a b"'), ('a"b', "'a\"b'"), ("a\\", '"a\\\\"'), ("#", '"#"'), ("x;", '"x;"')],
)
def test_quotes_stand_only_where_they_are_needed(text: str, written: str) -> None:
    assert word(text) == written


# ── injection ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _statements(some: Iterable[Statement]) -> Tree:
    return [(one.name, *one.words) for one in some]


def _block(block: Block) -> tuple[object, ...]:
    return (block.name, *block.words, _statements(block.statements))


def _server(server: Server) -> tuple[object, ...]:
    own = [one for group in server.groups for one in group.statements]
    return ("server", [*_statements(own), *map(_block, server.locations)])


def _main(made: Plan) -> Tree:
    nginx = made.nginx
    http = [
        *_statements(one for group in nginx.http for one in group.statements),
        *map(_block, nginx.blocks),
        *map(_server, nginx.servers),
        ("include", "conf.d/*.conf"),
    ]
    main = _statements(one for group in nginx.main for one in group.statements)
    return [*main, ("events", _statements(nginx.events)), ("http", http)]


def _read(text: str) -> Tree:
    tree = parse(SourceFile("nginx.conf", text), None)
    assert not tree.problems
    return list(_of(tree.directives))


def _of(directives: Iterable[object]) -> Iterator[tuple[object, ...]]:
    for one in directives:
        below = [] if one.block is None else [list(_of(one.block))]  # type: ignore[attr-defined]
        yield (one.key, *one.values, *below)  # type: ignore[attr-defined]


@tried(15)
@given(specs())
def test_files_hold_what_was_planned_and_nothing_else(spec: Spec) -> None:
    try:
        made = plan(spec)
        files = render(made)
    except UnwritableError:
        return
    tidy(files)
    assert _read(files["nginx/nginx.conf"]) == _main(made)
    for service in made.services:
        upstream = [_block(service.upstream)] if service.upstream else []
        planned = [*upstream, *map(_server, service.servers)]
        assert _read(files[f"nginx/conf.d/{service.name}.conf"]) == planned


def tidy(files: dict[str, str]) -> None:
    assert list(files) == sorted(files)
    for path, text in files.items():
        assert text.endswith("\n") and not text.endswith("\n\n"), path
        assert "\n\n\n" not in text, path
        if path.startswith("nginx/"):
            assert all(line == line.rstrip() for line in text.splitlines()), path


# ── real servers ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """With names that need quotes."""
    folder = tmp_path_factory.mktemp("certificates")
    made = trustme.CA().issue_cert("shop.example.com")
    chain, key = folder / "chain 'x\".pem", folder / "key;{}#.pem"
    chain.write_bytes(b"".join(one.bytes() for one in made.cert_chain_pems))
    made.private_key_pem.write_to_path(key)
    return {"certificate": str(chain), "key": str(key)}


def usable(spec: Spec, version: str, certificates: dict[str, str]) -> Spec:
    """The spec for a version of nginx and for this machine: certificates and a user that are there."""
    written = spec.model_dump(by_alias=True, exclude_none=True)
    written["versions"]["nginx"] = version
    written["nginx"]["user"] = "daemon"  # a user with a group of the same name, which nginx wants
    for service in written["services"].values():
        if "tls" in service:
            service["tls"].update(certificates)
    return Spec.model_validate(written)


def accepted(program: str, files: dict[str, str], folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    for path, text in files.items():
        if path.startswith("nginx/"):
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            here = text.replace("/var/log/nginx/", f"{folder}/").replace("/run/nginx.pid", f"{folder}/nginx.pid")
            (folder / path).write_text(here if os.geteuid() == 0 else here.replace("\nuser daemon;", ""))
    for stock in ("mime.types", "uwsgi_params"):
        shutil.copy(resources.data("nginx") / stock, folder / "nginx" / stock)
    command = [program, "-t", "-p", str(folder), "-c", str(folder / "nginx/nginx.conf")]
    told = subprocess.run(command, capture_output=True, text=True)
    assert told.returncode == 0, told.stderr
    assert not [line for line in told.stderr.splitlines() if "[warn]" in line or "[emerg]" in line], told.stderr


@pytest.mark.oracle
@pytest.mark.parametrize("version", list(nginxes()))
def test_nginx_accepts_it(version: str, certificates: dict[str, str], tmp_path: Path) -> None:
    @tried(25)
    @given(specs())
    def run(spec: Spec) -> None:
        try:
            files = render(plan(usable(spec, version, certificates)))
        except UnwritableError:
            return
        accepted(nginxes()[version], files, tmp_path / "nginx")

    run()
