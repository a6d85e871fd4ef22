"""What a folder tells of the application in it. Files are read, never run; hints are defaults, no more."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from cfgcheck.record import record

if TYPE_CHECKING:
    from cfgcheck.generate.spec import Framework

_LARGEST = 64 * 1024
_MOST = 200
_SETTINGS = re.compile(r"""DJANGO_SETTINGS_MODULE["']\s*,\s*["']([A-Za-z_][\w.]*)""", re.ASCII)
_OBJECT = re.compile(r"^([A-Za-z_]\w*)\s*(?::[^=\n]+)?=\s*(?:\w+\.)?(Flask|FastAPI|Starlette)\(", re.MULTILINE)
_DEPENDENCY = re.compile(r"""(?:^|["'])(django|flask|fastapi|starlette)\b(?![\w-])""", re.MULTILINE | re.IGNORECASE)
_PROJECT = re.compile(r"""^\[project\][^\[]*?^name\s*=\s*["']([^"']+)["']""", re.MULTILINE | re.DOTALL)
_MODULE = re.compile(r"[A-Za-z_]\w*\Z", re.ASCII)
_LIKELY = ("app.py", "main.py", "wsgi.py", "asgi.py", "server.py", "application.py", "__init__.py")


@record(frozen=True)
class Hints:
    """``name``: for the service. ``module``: ``shop.wsgi:application``. None: the folder does not tell."""

    name: str | None = None
    module: str | None = None
    framework: Framework | None = None


def hints_in(folder: Path) -> Hints:
    """What is found in a folder and the folders in it."""
    module, framework = _django(folder) or _object(folder) or (None, None)
    return Hints(_name(folder), module, framework or _dependency(folder))


def _name(folder: Path) -> str | None:
    """The project's name, else the folder's, as a service may be called."""
    told = _PROJECT.search(_text(folder / "pyproject.toml"))
    name = told[1] if told else folder.resolve().name
    short = re.sub(r"[^a-z0-9]+", "-", name.lower()).lstrip("-0123456789")[:31].strip("-")
    return short or None


def _django(folder: Path) -> tuple[str, Framework] | None:
    found = _SETTINGS.search(_text(folder / "manage.py"))
    if found is None:
        return None
    package = found[1].partition(".")[0]
    only_asgi = (folder / package / "asgi.py").is_file() and not (folder / package / "wsgi.py").is_file()
    return f"{package}.{'asgi' if only_asgi else 'wsgi'}:application", "django"


def _object(folder: Path) -> tuple[str, Framework] | None:
    """The first module that makes an application object at its top level."""
    frameworks: dict[str, Framework] = {"Flask": "flask", "FastAPI": "fastapi", "Starlette": "starlette"}
    for path in _candidates(folder):
        found = _OBJECT.search(_text(path))
        module = _dotted(path.relative_to(folder))
        if found and module:
            return f"{module}:{found[1]}", frameworks[found[2]]
    return None


def _candidates(folder: Path) -> Iterator[Path]:
    """Files of the usual names: here, in packages, and in packages below ``src``."""
    yield from (folder / name for name in _LIKELY[:-1])
    for below in (folder, folder / "src"):
        for package in _folders(below):
            yield from (package / name for name in _LIKELY)


def _folders(folder: Path) -> Iterable[Path]:
    try:
        named = sorted(path for path in folder.iterdir() if _MODULE.match(path.name))
        return [path for path in named[:_MOST] if path.is_dir()]
    except OSError:
        return []


def _dotted(path: Path) -> str:
    parts = [part for part in path.with_suffix("").parts if part != "__init__"]
    return ".".join(parts[1:] if parts[0] == "src" else parts)


def _dependency(folder: Path) -> Framework | None:
    frameworks: dict[str, Framework] = {
        "django": "django",
        "flask": "flask",
        "fastapi": "fastapi",
        "starlette": "starlette",
    }
    for name in ("requirements.txt", "pyproject.toml"):
        found = _DEPENDENCY.search(_text(folder / name))
        if found:
            return frameworks[found[1].lower()]
    return None


def _text(path: Path) -> str:
    try:
        if not path.is_file():
            return ""
        with path.open("rb") as stream:
            return stream.read(_LARGEST).decode("utf-8", "replace")
    except OSError:
        return ""
