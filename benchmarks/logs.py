"""The generated log of the benchmarks: requests as nginx's access log has them, every hundredth line an error."""

from __future__ import annotations

import random
from pathlib import Path

_ACCESS = (
    '203.0.113.{client} - - [21/Nov/2026:{time} +0000] "GET {path} HTTP/1.1" 200 {size} "https://shop.example.com/" '
    '"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"\n'
)
_ERROR = (
    "2026/11/21 {time} [error] 31#31: *{number} {message}, client: 203.0.113.{client}, server: shop.example.com, "
    'request: "GET {path} HTTP/1.1", upstream: "http://127.0.0.1:8000{path}", host: "shop.example.com"\n'
)
_MESSAGES = (
    "connect() failed (111: Connection refused) while connecting to upstream",
    "upstream timed out (110: Connection timed out) while reading response header from upstream",
    "upstream prematurely closed connection while reading response header from upstream",
)
_PATHS = ("/", "/login", "/api/orders/{n}", "/static/app.{n}.js", "/reports/{n}?from=2026-01-01&to=2026-02-01")


def write_log(path: Path, megabytes: int, every: int) -> float:
    """A log of about that size in which every so many-th line is an error; its exact size in MB."""
    chance = random.Random(7)
    size = number = 0
    with path.open("w") as log:
        while size < megabytes * 1_000_000:
            size += log.write("".join(_line(chance, number + each, every) for each in range(1000)))
            number += 1000
    return size / 1e6


def _line(chance: random.Random, number: int, every: int) -> str:
    form = _ERROR if number % every == 0 else _ACCESS
    return form.format(
        client=number % 250,
        time=f"{number // 36000 % 24:02}:{number // 600 % 60:02}:{number // 10 % 60:02}",
        path=chance.choice(_PATHS).format(n=chance.randrange(10_000)),
        size=chance.randrange(100_000),
        number=number,
        message=chance.choice(_MESSAGES),
    )
