"""Keys of YAML mappings: another value, or a new pair among its relatives, written like its neighbours."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence

from cfgcheck.findings import Edit
from cfgcheck.fix.editing import CannotFix
from cfgcheck.fix.order_text import line_after, line_before, line_begin, line_end, replaced
from cfgcheck.syntax.yaml_nodes import Mapping, Node, Pair, Scalar, walk
from cfgcheck.syntax.yaml_nodes import Sequence as YamlSequence

Value = str | int | bool

_PLAIN = re.compile(r"[A-Za-z/._][\w./:=,@+-]*\Z|[0-9]+(?:\.[0-9]+)?(?:us|ms|s|m|h)\Z")
_MEANS_MORE = frozenset({"true", "false", "yes", "no", "on", "off", "null", "y", "n", ".", ".inf", ".nan"})
_COLON = re.compile(r"[ \t]*:")
_ALIAS = re.compile(r"[ \t]*:[ \t]*(\*[^\s,\[\]{}]+)")
_GAP = re.compile(r"[ \t]*:(?:[ \t]*(?:\#[^\n]*)?\r?\n)?[ \t]*\Z")
_QUOTES = ("'", '"')


def put(mapping: Mapping, key: str, value: Value, after: Sequence[str] = (), before: Sequence[str] = ()) -> Edit:
    """``key: value`` in a mapping itself, whatever it merges: replaced, or added after (or before) a relative.
    Errors: CannotFix."""
    own = own_pair(mapping, key)
    if own is not None:
        return other_value(own, value)
    return added(mapping, [f"{key}: "], value, after, before)


def own_pair(mapping: Mapping, key: str) -> Pair | None:
    """The pair that counts of those that the mapping itself has."""
    return next((pair for pair in reversed(mapping.pairs) if pair.key.text == key), None)


def is_alias(key: Scalar, value: Node) -> bool:
    """Whether a value stands elsewhere, and only its name here."""
    return value.span.start < key.span.start


def other_value(pair: Pair, value: Value) -> Edit:
    """Another scalar in the place of one, quoted like it."""
    key, node = pair
    file, end = key.span.file, key.span.end
    if is_alias(key, node):
        alias = _ALIAS.match(file.text, end)
        if alias is None:
            raise CannotFix(f"`{key.text}` is set elsewhere")
        return replaced(file, *alias.span(1), scalar(value))
    if not isinstance(node, Scalar) or node.templated or node.style in ("|", ">"):
        raise CannotFix(f"the value of `{key.text}` is no plain text")
    if "$" in node.text:
        raise CannotFix(f"the value of `{key.text}` comes from a variable")
    if node.null and not node.text:
        colon = _COLON.match(file.text, end)
        at = colon.end() if colon is not None else end
        return replaced(file, at, at, f" {scalar(value)}")
    if not _GAP.match(file.text[end : node.span.start]):
        raise CannotFix(f"the value of `{key.text}` has a name or a tag, so others may use it")
    return replaced(file, node.span.start, node.span.end, scalar(value, node.style))


def scalar(value: Value, style: str = "") -> str:
    """A value as YAML: plain where that is possible and nobody quotes."""
    if not isinstance(value, str):
        text = str(value).lower()
        return f"{style}{text}{style}" if style in _QUOTES else text
    if any(ord(char) < 0x20 or 0xD800 <= ord(char) < 0xE000 or ord(char) == 0x7F for char in value):
        raise CannotFix("the value holds characters that can't be written there")
    if style == "'" or (style == "" and "\\" in value):
        return "'" + value.replace("'", "''") + "'"
    if style == '"' or not _PLAIN.match(value) or value.lower() in _MEANS_MORE or value.endswith(":"):
        return json.dumps(value, ensure_ascii=False)
    return value


# ── new pairs ─────────────────────────────────────────────────────────────────────────────────────────────────────


def added(
    mapping: Mapping, lead: Sequence[str], value: Value, after: Iterable[str] = (), before: Iterable[str] = ()
) -> Edit:
    """A new pair. ``lead``: the keys that lead to the value, and ``- `` for an item of a list, each in the one before:
    ``["env: ", "- "]``. A block mapping gets a line for each, a flow mapping one piece."""
    if mapping.partial:
        raise CannotFix("a template puts further keys there")
    if any(pair.key.style not in ("", *_QUOTES) or pair.key.templated for pair in mapping.pairs):
        raise CannotFix("its keys can't be read for sure")
    if mapping.flow:
        return _in_flow(mapping, lead, value)
    if not mapping.pairs:
        raise CannotFix("there is nothing beside which it could be written")
    file = mapping.span.file
    own = [pair for pair in mapping.pairs if pair.key.span.start >= mapping.span.start]
    front = next((pair for name in before for pair in own if pair.key.text == name and _begins_line(pair)), None)
    if front is not None:
        return line_before(file, front.key.span.start, *_lines(front, lead, value))
    near = next((pair for name in after for pair in reversed(own) if pair.key.text == name), own[-1])
    if _has_no_end(near):
        if not _begins_line(near):
            raise CannotFix("the text above has no line ending, and would get one")
        return line_before(file, near.key.span.start, *_lines(near, lead, value))
    return line_after(file, last_offset(near), *_lines(near, lead, value))


def _has_no_end(pair: Pair) -> bool:
    """Whether a text of several lines ends with the file and has no line ending there: one would become a part of
    it."""
    text = pair.key.span.file.text
    if is_alias(*pair) or text.endswith("\n") or line_end(text, last_offset(pair)) != len(text):
        return False
    return any(isinstance(node, Scalar) and node.style in ("|", ">") for node in walk(pair.value))


def _lines(near: Pair, lead: Sequence[str], value: Value) -> Iterator[str]:
    blanks = column_of(near.key)
    style = near.key.style
    for depth, part in enumerate(lead):
        name, colon, rest = part.partition(":")
        written = f"{style}{name}{style}{colon}{rest}" if style and colon else part
        end = scalar(value, style if isinstance(value, str) else "") if depth == len(lead) - 1 else ""
        yield f"{blanks}{'  ' * depth}{written}{end}".rstrip(" ")


def _in_flow(mapping: Mapping, lead: Sequence[str], value: Value) -> Edit:
    file = mapping.span.file
    style = mapping.pairs[0].key.style if mapping.pairs else ""
    text = scalar(value, style if isinstance(value, str) else "")
    for part in reversed(lead[1:]):
        name, colon, rest = part.partition(":")
        text = f"[{text}]" if not colon else f"{{{style}{name}{style}{colon}{rest}{text}}}"
    name, colon, rest = lead[0].partition(":")
    text = f"{style}{name}{style}{colon}{rest}{text}"
    if not mapping.pairs:
        return replaced(file, mapping.span.start + 1, mapping.span.start + 1, text)
    last = mapping.pairs[-1]
    if is_alias(*last) or (isinstance(last.value, Scalar) and not last.value.text and not last.value.style):
        return replaced(file, mapping.span.start + 1, mapping.span.start + 1, f"{text}, ")
    gap = "\n" + column_of(last.key) if _begins_line(last) else " "
    gap = gap.replace("\n", "\r\n") if "\r\n" in mapping.span.text else gap
    return replaced(file, last.value.span.end, last.value.span.end, f",{gap}{text}")


def column_of(key: Scalar) -> str:
    """Blanks as far as a key is indented, a list's dash in front of it counted."""
    begin = line_begin(key.span.file.text, key.span.start)
    return " " * (key.span.start - begin)


