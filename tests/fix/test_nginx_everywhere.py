"""Statements written into every block of every nginx file at hand: each stays readable, says what it is to say, and
keeps all its other characters. Public repositories are among them where they are at hand (CFGCHECK_CORPUS)."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from cfgcheck.app import Input, load
from cfgcheck.findings import Edit
from cfgcheck.fix.editing import CannotFix
from cfgcheck.fix.nginx import edits_of_statement
from cfgcheck.fix.removal import edits_of_removal
from cfgcheck.model.nginx import Location, Proxy, Server, Upstream
from cfgcheck.model.stack import Stack
from cfgcheck.rules.changes import Block, Statement
from cfgcheck.settings import load_settings
from cfgcheck.source.edits import Piece, applied
from cfgcheck.source.file import SourceFile, Span
from cfgcheck.syntax.nginx_parse import parse
from cfgcheck.syntax.nginx_tokens import tokenize
from tests.fix.editing import texts

ROOT = Path(__file__).parents[2]
CORPUS = Path(os.environ.get("CFGCHECK_CORPUS", ROOT.parent / "shared" / "corpus"))
OURS = [*(ROOT / "fixtures" / "clean").iterdir(), *(ROOT / "fixtures" / "deployments").iterdir()]
FOLDERS = sorted(path for path in [*OURS, *(CORPUS.iterdir() if CORPUS.is_dir() else ())] if path.is_dir())

TIMEOUT = "proxy_read_timeout 1234s"
HEADER = 'proxy_set_header X-Probe "a b"'
IDLE = "keepalive_timeout 1234s"
_VALUE = re.compile(r"\d+\w*")
"""What of a file may go: the value that was set before."""


class Where(NamedTuple):
    """A block by its place in what was loaded, so that it is found again in what is loaded afterwards."""

    stack: int
    proxy: int
    kind: str
    key: Any

    def find(self, stacks: list[Stack]) -> Block:
        proxy = stacks[self.stack].proxies[self.proxy]
        if self.kind == "upstream":
            return proxy.upstreams[self.key]
        found: list[Any] = [proxy, *proxy.servers, *proxy.locations()]
        block: Block = found[self.key]
        return block


def blocks(stacks: list[Stack]) -> Iterator[tuple[Where, Block]]:
    for at, stack in enumerate(stacks):
        for number, proxy in enumerate(stack.proxies):
            if not proxy.ingress:
                found: list[Block] = [proxy, *proxy.servers, *proxy.locations()]
                yield from ((Where(at, number, "", key), block) for key, block in enumerate(found))
                named = [(name, one) for name, one in proxy.upstreams.items() if not one.implicit]
                yield from ((Where(at, number, "upstream", name), one) for name, one in named)


def wanted(block: Block) -> list[Statement]:
    if isinstance(block, Upstream):
        return [Statement(block, IDLE)]
    return [Statement(block, TIMEOUT), Statement(block, HEADER, beside=True)]


def says(block: Block, statement: str) -> bool:
    if isinstance(block, Upstream):
        return bool(block.keepalive_timeout.get(0) == 1234)
    if isinstance(block, Proxy):
        return True
    assert isinstance(block, (Server, Location))
    if statement == TIMEOUT:
        return bool(block.scope.setting("proxy_read_timeout").get(0) == 1234)
    return any(header.key == "x-probe" and header.value == "a b" for header in block.scope.headers("proxy"))


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_statements_everywhere(folder: Path) -> None:
    disk, stacks = load(Input((folder,)), load_settings(folder))
    edits: list[Edit] = []
    done: list[tuple[Where, str]] = []
    for where, block in blocks(stacks):
        for statement in wanted(block):
            try:
                found = edits_of_statement(statement)
            except CannotFix:
                continue
            if not any(edit.span.file.path.startswith("<") for edit in found):
                edits += found
                done.append((where, statement.text))
    assert all(not edit.span.text or _VALUE.fullmatch(edit.span.text) for edit in edits)
    changed = texts(edits)
    for edit in edits:
        path, before = edit.span.file.path, edit.span.file.whole.text
        if not path.endswith((".yaml", ".yml")):
            assert len(parse(SourceFile(path, changed[path])).problems) <= len(parse(SourceFile(path, before)).problems)
    _, again = load(
        Input((folder,)), load_settings(folder), {disk.absolute(path).resolve(): changed[path] for path in changed}
    )
    missing = [(where, text) for where, text in done if not says(where.find(again), text)]
    assert not missing


def nginx_files() -> list[Any]:
    found = []
    for folder in OURS:
        _, stacks = load(Input((folder,)), load_settings(folder))
        files = {file.path: file for stack in stacks for proxy in stack.proxies for file in proxy.files}
        found += [
            pytest.param(file, id=f"{folder.name}-{path}")
            for path, file in files.items()
            if file.whole is file and not path.startswith("<") and not path.endswith((".yaml", ".yml"))
        ]
    return found


@pytest.mark.parametrize("file", nginx_files())
def test_each_statement_taken_out(file: SourceFile) -> None:
    """What is left are the tokens of all others, and the comments on lines of their own."""
    tree = parse(file)
    for one in tree.walk():
        if one.templated or tree.template is not None:
            continue
        edits = edits_of_removal(Span(file, one.name.start, one.name.end))
        assert len(edits) == 1
        edit = edits[0]
        left = applied(file.text, [Piece(edit.span.start, edit.span.end, "")])
        gone = SourceFile(file.path, file.text[: one.name.start] + file.text[one.end :])
        assert words(left) == words(gone.text)
        assert not edit.span.text.strip().startswith("#")


def words(text: str) -> list[str]:
    return [word for _, _, word in tokenize(text) if not word.startswith("#")]
