"""What the settings say of a stack, in the form in which the loader takes it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from cfgcheck.load.declared_commands import DeclaredCommand
from cfgcheck.load.stack import Declarations
from cfgcheck.model.stack import Stack
from cfgcheck.settings.model import AppDeclaration, Settings, StackDeclaration
from cfgcheck.syntax.environment import Environment


def declarations(settings: Settings, stack: StackDeclaration | None) -> Declarations:
    """``stack``: the ``[[stack]]`` that is loaded, None for what belongs to none: an ``[[app]]`` belongs to the stack
    whose paths cover its directory."""
    return Declarations(
        versions=settings.versions,
        commands=[_command(app) for app in settings.apps if _owner(settings, app) is stack],
        edge=settings.edge,
        hosts=settings.hosts,
        timeout_order=settings.timeout_order,
        declared=settings.declared,
        span=stack.span if stack is not None else None,
    )


def unused(settings: Settings, stacks: Sequence[Stack]) -> Iterator[str]:
    """Declarations that speak of nothing: most likely slips of the hand."""
    names = {app.name for stack in stacks for app in stack.apps}
    for app in settings.apps:
        if app.name not in names:
            yield f"{app.span}: the command of the app {app.name} starts no app server."
    commanded = {app.name for app in settings.apps}
    for name in settings.declared.apps:
        if name not in names and name not in commanded:
            yield f"[[app]] {name} in the settings names no app that was found."
    paths = [path for stack in settings.stacks for path in stack.paths]
    paths += [Path(path) for host in settings.hosts.values() for path in host.paths]
    yield from (f"{path} in the settings does not exist." for path in paths if not path.exists())


def _owner(settings: Settings, app: AppDeclaration) -> StackDeclaration | None:
    return next((stack for stack in settings.stacks if stack.covers(app.directory)), None)


def _command(app: AppDeclaration) -> DeclaredCommand:
    values = {name: value.value for name, value in app.environment.items()}
    spans = {name: value.span for name, value in app.environment.items() if value.span is not None}
    assert app.command.span is not None
    environment = Environment(values, {}, spans)
    return DeclaredCommand(app.name, app.command.value, app.command.span, app.directory, environment, app.host)
