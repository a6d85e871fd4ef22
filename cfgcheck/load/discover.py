"""Which files of a folder are looked at, and what each of them is."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from cfgcheck.load.carrier_kinds import carrier_kind
from cfgcheck.load.disk import Disk
from cfgcheck.load.file_kinds import FileKind as FileKind
from cfgcheck.load.git import listed_by_git
from cfgcheck.record import record


@record(frozen=True)
class Candidate:
    """A file and what it is taken for. ``named``: it was named on the command line, not found in a folder."""

    path: Path
    kind: FileKind
    named: bool = False


SKIPPED_FOLDERS = frozenset(
    {
        ".git", ".hg", ".svn", ".tox", ".nox", ".venv", "venv", "site-packages", "node_modules", "bower_components",
        "vendor", "vendored", "third_party", "third-party", "__pycache__", "__fixtures__", "fixtures", "testdata",
        "test-data", "test_data", "test", "tests",
    }
)  # fmt: skip
"""Folders that hold no configuration of this project's deployment: looked into only when named."""

_PROSE = (".md", ".rst", ".txt", ".adoc", ".html", ".orig", ".rej", ".swp", "~")
_TEMPLATE_ENDINGS = (
    ".template", ".tmpl", ".tpl", ".j2", ".jinja", ".jinja2", ".erb", ".in", ".dist", ".example", ".sample",
    ".default", ".envsubst", ".mustache", ".gotmpl",
)  # fmt: skip
_NGINX_FOLDERS = re.compile(r"nginx|sites[-_]|conf\.d|vhosts|snippets")
_NGINX_TEXT = re.compile(
    r"^[ \t]*(?:(?:server|http|events|upstream\s+\S+|location\s+[^{;]+)\s*\{"
    r"|(?:proxy_pass|uwsgi_pass|fastcgi_pass|proxy_set_header|uwsgi_param|proxy_read_timeout|include\s+\S*nginx)\b[^\n]*;)",
    re.MULTILINE,
)
_NGINX_SURE = re.compile(
    r"\b(?:proxy_pass|uwsgi_pass|fastcgi_pass|grpc_pass|scgi_pass|proxy_set_header|uwsgi_param|server_name|listen|"
    r"worker_connections|try_files|keepalive|client_max_body_size|include)\s[^\n]*;"
)
_UWSGI_SECTION = re.compile(r"^\s*\[uwsgi\]", re.MULTILINE)
_GUNICORN_SETTING = re.compile(
    r"^(?:bind|workers|worker_class|worker_connections|threads|timeout|graceful_timeout|keepalive|max_requests|"
    r"max_requests_jitter|preload_app|accesslog|errorlog|loglevel|forwarded_allow_ips|wsgi_app|chdir|worker_tmp_dir|"
    r"limit_request_line|secure_scheme_headers|proc_name|umask|reload)\s*(?::[^=\n]+)?=",
    re.MULTILINE,
)


@record(frozen=True)
class Exclusions:
    """``exclude`` of the settings. ``folder``: where they stand; patterns are relative to it, or to the folder checked
    where that lies elsewhere."""

    patterns: tuple[str, ...] = ()
    folder: Path | None = None

    def cover(self, path: Path, top: Path) -> bool:
        if not self.patterns:
            return False
        base = self.folder if self.folder is not None and path.is_relative_to(self.folder) else top
        return excluded(path.relative_to(base).as_posix(), self.patterns)


NOTHING = Exclusions()


def discover(disk: Disk, paths: Iterable[Path], exclude: Exclusions = NOTHING) -> list[Candidate]:
    """The files to read, sorted by path. A file named in ``paths`` is always taken, whatever it is called;
    one whose kind can't be told is taken for nginx's, so that it is judged and not silently passed over."""
    found: dict[Path, Candidate] = {}
    for path in paths:
        full = disk.absolute(path)
        if full.is_dir():
            for inside in files_below(full, exclude):
                kind = classify(disk, inside, full)
                if kind:
                    found.setdefault(inside, Candidate(inside, kind))
        else:
            found[full] = Candidate(full, classify(disk, full, full.parent) or _guess(disk, full), named=True)
    return [found[path] for path in sorted(found)]


def classify(disk: Disk, path: Path, top: Path) -> FileKind | None:
    """What a file is, by its name and, where the name is not enough, by the beginning of its text."""
    name = path.name
    lower = name.lower()
    if lower.endswith(_PROSE):
        return None
    if name == "Procfile" or name.startswith("Procfile."):
        return FileKind.PROCFILE
    bare = _without_template_ending(lower)
    carrier = carrier_kind(bare, lambda: disk.peek(path, 65536))
    if carrier is not None:
        return carrier
    if bare.endswith(".py"):
        return FileKind.GUNICORN if _is_gunicorn(disk, path, lower) else None
    if bare.endswith(".ini") or ".ini:" in bare:
        return FileKind.UWSGI if _UWSGI_SECTION.search(disk.peek(path, 65536)) else None
    inside = str(path.relative_to(top)).lower() if path.is_relative_to(top) else lower
    if bare.endswith((".yml", ".yaml", ".json", ".xml")):
        return FileKind.UWSGI if "uwsgi" in inside and _is_uwsgi_data(disk, path) else None
    return _by_text(disk, path, bare, inside)


