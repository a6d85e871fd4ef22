"""``[ … ]`` and ``[[ … ]]``: decided where both sides are known."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cfgcheck.syntax.shell_script_parameters import matcher
from cfgcheck.syntax.shell_word import Word

_MOST_WORDS = 60
_NUMBERS = {"-eq": "__eq__", "-ne": "__ne__", "-lt": "__lt__", "-le": "__le__", "-gt": "__gt__", "-ge": "__ge__"}
_UNARY = frozenset(f"-{letter}" for letter in "abcdefghknoprstuvwxzGLNORS")


Exists = Callable[[str], "bool | None"]
"""Whether there is a file at a path."""


def decide(words: Sequence[Word], exists: Exists, double: bool = False) -> bool | None:
    """Whether a test holds; None: not known. ``double``: of ``[[``, where ``=`` matches patterns."""
    if len(words) > _MOST_WORDS or any(word.bare and not word.known for word in words if not double):
        return None
    return _Test(words, exists, double).whole()


class _Test:
    def __init__(self, words: Sequence[Word], exists: Exists, double: bool) -> None:
        self.words = words
        self.exists = exists
        self.double = double
        self.at = 0

    def whole(self) -> bool | None:
        if not self.words:
            return False
        found = self._either()
        return found if self.at == len(self.words) else None

    def _is(self, *texts: str) -> bool:
        return self.at < len(self.words) and self.words[self.at].value in texts

    def _either(self) -> bool | None:
        found = self._both()
        while self._is("-o", "||"):
            self.at += 1
            other = self._both()
            found = True if found is True or other is True else None if found is None or other is None else False
        return found

    def _both(self) -> bool | None:
        found = self._one()
        while self._is("-a", "&&"):
            self.at += 1
            other = self._one()
            found = False if found is False or other is False else None if found is None or other is None else True
        return found

    def _one(self) -> bool | None:
        left = len(self.words) - self.at
        if left <= 0:
            return None
        operator = self.words[self.at + 1].value if left > 1 else None
        if left > 2 and (operator in ("=", "==", "!=", "=~", "<", ">", "-nt", "-ot", "-ef") or operator in _NUMBERS):
            self.at += 3
            return self._compare(self.words[self.at - 3], operator or "", self.words[self.at - 1])
        if self._is("!") and left > 1:
            self.at += 1
            inner = self._one()
            return None if inner is None else not inner
        if self._is("(", "\\(") and left > 2:
            self.at += 1
            inner = self._either()
            self.at += 1
            return inner
        if left > 1 and self.words[self.at].value in _UNARY and operator not in ("-a", "-o", "&&", "||"):
            self.at += 2
            return self._unary(self.words[self.at - 2].value or "", self.words[self.at - 1])
        self.at += 1
        return self._unary("-n", self.words[self.at - 1])

    def _unary(self, operator: str, word: Word) -> bool | None:
        text = _text(word)
        if operator in ("-f", "-e", "-r", "-s"):
            return self.exists(text) if text else None
        if operator not in ("-n", "-z"):
            return None
        if text is None:
            # ``"$HOST:8000"`` is not empty, whatever the variable holds.
            whole = not word.template or (word.template.startswith("$") and word.template.rfind("$") == 0)
            return None if whole else operator == "-n"
        return bool(text) == (operator == "-n")

    def _compare(self, left: Word, operator: str, right: Word) -> bool | None:
        one, other = _text(left), _text(right)
        if one is None or other is None or operator not in ("=", "==", "!=", *_NUMBERS):
            return None
        if operator in _NUMBERS:
            if not (_is_number(one) and _is_number(other)):
                return None
            return bool(getattr(int(one), _NUMBERS[operator])(int(other)))
        equal = matcher(other)(one) if self.double and len(one) + len(other) < 400 else one == other
        return equal == (operator != "!=")


def _text(word: Word) -> str | None:
    """``${X:-}`` asks whether somebody sets X: that it is empty is no answer."""
    return None if word.variables and not word.value else word.value


def _is_number(text: str) -> bool:
    digits = text[1:] if text[:1] in ("-", "+") else text
    return digits.isascii() and digits.isdigit() and len(digits) < 19
