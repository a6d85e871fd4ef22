"""The parts of a plan for nginx as text, with blank lines and indents where people expect them."""

from __future__ import annotations

from collections.abc import Iterable

from cfgcheck.generate.nginx_text import head, statement
from cfgcheck.generate.plan_records import Block, Group, Server, Statement


def statements(some: Iterable[Statement], indent: int) -> str:
    return "\n".join(statement(one, " " * indent) for one in some)


def groups(some: Iterable[Group], indent: int) -> str:
    """Groups, parted by blank lines."""
    return "\n\n".join(_title(one.title, indent) + statements(one.statements, indent) for one in some if one.statements)


def blocks(some: Iterable[Block], indent: int) -> str:
    """Blocks, parted by blank lines."""
    return "\n\n".join(_block(one, indent) for one in some)


def servers(some: Iterable[Server], indent: int) -> str:
    """Server blocks, parted by blank lines."""
    return "\n\n".join(_server(one, indent) for one in some)


def _block(block: Block, indent: int) -> str:
    before = " " * indent
    opening = f"{_title(block.title, indent)}{before}{head(block.name, block.words)} {{"
    return "\n".join([opening, statements(block.statements, indent + 4), f"{before}}}"])


def _server(server: Server, indent: int) -> str:
    before = " " * indent
    parts = [groups(server.groups, indent + 4), blocks(server.locations, indent + 4)]
    inside = "\n\n".join(part for part in parts if part)
    return f"{_title(server.title, indent)}{before}server {{\n{inside}\n{before}}}"


def _title(title: str, indent: int) -> str:
    return f"{' ' * indent}# {title}\n" if title else ""
