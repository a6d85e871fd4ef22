"""Writing what a command says: to standard output or, whole or not at all, to a file."""

from __future__ import annotations

import contextlib
import os
import stat
import sys
import tempfile
from pathlib import Path

import click


def emit(text: str, output: Path | None = None, *, machine: bool = False) -> None:
    """Write ``text`` to the file ``output`` or to standard output.

    ``machine``: a format for programs, which is UTF-8 whatever the terminal's encoding is.
    """
    if output is not None:
        try:
            _write_file(output, text.encode("utf-8", "backslashreplace"))
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise click.ClickException(f"{output} can't be written: {reason}") from None
        return
    try:
        _write_stdout(text, machine)
    except BrokenPipeError:
        forget_stdout()
    except OSError as error:
        forget_stdout()
        raise click.ClickException(f"output can't be written: {(error.strerror or str(error)).lower()}") from None


def _write_stdout(text: str, machine: bool) -> None:
    buffer = getattr(sys.stdout, "buffer", None)
    if machine and buffer is not None:
        sys.stdout.flush()
        buffer.write(text.encode("utf-8", "backslashreplace"))
        buffer.flush()
        return
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))
    sys.stdout.flush()


def forget_stdout() -> None:
    """Let whatever is still buffered go nowhere, so that the interpreter does not complain when it ends."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def _write_file(path: Path, data: bytes) -> None:
    """Replace ``path`` in one step. What is no regular file (``/dev/stdout``, a pipe) is written to as it is."""
    target = Path(os.path.realpath(path))
    if target.exists() and not stat.S_ISREG(target.stat().st_mode):
        with target.open("wb") as stream:
            stream.write(data)
        return
    mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else _usual_mode()
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        Path(name).chmod(mode)
        os.replace(name, target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _usual_mode() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
