"""Running the command line in this process."""

from __future__ import annotations

import io
from pathlib import Path
from typing import NamedTuple

from cfgcheck.cli import main

REPOSITORY = Path(__file__).parent.parent.parent
DEMO = REPOSITORY / "fixtures" / "demo"


class Done(NamedTuple):
    code: int
    out: str
    err: str


def run(*args: object, stdin: bytes = b"") -> Done:
    """``cfgcheck ARGS…`` with streams of its own, UTF-8 as in most terminals."""
    inward = io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8")
    written = io.BytesIO(), io.BytesIO()
    out, err = (io.TextIOWrapper(one, encoding="utf-8", write_through=True) for one in written)
    code = main([str(arg) for arg in args], inward, out, err)
    return Done(code, *(one.getvalue().decode("utf-8") for one in written))
