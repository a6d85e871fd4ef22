"""The command line. ``main`` is the program: arguments and streams in, exit code out."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from collections.abc import Iterator, Sequence
from typing import TextIO

CLEAN = 0
FINDINGS = 1
TROUBLE = 2
"""Wrong usage, unusable settings, an interruption, or a mistake of this program."""


def program() -> None:
    """The process: ``main``, and out. The heap of one short run is neither searched for cycles nor taken apart at the
    end, which together take as long as a fifth of the work on a large configuration."""
    gc.disable()
    code = main()
    os._exit(code)


def main(
    args: Sequence[str] | None = None,
    stdin: TextIO | None = None,
    stdout: TextIO | None = None,
    stderr: TextIO | None = None,
) -> int:
    """Run ``cfgcheck`` with ``args`` (the process's own by default); returns 0, 1 or 2 and never raises."""
    with _streams(stdin, stdout, stderr):
        code = _guarded(list(sys.argv[1:] if args is None else args))
        return code if _flushed() else TROUBLE


@contextlib.contextmanager
def _streams(stdin: TextIO | None, stdout: TextIO | None, stderr: TextIO | None) -> Iterator[None]:
    before = sys.stdin, sys.stdout, sys.stderr
    with open(os.devnull, "w", encoding="utf-8") as nowhere:  # a stream that was closed for us is None
        sys.stdin = stdin or sys.stdin
        sys.stdout = stdout or sys.stdout or nowhere
        sys.stderr = stderr or sys.stderr or nowhere
        try:
            yield
        finally:
            sys.stdin, sys.stdout, sys.stderr = before


def _guarded(args: list[str]) -> int:
    import click

    from cfgcheck.cli.group import cfgcheck
    from cfgcheck.rules.errors import RuleError, SelectionError
    from cfgcheck.settings import SettingsError

    try:
        code = cfgcheck.main(args, prog_name="cfgcheck", standalone_mode=False)
        return code if isinstance(code, int) else CLEAN
    except (click.exceptions.Abort, KeyboardInterrupt):
        return _complain("interrupted")
    except click.ClickException as error:
        # Click exits with 1 for some of these, which would read as "findings".
        error.show(sys.stderr)
        return TROUBLE
    except (SettingsError, RuleError, SelectionError) as error:
        for line in str(error).splitlines():
            _say(f"Error: {line}")
        return TROUBLE
    except BrokenPipeError:
        return TROUBLE
    except OSError as error:
        _trace()
        return _complain(f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}")
    except Exception as error:
        return _internal(error)


def _trace() -> None:
    if os.environ.get("CFGCHECK_DEBUG"):
        import traceback

        traceback.print_exc(file=sys.stderr)


def _internal(error: Exception) -> int:
    _trace()
    what = " ".join(f"{type(error).__name__}: {error}".split())[:300]
    return _complain(
        f"internal error: {what}. This is a mistake in cfgcheck: please report it with the files that show it "
        "(CFGCHECK_DEBUG=1 adds a traceback)."
    )


def _complain(message: str) -> int:
    _say(f"cfgcheck: {message}")
    return TROUBLE


def _say(line: str) -> None:
    with contextlib.suppress(OSError, ValueError):
        encoding = getattr(sys.stderr, "encoding", None) or "utf-8"
        sys.stderr.write(f"{line}\n".encode(encoding, "backslashreplace").decode(encoding))


def _flushed() -> bool:
    """Whether all output went out. A reader that has gone away (``| head``) is no trouble of ours."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        from cfgcheck.cli.output import forget_stdout

        forget_stdout()
    except (OSError, ValueError) as error:
        from cfgcheck.cli.output import forget_stdout

        forget_stdout()
        _complain(f"output can't be written: {getattr(error, 'strerror', None) or error}".lower())
        return False
    return True
