"""systemd's own functions, where the machine has its library: the oracle of the readers."""

from __future__ import annotations

import ctypes
import glob
import tempfile
from typing import Any

import pytest

_FOUND = sorted(
    glob.glob("/usr/lib/*/systemd/libsystemd-shared-*.so") + glob.glob("/usr/lib/systemd/libsystemd-shared-*.so")
)
_RELAX, _C_ESCAPES, _UNKNOWN_ESCAPES, _QUOTES = 0, 1 << 1, 1 << 2, 1 << 5
_Texts = ctypes.POINTER(ctypes.c_char_p)


def library() -> Any:
    if not _FOUND:
        pytest.skip("this machine has no libsystemd-shared")
    loaded = ctypes.CDLL(_FOUND[-1])
    loaded.log_set_max_level(0)
    return loaded


def environment_file(loaded: Any, text: str) -> dict[str, str]:
    """What ``EnvironmentFile=`` sets."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(text.encode())
        file.flush()
        made = _Texts()
        loaded.load_env_file.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
        assert loaded.load_env_file(None, file.name.encode(), ctypes.byref(made)) >= 0
    return dict(each.split("=", 1) for each in _texts(made))


def words(loaded: Any, text: str) -> list[str] | None:
    """The words of a command line; None where the quoting is unbalanced."""
    for flags in (_C_ESCAPES | _QUOTES, _C_ESCAPES | _QUOTES | _UNKNOWN_ESCAPES):
        found = _words(loaded, text, flags)
        if found is not None:
            return found
    return None


def _words(loaded: Any, text: str, flags: int) -> list[str] | None:
    left = ctypes.c_char_p(text.encode())
    found: list[str] = []
    while True:
        word = ctypes.c_char_p()
        code = loaded.extract_first_word(ctypes.byref(left), ctypes.byref(word), None, flags)
        if code <= 0:
            return None if code < 0 else found
        assert word.value is not None
        found.append(word.value.decode())


def expanded(loaded: Any, given: list[str], environment: dict[str, str]) -> list[str]:
    """The arguments with variables replaced."""
    loaded.replace_env_argv.restype = _Texts
    loaded.replace_env_argv.argtypes = [_Texts, _Texts]
    pairs = [f"{name}={value}" for name, value in environment.items()]
    made = loaded.replace_env_argv(_array(given), _array(pairs))
    return _texts(made)


def seconds(loaded: Any, text: str) -> float | None:
    """A time span; infinity as ``inf``."""
    found = ctypes.c_uint64()
    if loaded.parse_sec(text.encode(), ctypes.byref(found)) < 0:
        return None
    return float("inf") if found.value == 2**64 - 1 else found.value / 1e6


def _array(texts: list[str]) -> Any:
    return (ctypes.c_char_p * (len(texts) + 1))(*[text.encode() for text in texts], None)


def _texts(made: Any) -> list[str]:
    found: list[str] = []
    while made and made[len(found)] is not None:
        found.append(made[len(found)].decode())
    return found
