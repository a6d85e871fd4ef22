"""What a misspelt name probably means."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cfgcheck.load.gunicorn_table import table
from cfgcheck.load.similar import MOST, Similar
from cfgcheck.load.uwsgi_options import options


@pytest.mark.parametrize(
    ("slip", "meant"),
    [
        ("buffer_size", "buffer-size"),
        ("PROCESSES", "processes"),
        ("process", "processes"),
        ("thread", "threads"),
        ("vaccum", "vacuum"),
        ("harikari", "harakiri"),
        ("harakiri: 30", "harakiri"),
        ("die-on-therm", "die-on-term"),
    ],
)
def test_a_slip_is_found(slip: str, meant: str) -> None:
    assert Similar(options(), "-").to(slip) == meant


@pytest.mark.parametrize("name", ["project", "base", "domain", "django", "host", "root", "git", "log-path", "app", ""])
def test_a_placeholder_of_ones_own_is_no_slip(name: str) -> None:
    assert Similar(options(), "-").to(name) == ""


@given(st.text(max_size=200))
def test_any_text(name: str) -> None:
    found = Similar(table().settings, "_").to(name)
    assert found == "" or found in table().settings


@given(st.sampled_from(sorted(table().settings)))
def test_a_known_name_is_itself(name: str) -> None:
    assert Similar(table().settings, "_").to(name) == (name if len(name) >= 5 else "")


def test_so_many_names_and_no_more() -> None:
    similar = Similar(["threads"], "-")
    assert [similar.to(f"thread{'s' * (number + 5)}") for number in range(MOST)]
    assert similar.to("thread") == ""
