"""The commands. Each is imported only when it is called."""

from __future__ import annotations

from importlib import import_module

import click

from cfgcheck import __version__

_COMMANDS = {
    "check": "cfgcheck.cli.check",
    "fix": "cfgcheck.cli.fix",
    "init": "cfgcheck.cli.init",
    "generate": "cfgcheck.cli.generate",
    "import": "cfgcheck.cli.import_",
    "show": "cfgcheck.cli.show",
    "trace": "cfgcheck.cli.trace",
    "diagnose": "cfgcheck.cli.diagnose",
    "diff": "cfgcheck.cli.diff",
    "explain": "cfgcheck.cli.explain",
    "rules": "cfgcheck.cli.catalogue",
}


class LazyGroup(click.Group):
    """A group whose commands are functions called ``command`` in modules of their own."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        command = import_module(_COMMANDS[cmd_name]).command
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in _COMMANDS and not args[0].startswith("-"):
            ctx.fail(f"no such command: {args[0]}{_hint(args[0])}")
        return super().resolve_command(ctx, args)


def _hint(word: str) -> str:
    from difflib import get_close_matches

    close = get_close_matches(word, _COMMANDS, 1)
    if close:
        return f"; did you mean {close[0]}?"
    import os

    return f"; did you mean cfgcheck check {word}?" if os.path.exists(word) else ""


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit code: 0 nothing found, 1 findings, 2 wrong usage, unusable settings or an internal error.",
)
@click.version_option(__version__, prog_name="cfgcheck", message="%(prog)s %(version)s")
def cfgcheck() -> None:
    """Read nginx and Gunicorn or uWSGI configuration together and show where the two ends disagree.

    \b
    cfgcheck check                                   check the current folder
    cfgcheck check deploy/ --fail-on error
    cfgcheck fix --diff                              what can be mended
    cfgcheck import deploy/                          a spec of what is there
    cfgcheck show                                    what was understood: routes, links, settings
    cfgcheck trace https://shop.example.com/api      one request: who takes it, which limit ends it
    cfgcheck diagnose /var/log/nginx/error.log       what log lines mean, and what explains them
    cfgcheck explain missing-host                    what a rule means and how to mend it
    """