def _begins_line(pair: Pair) -> bool:
    text, start = pair.key.span.file.text, pair.key.span.start
    return not text[line_begin(text, start) : start].strip(" ")


def last_offset(pair: Pair) -> int:
    """An offset in the last line of a pair of a block mapping; comments and empty lines behind it are not its own."""
    key, node = pair
    text = key.span.file.text
    here = not is_alias(key, node)
    if here and isinstance(node, Scalar) and node.style not in ("|", ">"):
        return max(key.span.end, node.span.end if node.text or node.style else 0)
    if here and not isinstance(node, Scalar) and node.flow:
        return node.span.end
    if not here:
        return key.span.end
    keeps = isinstance(node, Scalar) and "+" in text[node.span.start : line_end(text, node.span.start)]
    return _end_of_block(text, key, isinstance(node, YamlSequence), keeps)


def _end_of_block(text: str, key: Scalar, dashes: bool, keeps: bool) -> int:
    """The end of the last line that is indented deeper than a key; ``keeps``: empty lines at the end count."""
    column = len(column_of(key))
    last = end = line_end(text, key.span.start)
    while (following := text.find("\n", end) + 1) and following < len(text):
        end = line_end(text, following)
        line = text[following:end]
        bare = line.lstrip(" ")
        depth = len(line) - len(bare)
        if not bare.strip():
            last = end if keeps else last
        elif depth > column or (dashes and depth == column and (bare == "-" or bare.startswith("- "))):
            last = end
        elif not bare.startswith("#"):
            break
    return last


# ── items of lists ────────────────────────────────────────────────────────────────────────────────────────────────


def item_added(sequence: YamlSequence, value: str) -> Edit:
    """One more item at the end of a list, quoted like the one before."""
    file = sequence.span.file
    if sequence.partial or not sequence.items:
        raise CannotFix("there is no item beside which it could be written")
    last = sequence.items[-1]
    if not isinstance(last, Scalar) or last.span.start < sequence.span.start or last.style in ("|", ">"):
        raise CannotFix("the list has items that are no plain text")
    written = scalar(value, last.style)
    if sequence.flow:
        return replaced(file, last.span.end, last.span.end, f", {written}")
    begin = line_begin(file.text, last.span.start)
    dash = file.text.rfind("-", begin, last.span.start)
    if dash < 0 or file.text[begin:dash].strip(" -"):
        raise CannotFix("the list is written in a way that can't be continued")
    return line_after(file, last.span.end, f"{' ' * (dash - begin)}{file.text[dash : last.span.start]}{written}")
