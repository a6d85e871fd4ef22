"""A process that a service comes to start, once its scripts and shells have been seen through."""

from __future__ import annotations

from cfgcheck.findings import Problem
from cfgcheck.load.service import Service
from cfgcheck.model.located import Located
from cfgcheck.record import field, record
from cfgcheck.source.file import SourceFile, Span
from cfgcheck.syntax.shell_words import Command


@record(frozen=True)
class Start:
    """One simple command that keeps running, or may.

    ``command``: its words, with the environment it runs in. ``service``: that starts it: the one that was followed, or
    one inside of it (a program of the supervisord that the container runs). ``folder``: its working directory in the
    service's file system, "" where nobody knows. ``signalled``: whether a signal to the service's main process
    reaches it: it is that process (``exec`` all the way), or what stands between hands signals on (tini); not so behind
    a shell; unknown where that can't be told. ``via``: the statements that led to it, outermost first.
    ``maybe``: why it may not be started at all (it stands in a branch), else "".
    """

    command: Command
    service: Service
    folder: str = ""
    signalled: Located[bool] = field(
        default_factory=lambda: Located.unknown("whether the stop signal reaches the server is not known")
    )
    via: tuple[Span, ...] = ()
    maybe: str = ""
    shells: tuple[Span, ...] = ()
    """The statements in shells that stay and keep the signal to themselves, the outermost first."""


@record(eq=False)
class Followed:
    """What became of a service's command. ``unseen``: why it may start more, or something else (a script that is not
    in the tree, ``make``), else ""; ``files``: scripts and the like that were read."""

    starts: list[Start] = field(default_factory=list)
    unseen: str = ""
    problems: list[Problem] = field(default_factory=list)
    files: list[SourceFile] = field(default_factory=list)
