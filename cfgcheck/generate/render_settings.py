"""The settings of app servers as lines of their files, each with its reason."""

from __future__ import annotations

from collections.abc import Iterable

from cfgcheck.generate.plan_records import Setting
from cfgcheck.record import record

_WIDTH = 110


@record(frozen=True)
class SettingLine:
    """``title``: a comment above, with a blank line before it, or ``""``. ``text``: one line, or two."""

    title: str
    text: str


def python_lines(settings: Iterable[Setting]) -> list[SettingLine]:
    """Assignments, the reason behind."""
    return [SettingLine(one.title, _python(one)) for one in settings]


def uwsgi_lines(settings: Iterable[Setting]) -> list[SettingLine]:
    """Options, the reason above."""
    return [SettingLine(one.title, _uwsgi(one)) for one in settings]


def _python(one: Setting) -> str:
    written, because = f"{one.name} = {one.figure.text}", one.figure.because
    if not because:
        return written
    line = f"{written}  # {because}"
    return line if len(line) <= _WIDTH else f"# {because}\n{written}"


def _uwsgi(one: Setting) -> str:
    written, because = f"{one.name} = {one.figure.text}", one.figure.because
    return f"# {because}\n{written}" if because else written
