"""uWSGI's chmod-socket in three octal digits, where it is clear which."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from cfgcheck.model.app import App, SettingUse
from cfgcheck.rules.changes import Change, Setting
from cfgcheck.rules.contract import Case

_MODE = re.compile(r"[\"'\s]*0?o?([0-7]{3})[\"'\s]*(?:[;#].*)?\Z")


def changes(case: Case, values: Mapping[str, Any]) -> Iterator[Change]:
    """The digits that stand there, without what uWSGI stumbles over."""
    app: App = case.subject
    use: SettingUse = case.element
    mode = _MODE.match(use.text)
    if mode is not None:
        yield Setting(app, "chmod-socket", mode[1])
