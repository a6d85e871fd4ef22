"""The settings of one unit, its drop-ins over its own file, as located values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

from cfgcheck.load.systemd_values import Specifiers, switch
from cfgcheck.model.located import Located
from cfgcheck.source.file import SourceFile
from cfgcheck.syntax.systemd_unit import Setting, UnitFile
from cfgcheck.syntax.systemd_words import BadSpecifier, Piece, QuoteError, RawWord, pieces_of, raw_words, specified

T = TypeVar("T")

_MOST_WORDS = 5000
BRANCH = "it stands in a branch of a template"


class UnitSettings:
    """``name``: of the unit (``shop.service``); ``parts``: its own file, then its drop-ins in systemd's order."""

    def __init__(self, name: str, parts: Sequence[UnitFile], own: bool = False) -> None:
        self.name = name
        self.parts = parts
        self.specifiers = Specifiers(name, own)
        self.own = own
        self.template = any(part.template for part in parts)
        self._by_name: dict[tuple[str, str], list[Setting]] = {}
        for part in parts:
            for setting in part.settings:
                self._by_name.setdefault((setting.section, setting.name), []).append(setting)

    @property
    def files(self) -> tuple[SourceFile, ...]:
        return tuple(part.file for part in self.parts)

    @property
    def is_template(self) -> bool:
        """``name@.service``: something starts instances of it."""
        return self.name.rpartition(".")[0].endswith("@")

    def all(self, section: str, name: str) -> list[Setting]:
        """The settings of that name in order; an empty one takes back those before it."""
        found: list[Setting] = []
        for setting in self._by_name.get((section, name), ()):
            if setting.value.text:
                found.append(setting)
            elif not setting.maybe:
                found = []
        return found

    def last(self, section: str, *names: str) -> Setting | None:
        """The one that counts of several; none where the last one is empty."""
        found = [setting for name in names for setting in self._by_name.get((section, name), ())]
        if not found:
            return None
        setting = max(found, key=self._order) if len(names) > 1 else found[-1]
        return setting if setting.value.text else None

    def _order(self, setting: Setting) -> tuple[int, int]:
        file = setting.name_span.file
        return (next((at for at, part in enumerate(self.parts) if part.file is file), 0), setting.name_span.start)

    def text(self, setting: Setting) -> Located[str]:
        """A value as text, specifiers replaced."""
        value = setting.value
        span = value.place
        if setting.maybe:
            return Located.unknown(BRANCH, span)
        try:
            pieces = specified(pieces_of(value), self.specifiers)
        except BadSpecifier as error:
            return Located.unknown(f"systemd knows no {error}", span)
        return located(pieces, setting)

    def words(self, setting: Setting) -> Iterator[tuple[RawWord, Located[str]]]:
        """The words of a value, quotes removed and specifiers replaced; those behind an open quote are left out."""
        try:
            for word in islice(raw_words(setting.value), _MOST_WORDS):
                span = setting.value.span(word.start, word.end)
                if setting.maybe:
                    yield word, Located.unknown(BRANCH, span, word.text)
                    continue
                try:
                    pieces = specified(word.pieces, self.specifiers)
                except BadSpecifier as error:
                    yield word, Located.unknown(f"systemd knows no {error}", span, word.text)
                    continue
                text = "".join(piece.text for piece in pieces)
                because = next((piece.because for piece in pieces if piece.because), "")
                yield word, Located.unknown(because, span, text) if because else Located.read(text, span)
        except QuoteError:
            return

    def value(
        self, section: str, names: str | tuple[str, ...], convert: Callable[[str], T | None], default: Located[T]
    ) -> Located[T]:
        """The value of a setting; ``default`` where it is not set or systemd ignores what is written."""
        names = (names,) if isinstance(names, str) else names
        setting = self.last(section, *names)
        if setting is None:
            return default
        text = self.text(setting)
        if not text.known:
            return Located.unknown(text.because, text.span, text.text)
        converted = convert(text.value)
        return default if converted is None else Located.read(converted, text.span, text=text.value)

    def switch(self, section: str, name: str, default: bool = False, because: str = "") -> Located[bool]:
        return self.value(section, name, switch, Located.default(default, because))


def located(pieces: list[Piece], setting: Setting) -> Located[str]:
    span = setting.value.place
    text = "".join(piece.text for piece in pieces)
    because = next((piece.because for piece in pieces if piece.because), "")
    return Located.unknown(because, span, text) if because else Located.read(text, span)
