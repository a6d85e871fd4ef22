"""Taking out what holds a place."""

from __future__ import annotations

import re
from functools import lru_cache

from cfgcheck.findings import Edit
from cfgcheck.fix.editing import CannotFix
from cfgcheck.fix.removal_lines import logical_line
from cfgcheck.fix.removal_nginx import nginx_statement
from cfgcheck.fix.trees import nginx_tree
from cfgcheck.load.carrier_kinds import carrier_kind
from cfgcheck.load.file_kinds import FileKind
from cfgcheck.source.file import SourceFile, Span

_TEMPLATE_ENDING = re.compile(r"\.(?:template|tmpl|tpl|j2|jinja2?|erb|in|dist|example|sample|default)\Z")
_UWSGI_SECTION = re.compile(r"^\s*\[uwsgi\]", re.MULTILINE)
_OF_LINES = (FileKind.UWSGI, FileKind.SYSTEMD, FileKind.SUPERVISOR)
_ENVIRONMENT = re.compile(r"(?:.*\.)?env(?:\..*)?\Z")
_OTHER_ENDINGS = (".py", ".yml", ".yaml", ".json", ".xml", ".sh", ".bash")


def edits_of_removal(span: Span) -> list[Edit]:
    """What takes out the statement, setting or entry that holds a place, and its line where it is alone there.
    Errors: CannotFix."""
    kind = _kind(span.file)
    if kind is FileKind.NGINX:
        return nginx_statement(span)
    if kind in _OF_LINES and not _in_command(span, kind):
        return logical_line(span, kind)
    from cfgcheck.fix import app

    remove = getattr(app, "edits_of_app_removal", None)
    if remove is None:
        raise CannotFix("what stands there can't be taken out yet")
    return list(remove(span))


@lru_cache(maxsize=16)
def _kind(file: SourceFile) -> FileKind | None:
    """The language of a file, by its name or its text; None: one that settings of apps stand in."""
    name = file.path.rpartition("/")[2].lower()
    while shorter := _TEMPLATE_ENDING.sub("", name):
        if shorter == name:
            break
        name = shorter
    inside = file.whole is not file
    if _UWSGI_SECTION.search(file.text):
        return FileKind.UWSGI if inside or not name.endswith(_OTHER_ENDINGS) else None
    if _ENVIRONMENT.match(name):
        return FileKind.SYSTEMD
    kind = None if inside else carrier_kind(name, lambda: file.text)
    if kind is not None:
        return kind
    return None if name.endswith(_OTHER_ENDINGS) and not inside else _of_text(file)


def _of_text(file: SourceFile) -> FileKind | None:
    from cfgcheck.load.nginx_kinds import Kind, classify

    return FileKind.NGINX if classify(nginx_tree(file)).kind not in (Kind.OTHER, Kind.EMPTY) else None


def _in_command(span: Span, kind: FileKind | None) -> bool:
    """Whether the place is an option of a command, not the whole setting: of ``ExecStart=`` only that goes."""
    if kind is FileKind.UWSGI:
        return False
    line = span.file.text[span.file.text.rfind("\n", 0, span.start) + 1 :].lstrip()
    name = re.split(r"[=:\s]", line, maxsplit=1)[0].lower()
    return name in ("execstart", "execreload", "command") or not re.match(r"[\w.-]+\s*[=:]", line)
