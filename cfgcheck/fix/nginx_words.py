"""An nginx statement as words: read from what a rule writes, compared with one that stands there, put in its place."""

from __future__ import annotations

from cfgcheck.findings import Edit
from cfgcheck.fix.editing import CannotFix
from cfgcheck.source.file import SourceFile, Span
from cfgcheck.syntax.nginx_parse import parse, unescape
from cfgcheck.syntax.nginx_tokens import COMMENT, tokenize
from cfgcheck.syntax.nginx_tree import Directive, Word

KEYED = frozenset(
    {
        "proxy_set_header", "grpc_set_header", "uwsgi_param", "fastcgi_param", "scgi_param", "add_header",
        "add_trailer", "proxy_hide_header", "uwsgi_hide_header", "env", "set",
    }
)  # fmt: skip
"""Statements of which there is one for each first argument."""


def read_statement(text: str) -> Directive:
    """The statement that a text without its ``;`` is. Errors: CannotFix when it is none, or more than one."""
    tree = parse(SourceFile("", f"{text};"), None)
    if len(tree.directives) != 1 or tree.problems or tree.comments:
        raise CannotFix(f"`{text}` is no statement of nginx")
    statement = tree.directives[0]
    if statement.block is not None or statement.end != len(text) + 1:
        raise CannotFix(f"`{text}` is no statement of nginx")
    return statement


def written(statement: Directive) -> str:
    """Its name and arguments as they stand in their text."""
    last = statement.args[-1] if statement.args else statement.name
    return statement.file.text[statement.name.start : last.end]


def is_about(one: Directive, other: Directive) -> bool:
    """Whether two statements set the same thing: the same name, and of headers and the like the same header."""
    if one.key != other.key or one.block is not None or other.block is not None:
        return False
    if one.key not in KEYED or not one.args or not other.args:
        return True
    return one.args[0].value.lower() == other.args[0].value.lower()


def says_the_same(one: Directive, other: Directive) -> bool:
    """Whether two statements have the same words; the names of headers in whatever letters."""
    return is_about(one, other) and one.values[one.key in KEYED :] == other.values[other.key in KEYED :]


def rewritten(old: Directive, new: Directive) -> list[Edit]:
    """What makes one statement say what another does: only the words that differ, if they are as many."""
    if says_the_same(old, new):
        return []
    for word in (old.name, *old.args):
        _check(old.file, word)
    if len(old.args) == len(new.args):
        pairs = zip(old.args, new.args, strict=True)
        return [_word_edit(old.file, was, new.file, word) for was, word in pairs if was.value != word.value]
    return [_all_words(old, new)]


def _word_edit(file: SourceFile, was: Word, source: SourceFile, word: Word) -> Edit:
    """The quotes that stand there are kept where the new word has none of its own."""
    text = source.text[word.start : word.end]
    quote = file.text[was.start]
    if was.quoted and not word.quoted and not set(text) & {quote, "\\"}:
        text = f"{quote}{text}{quote}"
    return Edit(Span(file, was.start, was.end), text)


def _all_words(old: Directive, new: Directive) -> Edit:
    start, end = (old.args[0].start, old.args[-1].end) if old.args else (old.name.end, old.name.end)
    if any(kind == COMMENT for kind, _, _ in tokenize(old.file.text, start, end)):
        raise CannotFix(f"comments stand in the midst of `{old.key}`")
    text = new.file.text[new.args[0].start : new.args[-1].end] if new.args else ""
    return Edit(Span(old.file, start, end), text if old.args else f" {text}")


def _check(file: SourceFile, word: Word) -> None:
    """What a template fills in can't be written over: nobody knows what else it serves."""
    text = file.text[word.start : word.end]
    if word.templated or unescape(text[1:-1] if word.quoted else text) != word.value:
        raise CannotFix(f"{text} comes from a template")
