"""Values of a compose file: variables replaced, words split, each located where it stands."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from cfgcheck.findings import Problem
from cfgcheck.model.located import Located, Origin
from cfgcheck.source.file import Span
from cfgcheck.syntax.compose_interpolation import MARK, Text, text_of
from cfgcheck.syntax.compose_words import ComposeWord, split_compose
from cfgcheck.syntax.dotenv_interpolation import Interpolated, Unknown, interpolate
from cfgcheck.syntax.shell_words import Word
from cfgcheck.syntax.yaml_tree import Node, Scalar, Sequence

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(us|µs|ms|s|m|h|d|w)?")
_SECONDS = {"us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, None: 1}
_MOST_WORDS = 2000
_LONGEST_NUMBER = 18
_OPERATORS = ("&&", "||", ";", "|", "&")
"""Behind which a command stands; what follows ``>`` is the name of a file."""

_NUMBER = re.compile(r"[-+]?[0-9.][0-9_.eE+\-xXoObBa-fA-F]*\Z")
_WHOLE = re.compile(r"-?(?:0[xX][0-9a-fA-F]+|0[oO][0-7]+|0[bB][01]+|[0-9]+)\Z")
_OCTAL = re.compile(r"-?0[0-7]+\Z")
_TEMPLATED = "a template fills it in"


class Values:
    """``variables``: of the ``.env`` beside the compose file; None: known to be set to what nobody knows."""

    def __init__(self, variables: Mapping[str, str | None]) -> None:
        self._variables = variables

    def given(self, name: str) -> str | None:
        """What ``.env`` sets a variable to; None where it does not, or nobody knows."""
        return self._variables.get(name)

    def replaced(self, text: str) -> Interpolated:
        return interpolate(text, self._lookup) if "$" in text else Interpolated(text, text)

    def _lookup(self, name: str) -> str | Unknown | None:
        if name not in self._variables:
            return None
        value = self._variables[name]
        return Unknown(f"the variable {name} is not known") if value is None else value

    def text(self, node: Node) -> Located[str]:
        """A scalar's text."""
        if not isinstance(node, Scalar):
            return Located.unknown("a list or mapping stands where text should", node.span)
        if node.templated:
            return Located.unknown(_TEMPLATED, node.span, node.text)
        made = self.replaced(node.text)
        if made.value is None:
            return Located.unknown(made.because or made.invalid, node.span, made.template)
        return Located(made.value, Origin.FILE, node.span, text=node.text)

    def plain(self, node: Node | None, otherwise: str = "") -> str:
        """A scalar's text for names and paths; unknown parts as they are written."""
        if not isinstance(node, Scalar) or node.null:
            return otherwise
        made = self.replaced(node.text)
        return made.template if made.value is None else made.value

    def word(self, node: Scalar) -> Word:
        """An item of a command in list form."""
        if node.templated:
            return Word(None, node.text, inner_span(node), _TEMPLATED)
        made = self.replaced(node.text)
        return Word(made.value, made.template, inner_span(node), made.because or made.invalid, False, made.defaults)

    def words(self, node: Scalar) -> tuple[Word, ...]:
        """A command in string form, split as Compose does. Where it refuses the text, the whole is one word."""
        text = text_of(node, self._lookup)
        found = split_compose(text.marked)
        if found.invalid:
            return (Word(None, node.text, inner_span(node), f"Compose can't split it: {found.invalid}"),)
        return tuple(_located(found.words[:_MOST_WORDS], text))

    def refused(self, node: Scalar) -> Problem | None:
        """What Compose refuses of a command in string form, or leaves out of it although it is meant to run."""
        text = text_of(node, self._lookup)
        found = split_compose(text.marked)
        if found.invalid:
            message = f"docker compose refuses this command: {found.invalid}"
            return Problem("unparsable-file", message, inner_span(node), "close it, or write the command as a list")
        rest = text.marked[found.stop :] if found.stop >= 0 else ""
        operator = next((one for one in _OPERATORS if rest.startswith(one)), "")
        if not operator or not rest[len(operator) :].strip():
            return None
        message = f"docker compose starts no shell: it leaves out everything from {operator} on"
        place = text.locate(found.stop, found.stop + len(operator))
        return Problem("unparsable-file", message, place, "write the command as a list: [sh, -c, '…']")


def _located(words: list[ComposeWord], text: Text) -> Iterator[Word]:
    """The words of a text whose variables were replaced before it was split, as Compose does."""
    before = 0
    for word in words:
        span = text.locate(word.start, word.end)
        if MARK in word.text:
            yield Word(None, text.filled(word.text, before), span, text.because, not word.quoted, text.defaults)
            before += word.text.count(MARK)
        else:
            yield Word(word.text, word.text, span, "", False, text.defaults)


def inner_span(node: Scalar) -> Span:
    """Where a scalar's own text stands: without its quotes."""
    return node.locate(0, len(node.text)) if node.text else node.span


def whole(text: str) -> int | None:
    """A whole number of a size that means something; None for any other text."""
    return int(text) if re.fullmatch(r"[0-9]{1,12}", text) else None


def anew(text: str) -> str:
    """What Compose makes of a plain scalar in ``environment``: it reads truth values and numbers, and writes them anew
    (``True`` is true, ``1.10`` is 1.1, ``0644`` is 420). Seen with Docker Compose 2.40.3."""
    if text in ("true", "True", "TRUE", "false", "False", "FALSE"):
        return text.lower()
    if not _NUMBER.match(text) or len(text) > _LONGEST_NUMBER:
        return text
    digits = text.replace("_", "").removeprefix("+")
    try:
        if _WHOLE.match(digits):
            return str(int(digits, 8 if _OCTAL.match(digits) else 0))
        number = float(digits)
        return str(int(number)) if number == int(number) and abs(number) < 1e21 else repr(number)
    except (ValueError, OverflowError):
        return text


def seconds(text: str) -> float | None:
    """A duration as Compose writes it (``1m30s``), in seconds; None where it is none."""
    total, at = 0.0, 0
    for found in _DURATION.finditer(text):
        if found.start() != at:
            return None
        total += float(found[1]) * _SECONDS[found[2]]
        at = found.end()
    return total if text and at == len(text) else None


def listed(node: Node | None) -> list[Node]:
    """The items of a sequence; a scalar is one item."""
    if isinstance(node, Sequence):
        return list(node.items)
    return [node] if isinstance(node, Scalar) and not node.null else []
