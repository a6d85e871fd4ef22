"""Rule files as they are read: every mistake has a place and a hint; the compiled catalogue is what the files say."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cfgcheck import resources
from cfgcheck.rules.catalogue import Catalogue, Rule, dumps, load_catalogue
from cfgcheck.rules.compiler import compile_rule
from cfgcheck.rules.errors import RuleError
from cfgcheck.rules.reader import rule_paths
from tests.rules import build

SLOW = {"when": "app.gunicorn.timeout > 60"}


def test_the_compiled_catalogue_is_fresh() -> None:
    """``python tools/compile_rules.py`` writes it."""
    compiled = [compile_rule(path) for path in rule_paths(resources.folder("rules"))]
    assert resources.data("catalogue.json").read_text(encoding="utf-8") == dumps(compiled)


def test_the_catalogue_is_one_rule_a_line() -> None:
    lines = resources.data("catalogue.json").read_text(encoding="utf-8").splitlines()
    ids = [json.loads(line.rstrip(","))["id"] for line in lines[1:-1]]
    assert ids == list(load_catalogue())


def test_a_run_imports_neither_yaml_nor_pydantic() -> None:
    code = """
import sys
from cfgcheck.rules.catalogue import load_catalogue
from cfgcheck.rules.run import judge
from cfgcheck.rules.selection import Selection
from cfgcheck.model.stack import Stack
judge(Stack("x"), load_catalogue(), Selection())
print([name for name in ("pydantic", "ruamel", "ruamel.yaml", "crossplane", "difflib", "importlib.metadata")
       if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("fields", "place", "said"),
    [
        ({"when": "app.gunicorn.timeot > 60"}, "11:7", "gunicorn has no setting `timeot` (did you mean `timeout`?)"),
        ({"when": "[app.name == 'a', ap.name == 'b']"}, "11:25", "there is no `ap` here (did you mean `app`?)"),
        ({**SLOW, "severty": "error"}, "12:1", "there is no field `severty` here (did you mean `severity`?)"),
        ({**SLOW, "severity": "fatal"}, "3:11", "`severity`: Input should be 'error', 'warning' or 'info'"),
        ({**SLOW, "why": ""}, "1:1", "the field `why` is missing"),
        (
            {**SLOW, "fix": "{titel: x, applicability: safe}"},
            "8:7",
            "there is no field `titel` here (did you mean `title`?)",
        ),
        ({**SLOW, "at": "{mark: app.name}"}, "12:5", "`app.name` has no place in a file: it is a text"),
        ({**SLOW, "at": "{mark: app, label: '{app.nam}'}"}, "12:5", "App has no field `nam` (did you mean `name`?)"),
        ({**SLOW, "message": "{app.name}"}, "5:10", "put a text that begins with a brace"),
        ({**SLOW, "message": "'{app.name'"}, "5:10", "an expression is not closed"),
        ({**SLOW, "message": "'{app}'"}, "5:10", "`app` is an App, which can't be shown"),
        ({**SLOW, "symptom": "{when: x, log: '('}"}, "6:10", "`log` is no regular expression"),
        ({**SLOW, "symptom": "{status: 502}"}, "6:10", "say `when`, or `none` with the reason"),
        ({**SLOW, "versions": "{nginx: '>=1'}"}, "12:19", "the subject app has no proxy, so no version of nginx"),
        ({**SLOW, "versions": "{gunicorn: '>=x'}"}, "12:22", "'>=x' is no range of versions"),
        ({**SLOW, "links": "[matched]"}, "1:1", "`links` is for the subject `route`"),
        ({**SLOW, "each": "{app: app.listeners}"}, "12:13", "`app` can't be the element's name"),
        ({**SLOW, "each": "{use: app.name}"}, "12:13", "`app.name` is a text, not a list"),
        ({**SLOW, "check": "{python: x, values: [app]}"}, "12:28", "`app` is already a name here"),
        ({**SLOW, "reported": "reader"}, "1:1", "a rule that is `reported` has no when"),
        ({}, "1:1", "one of `when`, `check` and `reported` is missing"),
        ({**SLOW, "category_": "timeout"}, "12:1", "found duplicate key"),
        ({**SLOW, "why": "[a"}, "8:", "expected ',' or ']'"),
    ],
)
def test_a_mistake_has_its_place(tmp_path: Path, fields: dict[str, str], place: str, said: str) -> None:
    path = build.rule_file(tmp_path, "slow", **fields)
    with pytest.raises(RuleError) as caught:
        compile_rule(path, "slow.yaml")
    assert said in str(caught.value)
    assert f"slow.yaml:{place}" in str(caught.value)


def test_names_and_folders_agree(tmp_path: Path) -> None:
    path = build.rule_file(tmp_path, "slow", **SLOW)
    with pytest.raises(RuleError, match=r"the id is 'slow', the file is 'other\.yaml'"):
        compile_rule(path.rename(path.with_name("other.yaml")))


def test_further_folders(tmp_path: Path) -> None:
    build.rule_file(tmp_path, "our-own-rule", "ops", **SLOW)
    rules = load_catalogue([tmp_path])
    assert isinstance(rules["our-own-rule"], Rule)
    assert "ops" in rules.categories
    assert len(rules) == len(load_catalogue()) + 1


def test_further_folders_that_are_wrong(tmp_path: Path) -> None:
    with pytest.raises(RuleError, match="no such folder"):
        load_catalogue([tmp_path / "nowhere"])
    path = build.rule_file(tmp_path, "protocol-mismatch", "endpoint", **SLOW)
    with pytest.raises(RuleError, match="there is a rule `protocol-mismatch` already"):
        load_catalogue([tmp_path])
    path.unlink()
    build.rule_file(tmp_path, "ours", **SLOW, supersedes="[nothing-known]")
    with pytest.raises(RuleError, match="`nothing-known`, which is no rule"):
        load_catalogue([tmp_path])


@given(st.one_of(st.text(max_size=200), st.binary(max_size=200)))
def test_any_file_at_all(tmp_path_factory: pytest.TempPathFactory, content: str | bytes) -> None:
    """A rule file is read or refused, with a place; nothing else happens."""
    path = tmp_path_factory.mktemp("rules") / "worker" / "x.yaml"
    path.parent.mkdir()
    data = content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass")
    path.write_bytes(data)
    with pytest.raises(RuleError) as caught:
        compile_rule(path)
    assert caught.value.line >= 1
    assert caught.value.column >= 1


def test_a_catalogue_is_a_mapping(tmp_path: Path) -> None:
    rules = build.catalogue(tmp_path, {"slow": SLOW, "quick": SLOW})
    assert isinstance(rules, Catalogue)
    assert list(rules) == ["slow", "quick"]
    assert rules.categories == ["worker"]
    assert rules["slow"].why == "because"
    assert rules["slow"].sources == ["a page"]
