"""A settings file as TOML, before anything is made of it."""

from __future__ import annotations

import re
import tomllib
from typing import Any

from cfgcheck.settings.model import SettingsError
from cfgcheck.source.file import SourceFile

_TOML_PLACE = re.compile(r"(.*) \(at (?:line (\d+), column (\d+)|end of document)\)\Z", re.DOTALL)


_ENDLESS_KEY = re.compile(r"""(?<![\w"'-])(?:(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){100}""")
"""A key of more than 100 parts: tomllib takes quadratic time and memory for it."""


def parse(source: SourceFile) -> dict[str, Any]:
    """The file's TOML; a SettingsError with the place where it is none."""
    endless = _ENDLESS_KEY.search(source.text)
    if endless:
        line, column = source.position(endless.start())
        raise SettingsError(f"{source.path}:{line}:{column}: not valid TOML: a key of more than 100 parts")
    try:
        return tomllib.loads(source.text.replace("\r\n", "\n"))
    except tomllib.TOMLDecodeError as error:
        found = _TOML_PLACE.match(str(error))
        message = found[1] if found else str(error)
        line, column = (int(found[2]), int(found[3])) if found and found[2] else source.position(len(source.text))
        raise SettingsError(f"{source.path}:{line}:{column}: not valid TOML: {message.lower()}") from None
    except (RecursionError, ValueError) as error:
        raise SettingsError(f"{source.path}:1:1: not valid TOML: {type(error).__name__}") from None
