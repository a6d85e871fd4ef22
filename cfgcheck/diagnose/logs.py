"""Where log lines come from: files, globs, folders, rotated and compressed ones, standard input."""

from __future__ import annotations

import glob
import os
import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO

from cfgcheck.record import record

CHUNK = 1 << 16
"""Bytes read at a time: what is searched several times over stays in the processor's cache."""

STANDARD_INPUT = "-"
_LOG_NAME = re.compile(r"(?:\b|_|sys)log(?:\b|_|\d)|error|\.(?:err|out)\b", re.IGNORECASE)
_ROTATED = re.compile(
    r"(?P<base>.*?)(?:\.(?P<number>\d{1,4})|-(?P<date>\d{8,12}))?(?P<packed>\.(?:gz|bz2|xz))?\Z", re.DOTALL
)


class LogError(Exception):
    """A log that could not be read, or not to its end: a whole sentence with the path and what to do."""


@record(frozen=True)
class Log:
    """``name``: as shown. ``path``: None for standard input. ``size`` in bytes on disk; 0 where it is not known."""

    name: str
    path: Path | None
    size: int = 0


def expanded(words: Iterable[str], complain: Callable[[str], None]) -> list[Log]:
    """The logs that the words of a command line mean, each once; rotated ones of a name oldest first."""
    found: dict[str, Log] = {}
    for word in words:
        if word == STANDARD_INPUT:
            found.setdefault(STANDARD_INPUT, Log("<stdin>", None))
            continue
        try:
            paths = _paths(word)
        except (OSError, ValueError) as error:
            complain(f"{word}: {str(getattr(error, 'strerror', None) or error).lower()}")
            continue
        if not paths:
            complain(_nothing(word))
        for path in paths:
            found.setdefault(os.path.abspath(path), Log(str(path), path, _size(path)))
    return _oldest_first(found.values())


def _paths(word: str) -> list[Path]:
    if not word:
        return []
    path = Path(word)
    if path.is_dir():
        return sorted(one for one in path.iterdir() if one.is_file() and _LOG_NAME.search(one.name))
    if path.exists():
        return [path]
    if not glob.has_magic(word):
        return []
    return sorted(one for one in map(Path, glob.glob(os.path.expanduser(word), recursive=True)) if one.is_file())


def _nothing(word: str) -> str:
    if Path(word).is_dir():
        return f"{word}: no log in this folder: name the files, or a pattern like '{word.rstrip('/')}/*'"
    if glob.has_magic(word):
        return f"{word}: no file has such a name"
    return f"{word}: no such file. In containers: docker logs NAME 2>&1 | cfgcheck diagnose -"


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _oldest_first(logs: Iterable[Log]) -> list[Log]:
    families: dict[str, list[Log]] = {}
    for log in logs:
        families.setdefault(_split(log)[0], []).append(log)
    return [log for family in families.values() for log in sorted(family, key=lambda one: _split(one)[1])]


def _split(log: Log) -> tuple[str, tuple[int, int, str]]:
    """The name without what logrotate adds, and what sorts the oldest before: dates, numbers falling, the live one."""
    found = _ROTATED.match(log.name)
    assert found is not None
    if found["date"]:
        return found["base"], (0, 0, found["date"])
    if found["number"]:
        return found["base"], (1, -int(found["number"]), "")
    return found["base"] if found["packed"] else log.name, (2, 0, log.name)


def chunks(log: Log, standard_input: IO[bytes] | None, seen: Callable[[int], None]) -> Iterator[bytes]:
    """The bytes of a log, unpacked. ``seen`` is told how far the file itself has been read. Raises LogError with what
    was read before already given."""
    try:
        if log.path is None:
            yield from _unpacked(log, standard_input, seen) if standard_input is not None else ()
            return
        with open(log.path, "rb", buffering=0) as stream:
            yield from _unpacked(log, stream, seen)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        hint = ". Try sudo, or as a member of the group adm" if isinstance(error, PermissionError) else ""
        raise LogError(f"{log.name}: {reason}{hint}") from None


def _unpacked(log: Log, stream: IO[bytes], seen: Callable[[int], None]) -> Iterator[bytes]:
    first = stream.read(CHUNK)
    if first[:2] == b"\x1f\x8b":
        yield from _gunzipped(log, _raw(first, stream, seen))
    elif first[:3] == b"BZh" or first[:6] == b"\xfd7zXZ\x00":
        yield from _other(log, _raw(first, stream, seen), packed_by_bzip2=first[:3] == b"BZh")
    elif first[:4] == b"\x28\xb5\x2f\xfd":
        raise LogError(f"{log.name}: packed with zstd: zstdcat {log.name} | cfgcheck diagnose -")
    else:
        yield from _raw(first, stream, seen)


def _raw(first: bytes, stream: IO[bytes], seen: Callable[[int], None]) -> Iterator[bytes]:
    data: bytes | None = first
    while data:
        seen(len(data))
        yield data
        data = stream.read(CHUNK)


def _gunzipped(log: Log, packed: Iterable[bytes]) -> Iterator[bytes]:
    """Several members one after another, as rotation may append them."""
    unpacker = zlib.decompressobj(wbits=31)
    fresh = False
    for piece in packed:
        data = piece
        while data:
            if fresh and not data.lstrip(b"\x00"):  # padding
                data = b""
                continue
            try:
                out = unpacker.decompress(data, CHUNK)
            except zlib.error:
                if fresh:  # gzip itself ignores what follows the last member
                    return
                raise LogError(_damaged(log)) from None
            fresh = False
            if out:
                yield out
            data = unpacker.unconsumed_tail
            if unpacker.eof:
                data = unpacker.unused_data
                unpacker, fresh = zlib.decompressobj(wbits=31), True
    while out := unpacker.decompress(unpacker.unconsumed_tail, CHUNK) if not fresh else b"":
        yield out
    if not fresh:
        raise LogError(_cut_off(log))


def _other(log: Log, packed: Iterable[bytes], *, packed_by_bzip2: bool) -> Iterator[bytes]:
    import bz2
    import lzma

    unpacker: bz2.BZ2Decompressor | lzma.LZMADecompressor
    unpacker = bz2.BZ2Decompressor() if packed_by_bzip2 else lzma.LZMADecompressor()
    for piece in packed:
        data = piece
        while not unpacker.eof and (data or not unpacker.needs_input):
            try:
                yield unpacker.decompress(data, CHUNK)
            except (OSError, lzma.LZMAError):
                raise LogError(_damaged(log)) from None
            data = b""
        if unpacker.eof:
            return
    raise LogError(_cut_off(log))


def _damaged(log: Log) -> str:
    return f"{log.name}: damaged: it can't be unpacked further; what stands before was read"


def _cut_off(log: Log) -> str:
    return f"{log.name}: it ends in the middle of its packed data; what stands before was read. Copy it again, whole"
