"""Where a shell stands while its script is followed, and where its processes stand as seen from the manager."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from typing import TYPE_CHECKING

from cfgcheck.load.service import Service
from cfgcheck.load.start import Start
from cfgcheck.model.located import Located
from cfgcheck.record import record
from cfgcheck.source.file import Span
from cfgcheck.syntax.shell_script_scope import Scope

if TYPE_CHECKING:
    from cfgcheck.load.follow_shell import Shell
    from cfgcheck.syntax.shell_script_tree import Function

Pending = Start | str
"""What a command that is waited for comes to: a start, or why nobody sees what it starts. It counts when nothing
comes after it: what is followed by another command has ended before."""

_MOST_PENDING = 8


@record(frozen=True)
class Post:
    """Where a process stands. ``signalled``: whether the manager's signals reach it; ``group``: they reach all that it
    starts as well. ``above``: why nobody knows what stands above it all, and does with signals. ``via``: the statements
    that led to it. ``shells``: those of them that a shell stays above of, the outermost first."""

    signalled: Located[bool]
    group: bool = False
    above: str = ""
    via: tuple[Span, ...] = ()
    shells: tuple[Span, ...] = ()


class State:
    """``ended``: how the script ended here (``exit``, ``fail``, ``return``, ``break``, ``continue``), else "".
    ``maybe``: why what comes next may not be run, else ""; ``left``: an earlier branch may have ended the script.
    ``trapped``: it handles signals. ``loops``: how many it stands in. ``service``: with the folder that relative paths
    begin at, which ``cd`` changes."""

    def __init__(self, scope: Scope, service: Service) -> None:
        self.scope = scope
        self.service = service
        self.functions: dict[str, tuple[Shell, Function]] = {}
        self.pending: list[Pending] = []
        self.ended = ""
        self.maybe = ""
        self.left = False
        self.trapped = False
        self.loops = 0

    def copy(self, because: str = "") -> State:
        """The same state for another way that the script may take; ``because``: why it may not."""
        other = State(self.scope.copy(), self.service)
        other.functions = dict(self.functions)
        other.pending = list(self.pending)
        other.maybe = self.maybe or because
        other.left, other.trapped, other.loops = self.left, self.trapped, self.loops
        return other

    def exists(self, path: str) -> bool | None:
        """Whether a file stands at ``path``: yes where the tree's own is put there, otherwise nobody knows."""
        folder = self.scope.folder
        full = path if path.startswith("/") else posixpath.join(folder, path) if folder else ""
        if not full.startswith("/") or "\0" in full:
            return None
        place = self.service.files.mapped(posixpath.normpath(full))
        return True if place is not None and self.service.files.disk.exists(place) else None

    def join(self, ways: Sequence[State], because: str) -> None:
        """Go on with what all the ways have in common that the script may have taken."""
        maybe = self.maybe
        open_ways = [way for way in ways if not way.ended]
        going = open_ways or list(ways)
        self._become(going[0])
        self.maybe = maybe
        self.scope.merge([way.scope for way in going[1:]], because)
        for way in going[1:]:
            self.functions.update(way.functions)
            self.pending += [each for each in way.pending if all(each is not own for own in self.pending)]
        del self.pending[:-_MOST_PENDING]
        self.trapped = any(way.trapped for way in ways)
        self.left = any(way.left for way in ways)
        if open_ways and any(way.ended and way.ended != "fail" for way in ways):
            self.left = self.left or any(way.ended == "exit" for way in ways)
            self.maybe = self.maybe or because
        self.maybe = self.maybe or next((way.maybe for way in going if way.left and way.maybe), "")

    def _become(self, other: State) -> None:
        self.scope, self.service, self.functions = other.scope, other.service, other.functions
        self.pending, self.ended = other.pending, other.ended
