"""Templates of nginx's own image (``/etc/nginx/templates/NAME.template``), filled in as its entrypoint does: with the
variables that the container has (``envsubst``)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from cfgcheck.syntax.nginx_parse import parse
from cfgcheck.syntax.nginx_tree import Directive, NginxTree, Word

_VARIABLE = re.compile(r"\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))", re.ASCII)
_CUTS_WORDS = re.compile(r"[\s;{}'\"]")


def filled(tree: NginxTree, values: Mapping[str, str]) -> NginxTree:
    """The tree with every placeholder whose variable is known replaced; the very tree where there is none. Places are
    those of the template."""
    template = tree.template
    if template is None or not (template.variables & values.keys()):
        return tree
    fresh = parse(tree.file)
    wanted = {name: values[name] for name in template.variables if name in values}
    for directive in fresh.walk():
        _fill(directive, wanted, template.variables)
    return fresh


def _fill(directive: Directive, values: Mapping[str, str], variables: frozenset[str]) -> None:
    for word in (directive.name, *directive.args):
        if word.templated:
            _fill_word(word, values, variables)


def _fill_word(word: Word, values: Mapping[str, str], variables: frozenset[str]) -> None:
    def value(found: re.Match[str]) -> str:
        known = values.get(found[1] or found[2])
        # What would be cut into several words stays a placeholder.
        return found[0] if known is None or (_CUTS_WORDS.search(known) and not word.quoted) else known

    made = _VARIABLE.sub(value, word.value)
    if made != word.value:
        word.value = made
        left = {found[1] or found[2] for found in _VARIABLE.finditer(made)}
        word.templated = bool(left & variables)
