"""What the settings say of a stack, in the form in which the loader takes it."""

from __future__ import annotations

from cfgcheck.load.apps import Command, of_declaration
from cfgcheck.load.stack import Declarations
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


def _owner(settings: Settings, app: AppDeclaration) -> StackDeclaration | None:
    return next((stack for stack in settings.stacks if stack.covers(app.directory)), None)


def _command(app: AppDeclaration) -> Command:
    values = {name: value.value for name, value in app.environment.items()}
    spans = {name: value.span for name, value in app.environment.items() if value.span is not None}
    assert app.command.span is not None
    environment = Environment(values, {}, spans)
    return of_declaration(app.name, app.command.value, app.command.span, app.directory, environment, app.host)
