"""YAML, XML and JSON: what the oracle can't show, since it was built one way."""

from __future__ import annotations

import pytest

from tests.uwsgi.ours import app_and_problems, app_of


def yaml(*lines: str) -> str:
    return "\n".join(["uwsgi:", *(f"  {line}" for line in lines), ""])


def test_plain_yaml_is_the_same_to_both_parsers() -> None:
    """7.13, 7.13e, 7.13f."""
    app = app_of(yaml("processes: 3  # three", "thunder-lock: true", "master: off", "socket: 127.0.0.1:3031"), "a.yaml")
    assert (app.settings["processes"].value, app.settings["master"].value) == (3, False)
    assert str(app.listeners[0].address.value) == "127.0.0.1:3031"
    assert app.listeners[0].address.span is not None
    assert app.listeners[0].address.span.text == "127.0.0.1:3031"


def test_lists_need_libyaml() -> None:
    """7.13b: the built-in parser reads nothing after a list, so the author's uWSGI must have libyaml."""
    app = app_of(yaml("env:", "  - A=1", "  - B=2", 'processes: "3"'), "a.yaml")
    assert app.settings["env"].value == ("A=1", "B=2")
    assert app.settings["processes"].value == 3


@pytest.mark.parametrize("line", ['processes: "3"', "processes: '3'", "processes: [3]"])
def test_quoted_values_depend_on_the_build(line: str) -> None:
    """7.13d, 7.13h."""
    found = app_of(yaml("harakiri: 9", line), "a.yml").settings["processes"]
    assert not found.known and "libyaml" in found.because
    assert app_of(yaml("harakiri: 9", line), "a.yml").settings["harakiri"].value == 9


def test_yaml_without_uwsgi() -> None:
    """7.13g."""
    app, problems = app_and_problems("socket: x\nprocesses: 3\n", "a.yaml")
    assert not app.uses and not problems


def test_yaml_section_ends() -> None:
    """7.32."""
    app = app_of("uwsgi:\n  processes: 3\nother:\n  processes: 9\n", "a.yaml")
    assert app.settings["processes"].value == 3


def test_placeholders_in_yaml() -> None:
    """7.24."""
    app = app_of(yaml("base: /srv", "chdir: %(base)/x"), "a.yaml")
    assert app.settings["chdir"].value == "/srv/x"


@pytest.mark.parametrize(
    ("name", "text"),
    [("a.json", '{"uwsgi": {"a": 1,}}'), ("a.xml", "<uwsgi><a></uwsgi>"), ("a.yaml", "uwsgi:\n  - 'x\n")],
)
def test_broken_files(name: str, text: str) -> None:
    app, problems = app_and_problems(text, name)
    assert len(problems) == 1 and problems[0].startswith("not valid ")
    assert app.opaque and not app.settings["processes"].known


def test_json_values() -> None:
    """7.14."""
    text = '{"uwsgi": {"processes": 3, "master": true, "vacuum": null, "env": ["A=1", "B=2"], "listen": 1.5}}'
    app = app_of(text, "a.json")
    assert (app.settings["processes"].value, app.settings["master"].value) == (3, True)
    assert (app.settings["vacuum"].value, app.settings["env"].value) == (False, ("A=1", "B=2"))
    assert not app.settings["listen"].known
    place = app.settings["processes"].span
    assert place is not None and place.text == "3"


def test_xml_values() -> None:
    """7.15."""
    app = app_of(
        "<uwsgi>\n  <processes>3</processes>\n  <master/>\n  <app mountpoint='/x'>shop</app>\n</uwsgi>", "a.xml"
    )
    assert (app.settings["processes"].value, app.settings["master"].value) == (3, True)
    assert app.settings["mount"].value == ("/x=shop",)
    place = app.settings["processes"].span
    assert place is not None and place.text == "3" and app.uses[0].span.text == "processes>3"


def test_xml_entity_in_a_value_depends_on_the_library() -> None:
    app = app_of("<uwsgi><procname>a &amp; b</procname></uwsgi>", "a.xml")
    assert not app.settings["procname"].known


def test_xml_beyond_ascii_keeps_its_places() -> None:
    app = app_of("<uwsgi><!-- ünï --><procname>é</procname><processes>4</processes></uwsgi>", "a.xml")
    place = app.settings["processes"].span
    assert place is not None and place.text == "4"
