"""What stands around a message in a line: what a collector put before it, its time, its level (bytes in, bytes out)."""

from __future__ import annotations

import json
import re

from cfgcheck.record import record


@record(eq=False)
class Line:
    """One line taken apart.

    ``source``: the container or program that a prefix names. ``time``: ``2026-11-21 09:12:02``, ``11-21 09:12:02``
    where no year is told, or nothing. ``level``: as written. ``nginx``: an error log's line. ``text``: the message; for
    nginx without its tail. ``tail``: ``, client: …`` and what follows.
    """

    source: bytes
    time: bytes
    level: bytes
    text: bytes
    nginx: bool = False
    tail: bytes = b""


_ESCAPES = re.compile(rb"\x1b\[[0-9;]*[A-Za-z]")
_NGINX = re.compile(rb"(\d{4}/\d\d/\d\d \d\d:\d\d:\d\d) \[(\w{1,9})\] \d+#\d+: (?:\*\d+ )?")
_COMPOSE = re.compile(rb"([\w./-]{1,120}) *\| ?")
_KUBECTL = re.compile(rb"\[(?:pod/)?([\w./-]{1,250})\] (?=\S)")
_ISO = re.compile(rb"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,]\d{1,9})?(?:Z| ?[+-]\d\d:?\d\d)?[ :]\s?")
_STREAM = re.compile(rb"std(?:out|err) [FP] ")
_SYSLOG = re.compile(rb"(?:<\d{1,3}>)?([A-Z][a-z]{2}) ([ \d]\d) (\d\d:\d\d:\d\d) ")
_PROGRAM = re.compile(rb"(?:[\w.:-]{1,255} )?([\w./@\\-]{1,64})(?:\[[\w.]{1,40}\])?: ")
_GUNICORN = re.compile(
    rb"\[(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:[.,]\d+)?(?: [+-]\d{4})?\] (?:\[\d+\] )?\[(\w{1,9})\] "
)
_UWSGI = re.compile(rb"[A-Z][a-z]{2} ([A-Z][a-z]{2}) ([ \d]\d) (\d\d:\d\d:\d\d) (\d{4}) - ")
_LEVEL = re.compile(rb"\[?(DEBUG|INFO|WARNING|ERROR|CRITICAL)\]?(?::\s*|\s+-?\s*)(?:[\w.]{1,80}(?::\s|\s-\s))?")
_MONTHS = {
    name: b"%02d" % number
    for number, name in enumerate(b"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), 1)
}
_JSON_TEXTS = ("log", "MESSAGE", "message", "msg")
_JSON_TIMES = ("time", "timestamp", "ts", "@timestamp")
_DEEPEST = 4
"""So many prefixes one before another: a time of kubectl, of CRI, of syslog, and compose's."""


def parse(line: bytes) -> Line:
    """A line taken apart. Any bytes are a line: what is not understood is its message."""
    found = _NGINX.match(line)
    if found:  # most lines that get here
        return _nginx(found, line, b"")
    if b"\x1b" in line:
        line = _ESCAPES.sub(b"", line)
    source, time, line = _unwrapped(line)
    found = _NGINX.match(line)
    if found:
        return _nginx(found, line, source)
    return _of_app(line, source, time)


def _nginx(found: re.Match[bytes], line: bytes, source: bytes) -> Line:
    end = line.find(b", client: ", found.end())
    if end < 0:
        end = len(line)
    return Line(source, found[1].replace(b"/", b"-"), found[2], line[found.end() : end], True, line[end:])


def _unwrapped(line: bytes) -> tuple[bytes, bytes, bytes]:
    source = time = b""
    for _ in range(_DEEPEST):
        if line.startswith(b"{"):
            inner, told = _json(line)
            if inner is None:
                break
            line, time = inner, told or time
        elif found := _ISO.match(line):
            time, line = found[1] + b" " + found[2], line[found.end() :]
            stream = _STREAM.match(line)
            line = line[stream.end() :] if stream else line
            named = None if stream else _PROGRAM.match(line)
            if named and not _LEVEL.match(line):
                source, line = source or named[1], line[named.end() :]
        elif found := _SYSLOG.match(line):
            month = _MONTHS.get(found[1])
            time = time or (month + b"-" + found[2].replace(b" ", b"0") + b" " + found[3] if month else b"")
            line = line[found.end() :]
            named = _PROGRAM.match(line)
            if named:
                source, line = source or named[1], line[named.end() :]
        elif ((found := _KUBECTL.match(line)) and b"/" in found[1]) or (found := _COMPOSE.match(line)):
            source, line = source or found[1], line[found.end() :]
        else:
            break
    return source, time, line


def _json(line: bytes) -> tuple[bytes | None, bytes]:
    """The message and time of a line that is a JSON object (Docker's own files, ``journalctl -o json``)."""
    try:
        found = json.loads(line.decode("utf-8", "surrogateescape"))
    except (ValueError, RecursionError):
        return None, b""
    if not isinstance(found, dict):
        return None, b""
    text = next((found[key] for key in _JSON_TEXTS if isinstance(found.get(key), str)), None)
    if text is None:
        return None, b""
    time = next((found[key] for key in _JSON_TIMES if isinstance(found.get(key), str)), "")
    told = _ISO.match(time.encode("utf-8", "replace")[:40] + b" ")
    first = text.encode("utf-8", "surrogatepass" if not text.isascii() else "strict").rstrip(b"\r\n")
    return first, told[1] + b" " + told[2] if told else b""


def _of_app(line: bytes, source: bytes, time: bytes) -> Line:
    if found := _GUNICORN.match(line):
        return Line(source, found[1] + b" " + found[2], found[3], line[found.end() :])
    if found := _UWSGI.match(line):
        month = _MONTHS.get(found[1])
        if month:
            time = b"%b-%b-%b %b" % (found[4], month, found[2].replace(b" ", b"0"), found[3])
        return Line(source, time, b"", line[found.end() :])
    if found := _LEVEL.match(line):
        return Line(source, time, found[1], line[found.end() :])
    return Line(source, time, b"", line)


_TAIL = re.compile(
    rb', client: ([^,]*)(?:, server: ([^,]*))?(?:, request: "(.*?)"(?=, |$))?(?:, subrequest: "(.*?)"(?=, |$))?'
    rb'(?:, upstream: "(.*?)"(?=, |$))?(?:, host: "(.*?)"(?=, |$))?'
)


def tail_parts(tail: bytes) -> tuple[bytes, bytes, bytes, bytes]:
    """Server, request line, upstream and Host of the end of an error log's line, as far as they are there."""
    found = _TAIL.match(tail)
    if found is None:
        return b"", b"", b"", b""
    return found[2] or b"", found[3] or b"", found[5] or b"", found[6] or b""


_ADDRESS = re.compile(rb"\w{1,20}://(unix:[^:]*|[^/:]*:\d+|\[[^\]]*\](?::\d+)?|[^/]*)")


def upstream_address(upstream: bytes) -> bytes:
    """``http://127.0.0.1:8001/x`` → ``127.0.0.1:8001``; ``unix:/run/x.sock``, ``[::1]:8000``, an upstream's name."""
    found = _ADDRESS.match(upstream)
    return found[1] if found else upstream


NUMBER = b"<n>"
"""What stands for numbers and ids in a path: `/orders/17` and `/orders/18` are asked for alike."""

def head_of(path: bytes) -> bytes:
    """The first two parts of a path: what tells most locations apart."""
    end = path.find(b"/", path.find(b"/", 1) + 1) if path.count(b"/") > 2 else len(path)
    return path[:end]


_IDS = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}|\d{3,}|(?<=/)\d+(?=/|\Z)|[0-9a-f]{20,}")


def path_of(request: bytes) -> bytes:
    """The path of a request line, without its query, ``<n>`` for ids."""
    parts = request.split(b" ", 2)
    path = parts[1] if len(parts) > 1 else request
    cut = path.find(b"?")
    return _IDS.sub(NUMBER, (path if cut < 0 else path[:cut])[:200])
