"""``--select`` and ``--ignore``."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cfgcheck.rules.catalogue import Catalogue
from cfgcheck.rules.errors import SelectionError
from cfgcheck.rules.selection import Selection
from cfgcheck.source.file import SourceFile, Span
from tests.rules import build


@pytest.fixture
def rules(tmp_path: Path) -> Catalogue:
    when = {"when": "app.name == 'web'"}
    names = {"slow": "timeout", "fast": "timeout", "lost-host": "header", "long-host": "header"}
    return build.catalogue(tmp_path, {name: {**when, "category": category} for name, category in names.items()})


def choices(select: str = "", ignore: str = "", span: Span | None = None) -> SimpleNamespace:
    return SimpleNamespace(
        select=[SimpleNamespace(name=name, span=span) for name in select.split()],
        ignore=[SimpleNamespace(name=name, span=span) for name in ignore.split()],
    )


@pytest.mark.parametrize(
    ("select", "ignore", "run"),
    [
        ("", "", "slow fast lost-host long-host"),
        ("timeout", "", "slow fast"),
        ("slow", "", "slow"),
        ("slow header", "", "slow lost-host long-host"),
        ("", "timeout", "lost-host long-host"),
        ("", "slow header", "fast"),
        ("timeout", "slow", "fast"),
        ("slow", "timeout", "slow"),
        ("slow", "slow", ""),
        ("header timeout", "header", "slow fast"),
    ],
)
def test_what_runs(rules: Catalogue, select: str, ignore: str, run: str) -> None:
    selection = Selection.of(rules, choices(select, ignore))
    assert {rule.id for rule in rules.values() if selection.chosen(rule)} == set(run.split())


def test_a_name_that_is_neither_is_a_mistake(rules: Catalogue) -> None:
    with pytest.raises(SelectionError, match="no rule and no category `lots-host`, did you mean `lost-host`"):
        Selection.of(rules, choices("lots-host"))
    span = SourceFile("cfgcheck.toml", 'ignore = ["timeot"]').span(10, 18)
    with pytest.raises(SelectionError, match=r"cfgcheck\.toml:1:11: .*`timeot`, did you mean `timeout`"):
        Selection.of(rules, choices(ignore="timeot", span=span))


@given(st.lists(st.sampled_from(["a-one", "a-two", "b-one"])), st.lists(st.sampled_from(["a-one", "a-two", "b-one"])))
def test_ignoring_wins_among_equals(select: list[str], ignore: list[str]) -> None:
    selection = Selection(frozenset(select), frozenset(ignore))
    for name in ("a-one", "a-two", "b-one"):
        rule = SimpleNamespace(id=name, category=name[0])
        expected = name not in ignore and (not select or name in select)
        assert selection.chosen(rule) == expected  # type: ignore[arg-type]
