"""The environment of a container, and the words of its command with ``$(NAME)`` replaced."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from cfgcheck.load.kubernetes_config_maps import ConfigMap, value_of
from cfgcheck.load.kubernetes_view import View
from cfgcheck.load.service import Launch
from cfgcheck.model.located import Located
from cfgcheck.source.file import Span
from cfgcheck.syntax.environment import Environment
from cfgcheck.syntax.shell_word import Word
from cfgcheck.syntax.yaml_tree import Scalar

_REFERENCE: Final = re.compile(r"\$(\$|\(([^()]*)\))")
_NAME: Final = re.compile(r"[-._a-zA-Z][-._a-zA-Z0-9]*\Z")
_MOST_TEXT: Final = 65536

FindConfigMap = Callable[[str], ConfigMap | None]
"""A ConfigMap of the container's namespace by name."""


class ContainerEnvironment:
    """``environment``: all that the container is started with; ``own``: names that the manifest itself sets, which
    alone count in ``$(NAME)``. ``open``: a Secret may set others."""

    def __init__(self, container: View, image: Environment, find: FindConfigMap) -> None:
        self.environment = image
        self.own: dict[str, Located[str]] = {}
        self.open = ""
        for source in container.get("envFrom").elements():
            self._take_all(source, find)
        for entry in container.get("env").elements():
            name = entry.get("name").string
            if name:
                self._set(name, self._value(entry, find))
        # Kubernetes adds variables of Services (WEB_PORT_8000_TCP …), of which no file tells.
        complete = self.environment.complete and not self.open and not container.get("env").partial
        now = self.environment
        self.environment = Environment(now.values, now.unknown, now.spans, complete)

    def _take_all(self, source: View, find: FindConfigMap) -> None:
        prefix = source.get("prefix").string
        reference = source.get("configMapRef", "name")
        found = find(reference.name) if reference else None
        if found is None:
            kind = "ConfigMap" if reference else "Secret"
            name = reference.name or source.get("secretRef", "name").name
            self.open = f"it may be set by the {kind} {name}, which is not in the folder checked"
            return
        for key in found.names():
            value = value_of(found, key)
            if _NAME.match(key):
                self._set(prefix + key, value or Located.read("", None))

    def _value(self, entry: View, find: FindConfigMap) -> Located[str]:
        source = entry.get("valueFrom")
        if not source:
            text = entry.get("value").text
            return self.expanded(text) if text is not None else Located.read("", entry.span)
        reference = source.get("configMapKeyRef")
        if reference:
            found = find(reference.get("name").name)
            value = value_of(found, reference.get("key").string) if found is not None else None
            return value or Located.unknown("it is a key of a ConfigMap that is not in the folder checked", source.span)
        kind = next((name for name, _, _ in source.entries()), "valueFrom")
        what = {"secretKeyRef": "it is a key of a Secret", "fieldRef": "the pod itself decides it"}
        return Located.unknown(what.get(kind, f"it comes from a {kind}"), source.span)

    def _set(self, name: str, value: Located[str]) -> None:
        self.own[name] = value
        if value.known:
            spans = {name: value.span} if value.span is not None else {}
            self.environment = self.environment.with_values({name: value.value}, spans)
        else:
            self.environment = self.environment.with_unknown(name, value.because)

    def expanded(self, text: Located[str]) -> Located[str]:
        """``$(NAME)`` is the value of a variable set before; ``$$`` stands for one dollar; one that nobody sets stays
        as it is."""
        if not text.known or "$" not in text.value:
            return text
        because = ""
        length = 0

        def replaced(found: re.Match[str]) -> str:
            nonlocal because, length
            if found[2] is None:
                return "$"
            value = self.own.get(found[2])
            if value is None:
                because = because or (f"{found[2]}: {self.open}" if self.open else "")
                return found[0]
            if not value.known:
                because = because or f"{found[2]} is not known: {value.because}"
                return f"${{{found[2]}}}"
            length += len(value.value)
            if length > _MOST_TEXT:
                because = because or "it is longer than any command"
                return ""
            return value.value

        filled = _REFERENCE.sub(replaced, text.value)
        if because:
            return Located.unknown(because, text.span, filled)
        return Located(filled, text.origin, text.span, text.because, filled)


def launch_of(view: View, environment: ContainerEnvironment) -> Launch | None:
    """The words of ``command`` or ``args``; None where there are none (an empty list counts as none)."""
    words = [_word(item, environment) for item in view.elements() if item.node is not None]
    if not words or view.span is None:
        return None
    return Launch(_from_to(words) or view.span, tuple(words))


def _word(item: View, environment: ContainerEnvironment) -> Word:
    node = item.node
    assert node is not None
    if not isinstance(node, Scalar):
        return Word(None, "", node.span, "no text stands there")
    span = node.locate(0, len(node.text)) if node.text else node.span
    text = item.text or Located.read("", node.span)
    filled = environment.expanded(text)
    if filled.known:
        return Word(filled.value, filled.value, span)
    return Word(None, filled.text, span, filled.because)


def _from_to(words: list[Word]) -> Span | None:
    """From the first through the last word."""
    first, last = words[0].span, words[-1].span
    return Span(first.file, first.start, last.end) if last.end >= first.start else None