def _by_text(disk: Disk, path: Path, bare: str, inside: str) -> FileKind | None:
    nginx_place = bool(_NGINX_FOLDERS.search(inside))
    extension = os.path.splitext(bare)[1]
    known_extension = extension in (".conf", ".nginx", ".vhost", ".inc") or ".conf" in bare
    if not known_extension and not nginx_place and "uwsgi" not in inside:
        return None
    if extension in (".sh", ".service", ".socket", ".crt", ".pem", ".key", ".js", ".css", ".lua", ".log"):
        return None
    text = disk.peek(path, 65536)
    if _UWSGI_SECTION.search(text):
        return FileKind.UWSGI
    if _NGINX_TEXT.search(text) and _NGINX_SURE.search(text):
        return FileKind.NGINX
    return FileKind.NGINX if bare in ("nginx.conf",) and text.strip() else None


def _guess(disk: Disk, path: Path) -> FileKind:
    """The kind of a file that somebody named although its name says nothing."""
    text = disk.peek(path, 65536)
    if path.suffix == ".py":
        return FileKind.GUNICORN
    if path.suffix in (".sh", ".bash"):
        return FileKind.SCRIPT
    if path.suffix in (".yml", ".yaml", ".json", ".xml"):
        readable = disk.exists(path) and "\0" not in text
        return FileKind.OTHER if readable and not _is_uwsgi_data(disk, path) else FileKind.UWSGI
    if path.suffix == ".ini" or _UWSGI_SECTION.search(text):
        return FileKind.UWSGI
    return FileKind.NGINX


def _is_gunicorn(disk: Disk, path: Path, lower: str) -> bool:
    if lower in ("gunicorn.conf.py",):
        return True
    if "gunicorn" not in lower and "gunicorn" not in path.parent.name.lower():
        return False
    return bool(_GUNICORN_SETTING.search(disk.peek(path, 65536)))


def _is_uwsgi_data(disk: Disk, path: Path) -> bool:
    text = disk.peek(path, 65536)
    return bool(re.search(r"^\s*uwsgi\s*:|\"uwsgi\"\s*:|<uwsgi\b", text, re.MULTILINE))


def _without_template_ending(name: str) -> str:
    while name.endswith(_TEMPLATE_ENDINGS):
        name = name.rsplit(".", 1)[0]
    return name


def files_below(top: Path, exclude: Exclusions = NOTHING) -> Iterator[Path]:
    """The files of a folder that may be looked at: what git would list, else all; never those of skipped folders."""
    # A folder that git ignores wholly but that somebody names is walked: an empty list would be silently green.
    listed = listed_by_git(top)
    walked = (path for path in listed if not _skipped(path, top)) if listed else _walk(top)
    return (path for path in walked if not exclude.cover(path, top))


def _skipped(path: Path, top: Path) -> bool:
    return any(part.lower() in SKIPPED_FOLDERS for part in path.relative_to(top).parts[:-1])


def _walk(top: Path) -> Iterator[Path]:
    """Regular files below ``top``; links to folders are not followed, so a link can't lead in circles."""
    pending = [str(top)]
    while pending:
        folder = pending.pop()
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError:
            continue
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if entry.name.lower() not in SKIPPED_FOLDERS and not _is_virtual_environment(entry.path):
                    pending.append(entry.path)
            elif _is_file(entry):
                yield Path(entry.path)


def _is_file(entry: os.DirEntry[str]) -> bool:
    try:
        return stat.S_ISREG(entry.stat().st_mode)
    except OSError:
        return False


def _is_virtual_environment(folder: str) -> bool:
    return os.path.exists(os.path.join(folder, "pyvenv.cfg"))


def excluded(shown: str, patterns: tuple[str, ...]) -> bool:
    """Whether a relative path matches an ``exclude`` pattern: of the whole path, of the
    file's name, or of a folder above it (``ops/old`` and ``old/`` exclude all below)."""
    parts = PurePosixPath(shown)
    for pattern in patterns:
        wanted = pattern.removeprefix("./").rstrip("/")
        if fnmatchcase(shown, wanted) or fnmatchcase(parts.name, wanted):
            return True
        if any(fnmatchcase(above.as_posix(), wanted) or fnmatchcase(above.name, wanted) for above in parts.parents):
            return True
    return False
