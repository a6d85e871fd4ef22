"""What a service comes to start: its entrypoint and command, seen through shells, scripts and wrappers."""

from __future__ import annotations

from collections.abc import Iterator

from cfgcheck.load.context import Context
from cfgcheck.load.follow_commands import Enough, Session
from cfgcheck.load.follow_signals import main_process
from cfgcheck.load.follow_state import State
from cfgcheck.load.service import Launch, Service
from cfgcheck.load.start import Followed
from cfgcheck.record import replace
from cfgcheck.source.file import Span
from cfgcheck.syntax.shell_script_scope import Scope
from cfgcheck.syntax.shell_word import Word


def follow(service: Service, context: Context) -> Followed:
    """The programs that keep running, each with its environment and place; nothing is run to find out."""
    return follow_service(service, context, 0)


def follow_service(service: Service, context: Context, depth: int) -> Followed:
    """``depth``: how many supervisords it runs inside of."""
    session = Session(service, context, depth)
    words = _words(service, session)
    if not words:
        session.followed.unseen = service.opaque
        return session.followed
    state = State(Scope(service.environment), service)
    state.scope.folder = service.folder
    post = replace(main_process(service), via=tuple(_places(service)))
    try:
        session.command(words, state, post)
        session.keep(state.pending)
    except Enough:
        session.followed.unseen = session.followed.unseen or f"{service.unit.label} starts more than cfgcheck follows"
    except RecursionError:
        session.followed.unseen = session.followed.unseen or f"{service.unit.label} is nested too deep to be followed"
    return session.followed


def _words(service: Service, session: Session) -> tuple[Word, ...]:
    """The whole command as Docker puts it together: an entrypoint in shell form takes no command."""
    entrypoint, command = service.entrypoint, service.command
    own = _of(command, session) if command is not None else ()
    if entrypoint is None:
        return own
    if entrypoint.shell:
        return (*_of(entrypoint, session), *own)
    return (*entrypoint.words, *own)


def _of(launch: Launch, session: Session) -> tuple[Word, ...]:
    if not launch.shell:
        return launch.words
    text = Word(launch.text, launch.text, launch.span)
    if launch.locate is not None:
        session.shell_texts[id(text)] = (launch.text, launch.locate)
    return (Word("/bin/sh", "/bin/sh", launch.span), Word("-c", "-c", launch.span), text)


def _places(service: Service) -> Iterator[Span]:
    for launch in (service.entrypoint, service.command):
        if launch is not None:
            yield launch.span
