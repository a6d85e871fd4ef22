"""Directives that nginx refuses: unknown ones, those in a wrong place, those with a wrong number of arguments."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from cfgcheck.findings import Label, Problem
from cfgcheck.load.nginx_files import NginxConfig
from cfgcheck.load.nginx_kinds import Kind
from cfgcheck.syntax.nginx_directives import Form, forms, heard_of, known, names
from cfgcheck.syntax.nginx_tree import Directive, NginxTree

_INNER: Final = {
    ("main", "events"): "events",
    ("main", "http"): "http",
    ("main", "stream"): "stream",
    ("http", "server"): "server",
    ("http", "upstream"): "upstream",
    ("server", "location"): "location",
    ("server", "if"): "server/if",
    ("location", "location"): "location",
    ("location", "if"): "location/if",
    ("location", "limit_except"): "limit_except",
    ("stream", "server"): "stream/server",
    ("stream", "upstream"): "stream/upstream",
}
"""The context within a block. What stands in other blocks (``mail``, data, third-party modules) is not judged."""

_FRAGMENTS: Final = {Kind.HTTP: "http", Kind.SERVER: "server", Kind.LOCATION: "location"}

_OWN_MODULES: Final = frozenset(
    {
        "ngx_http_geoip_module", "ngx_http_image_filter_module", "ngx_http_perl_module", "ngx_http_xslt_filter_module",
        "ngx_mail_module", "ngx_stream_module", "ngx_stream_geoip_module",
    }
)  # fmt: skip
"""Modules of nginx itself that may be built as dynamic ones: their directives are all in the table."""

_USUAL: Final = ("location", "server", "http", "events", "upstream", "main")
"""Contexts in the order in which they are most likely meant."""

_MOST = 100
_LONGEST = 80
_CLOSE = 0.8
"""How alike two names must be (difflib's ratio) for one to be taken for a misspelling of the other."""


def validate(config: NginxConfig) -> list[Problem]:
    """``unknown-directive`` and ``misplaced-directive`` of a configuration.

    Quiet where nothing can be known: in templates with conditions, in files whose braces or quotes do not match, at
    the outermost level of a fragment, within blocks of unknown modules.
    """
    return list(_Validator(config).run())


def _not_nginx(tree: NginxTree) -> Problem:
    """A file that somebody named, or that is called ``nginx.conf``, must not look as if it had been judged."""
    first = next(directive for directive in tree.directives if not known(directive.key))
    return Problem(
        "unparsable-file",
        f'{tree.name} is no nginx configuration: "{first.key[:_LONGEST]}" and most of the rest are no directives',
        first.span,
        "check the file, or exclude it",
        "no directive of nginx",
    )


class _Validator:
    def __init__(self, config: NginxConfig) -> None:
        self.config = config
        self.quiet = {id(tree.file) for tree in config.trees if _is_unsure(tree)}
        self.templates = {id(tree.file) for tree in config.trees if tree.template is not None}
        self.may_load = self._may_load_modules()
        self.right: set[tuple[str, int, bool, str]] = set()
        self.told: set[int] = set()
        self.wrong = 0

    def run(self) -> Iterator[Problem]:
        kind = self.config.kind.kind
        if kind is Kind.MAIN:
            yield from self._walk("main", None)
        elif kind in _FRAGMENTS:
            yield from self._walk(_FRAGMENTS[kind], None)
        elif kind is Kind.OTHER and not self.quiet and not self.config.tree.problems:
            yield _not_nginx(self.config.tree)

    def _walk(self, context: str, root: Directive | None) -> Iterator[Problem]:
        pending: list[tuple[str, Directive | None]] = [(context, root)]
        while pending and self.wrong < _MOST:
            context, block = pending.pop()
            judged = block is not None or self.config.kind.kind is Kind.MAIN
            inner: list[tuple[str, Directive | None]] = []
            children = self.config.tree.directives if block is None else block.block or ()
            for directive in self.config.expand(children):
                if judged and not directive.data:
                    yield from self._judge(directive, context, block)
                within = _INNER.get((context, directive.name.value)) if directive.block is not None else None
                if within is not None:
                    inner.append((within, directive))
            pending.extend(reversed(inner))

    def _judge(self, directive: Directive, context: str, block: Directive | None) -> Iterator[Problem]:
        key = (directive.name.value, len(directive.args), directive.block is not None, context)
        if key in self.right:
            return
        if id(directive.file) in self.quiet or id(directive) in self.told or directive.name.templated:
            return
        usable = forms(directive.key)
        problem = _misplaced(directive, context, usable) if usable else self._unknown(directive, context)
        if problem is not None:
            self.told.add(id(directive))
            self.wrong += 1
            if block is not None and block.file is not directive.file:
                problem = _with_block(problem, block)
            yield problem
        elif usable and not any(form.flag for form in usable):
            self.right.add(key)

    def _unknown(self, directive: Directive, context: str) -> Problem | None:
        name = directive.key
        if heard_of(name) or id(directive.file) in self.templates:
            return None
        near = _nearest(name, context)
        if self.may_load and not near:
            return None
        return Problem(
            "unknown-directive",
            f'no known module of nginx has a directive "{name}"',
            directive.span,
            f'did you mean "{near}"?' if near else "correct the name, or load the module that has it",
            f'nginx refuses it: unknown directive "{name}"',
        )

    def _may_load_modules(self) -> bool:
        """Whether modules may be loaded that cfgcheck knows nothing of."""
        if self.config.kind.kind is not Kind.MAIN or self.config.tree.template is not None:
            return True
        if any(directive.parent is None for directive, _ in self.config.unresolved):
            return True
        loads = (directive for directive in self.config.directives if directive.key == "load_module")
        return any(_module_name(directive) not in _OWN_MODULES for directive in loads)


def _is_unsure(tree: NginxTree) -> bool:
    return tree.damaged or (tree.template is not None and tree.template.has_tags)


def _module_name(directive: Directive) -> str:
    path = directive.args[0].value if directive.args else ""
    return path.rsplit("/", 1)[-1].removesuffix(".so")


def _misplaced(directive: Directive, context: str, usable: tuple[Form, ...]) -> Problem | None:
    """Why nginx refuses a known directive in this context; None when it does not."""
    here = [form for form in usable if context in form.contexts]
    if not here:
        contexts = sorted(set().union(*(form.contexts for form in usable)))
        return _refused(directive, f'"{directive.key}" is not allowed {_in(context)}', _belongs(contexts))
    block = directive.block is not None
    fitting = [form for form in here if form.block == block]
    if not fitting:
        if block:
            return _refused(directive, f'"{directive.key}" takes no block', f'end "{directive.key}" with ";"')
        return _refused(directive, f'"{directive.key}" has no opening "{{"', 'add "{ … }"')
    if directive.templated:
        return None
    count = len(directive.args)
    if not any(form.takes(count) for form in fitting):
        plural = "" if count == 1 else "s"
        message = f'"{directive.key}" does not take {count or "no"} argument{plural}'
        return _refused(directive, message, f"give it {_counts(fitting)}")
    if all(form.flag for form in fitting) and directive.args[0].value.lower() not in ("on", "off"):
        value = directive.args[0].value
        return _refused(directive, f'"{directive.key}" must be "on" or "off", not "{value}"', 'write "on" or "off"')
    return None


def _refused(directive: Directive, message: str, hint: str) -> Problem:
    return Problem("misplaced-directive", message, directive.span, hint, "nginx refuses this")


def _with_block(problem: Problem, block: Directive) -> Problem:
    """The same with the block that an included file's directive ends up in."""
    related = (Label(block.span, "included into this block"),)
    return Problem(problem.rule, problem.message, problem.span, problem.hint, problem.label, related)


def _in(context: str) -> str:
    if context == "main":
        return "outside of all blocks"
    outer, _, inner = context.rpartition("/")
    if not outer:
        return f"directly in {inner}{{}}"
    return f"in {inner}{{}} of {outer}{{}}"


def _belongs(contexts: list[str]) -> str:
    names = [context for context in contexts if not context.startswith(("mail", "stream"))] or contexts
    names = sorted(names, key=lambda name: _USUAL.index(name) if name in _USUAL else len(_USUAL))
    shown = ", ".join("the outermost level" if name == "main" else f"{name}{{}}" for name in names[:4])
    return f"move it into {shown}"


def _counts(fitting: list[Form]) -> str:
    counts = sorted(set().union(*({1} if form.flag else form.counts for form in fitting)))
    least = min((form.at_least for form in fitting if form.at_least is not None), default=None)
    words = [str(count) if count else "none" for count in counts]
    if least is not None:
        words.append(f"{least} or more" if least else "any number")
    return " or ".join(words) + (" argument" if words == ["1"] else " arguments")


def _nearest(name: str, context: str) -> str:
    """The directive whose name is most like ``name``, one of this context if possible; "" when none is."""
    if known(name.lower()):
        return name.lower()
    from difflib import get_close_matches

    here = [other for other in names() if any(context in form.contexts for form in forms(other))]
    for candidates in (here, names()):
        for near in get_close_matches(name[:_LONGEST], candidates, 1, _CLOSE):
            return near
    return ""
