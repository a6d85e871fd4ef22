"""What every form of uWSGI configuration is read into: a stream of options with their places."""

from __future__ import annotations

from cfgcheck.findings import Problem
from cfgcheck.record import field, record
from cfgcheck.source.file import Span


@record()
class Entry:
    """One option as written.

    ``value`` is None where none can be (``--master`` on a command line); "" for a key without ``=``. Parts of it that
    are not known stand in it as marks (see ``uwsgi_text``).
    ``origin``: ``file``, ``cli`` or ``env``.
    ``unknown``: why the whole value is not known (two parsers that disagree), else "".
    ``maybe``: why it is not known whether the entry is there at all (a branch of a template), else "".
    """

    key: str
    value: str | None
    key_span: Span
    value_span: Span
    origin: str = "file"
    unknown: str = ""
    maybe: str = ""

    @property
    def span(self) -> Span:
        """From the key through the value."""
        start, end = self.key_span, self.value_span
        if start.file is not end.file or end.end < start.end:
            return start
        return Span(start.file, start.start, end.end)


@record()
class Reading:
    """What a reader found in one file: the entries of the section asked for, and what is wrong.

    ``lost``: options that somebody wrote could not be read (a syntax error, a hidden section).
    """

    entries: list[Entry] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    lost: bool = False
