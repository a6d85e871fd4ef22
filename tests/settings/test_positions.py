"""Where TOML keys and values stand."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cfgcheck.settings.positions import places

TEXT = '''
nginx = "1.30" # a comment
a.b . "c d" = [ 1, [2, 3], {x = 1, y = [ "q]" ]}, ]
when = 1979-05-27 07:32:00
long = """a "quoted" ""word"" \\"""
[]"""
empty = []
nothing = {}
[edge]
kind = 'aws'
[[stack]]
name = "first"
[[stack]]
name = "second"
[stack.inner]
key = 1
[[stack.many]]
key = 2
[hosts."we b"]
addresses = ["10.0.0.5", # one
  "app"]
'''


def flat(value: Any, path: tuple[str | int, ...] = ()) -> dict[tuple[str | int, ...], Any]:
    """Every scalar of a TOML document by its path."""
    if isinstance(value, dict):
        return {key: one for name, inner in value.items() for key, one in flat(inner, (*path, name)).items()}
    if isinstance(value, list):
        return {key: one for index, inner in enumerate(value) for key, one in flat(inner, (*path, index)).items()}
    return {path: value}


def check(text: str) -> None:
    found = places(text)
    for path, value in flat(tomllib.loads(text)).items():
        place = found[path]
        assert tomllib.loads(f"x = {text[place.start : place.end]}")["x"] == value
        if isinstance(path[-1], str):
            assert path[-1] in text[place.key_start : place.key_end]


def test_every_value_is_found() -> None:
    check(TEXT)


@pytest.mark.parametrize(
    ("path", "key", "value"),
    [
        (("nginx",), "nginx", '"1.30"'),
        (("a", "b", "c d"), 'a.b . "c d"', '[ 1, [2, 3], {x = 1, y = [ "q]" ]}, ]'),
        (("stack", 1), "[[stack]]", "[[stack]]"),
        (("stack", 1, "many", 0, "key"), "key", "2"),
        (("hosts", "we b"), '[hosts."we b"]', '[hosts."we b"]'),
        (("empty",), "empty", "[]"),
        (("nothing",), "nothing", "{}"),
    ],
)
def test_places(path: tuple[str | int, ...], key: str, value: str) -> None:
    place = places(TEXT)[path]
    assert TEXT[place.key_start : place.key_end] == key
    assert TEXT[place.start : place.end] == value


scalars = st.sampled_from(["1", "true", '"a#b"', "'[x]'", "1.5e3", '"\\"]"', '"""x\n"]"""', "1979-05-27"])
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda parts: "[ " + ", ".join(parts) + " ]"),
        st.lists(inner, max_size=3).map(
            lambda parts: "{" + ", ".join(f"k{index} = {part}" for index, part in enumerate(parts)) + "}"
        ),
    ),
    max_leaves=6,
)
tables = st.lists(values, max_size=3).map(
    lambda parts: "".join(f"key{index} = {part} # c\n" for index, part in enumerate(parts))
)


@given(tables, st.lists(st.tuples(st.sampled_from(["[t{}]", "[[ a ]]", '[x."y z".t{}]']), tables), max_size=4))
def test_generated_documents(top: str, sections: list[tuple[str, str]]) -> None:
    text = top + "".join(f"{head.format(index)}\n{body}" for index, (head, body) in enumerate(sections))
    check(text)


@given(st.text(st.sampled_from("ab[]{}=,\"'#\n. \\1"), max_size=60))
def test_any_text_at_all_ends(text: str) -> None:
    for place in places(text).values():
        assert 0 <= place.start <= len(text)
