"""YAML as located trees: values, places, aliases and merge keys, templates, broken files, files made to hurt."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cfgcheck.source.file import SourceFile
from cfgcheck.syntax.yaml_embedded import embedded
from cfgcheck.syntax.yaml_tree import LARGEST, Mapping, Scalar, Sequence, YamlDocuments, read_yaml, walk
from tests.hanging import no_hang


def read(text: str, path: str = "x.yaml") -> YamlDocuments:
    return read_yaml(SourceFile(path, text))


def top(text: str) -> Mapping:
    found = read(text)
    assert found.problems == ()
    return next(found.mappings)


def scalar(text: str, key: str = "a") -> Scalar:
    value = next(read(text).mappings).get(key)
    assert isinstance(value, Scalar)
    return value


# ── values and places ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("written", "text", "style"),
    [
        ("yes", "yes", ""),
        ("22:22", "22:22", ""),
        ("0644", "0644", ""),
        ("'it''s'", "it's", "'"),
        (r'"a\tb\"c"', 'a\tb"c', '"'),
        ("!!str 3", "3", ""),
        ("&x v", "v", ""),
    ],
)
def test_a_value(written: str, text: str, style: str) -> None:
    node = scalar(f"a: {written}\n")
    assert (node.text, node.style, node.null) == (text, style, False)
    assert written.endswith(node.span.text)


@pytest.mark.parametrize("written", ["", "~", "null", "# nothing"])
def test_nothing_is_null_and_has_a_place(written: str) -> None:
    node = scalar(f"a: {written}\nb: 1\n")
    assert node.null
    assert node.span.begin.line == 1
    assert node.span.end > node.span.start


def test_quotes_make_null_a_text() -> None:
    assert not scalar("a: 'null'\n").null


def test_a_block_keeps_its_lines_and_their_indentation() -> None:
    node = scalar("a: |\n    x = 1\n      y\n\n# c\nb: 2\n")
    assert node.text == "x = 1\n  y\n"
    assert node.content is not None
    assert (node.content.text, node.indent) == ("    x = 1\n      y", 4)


@pytest.mark.parametrize(
    "text",
    [
        "a: x gunicorn\n",
        "a: 'x gunicorn'\n",
        'a: "x\\tgunicorn"\n',
        "a: >-\n  x\n  gunicorn\n",
        "a: |\n  x\n  gunicorn\n",
    ],
)
def test_a_stretch_of_a_value_is_found_in_its_file(text: str) -> None:
    node = scalar(text)
    start = node.text.index("gunicorn")
    assert node.locate(start, start + 8).text == "gunicorn"


def test_windows_lines_and_a_byte_order_mark() -> None:
    node = next(read("\ufeffa: 1\r\nb:\r\n  - 'x'\r\n").mappings)
    items = node.sequence("b")
    assert items is not None
    assert [item.span.text for item in items] == ["'x'"]


def test_documents() -> None:
    assert [document.span.begin.line for document in read("a: 1\n---\n- b\n---\n---\nc: 2\n").documents] == [1, 3, 4, 6]


# ── aliases and merge keys ───────────────────────────────────────────────────────────────────────────────────────


def test_an_alias_is_the_node_itself() -> None:
    node = top("a: &x {k: v}\nb: *x\n")
    assert node.get("a") is node.get("b")


def test_merge_keys() -> None:
    node = top("a: &a {k: 1, l: 1, m: 1}\nb: &b {l: 2, m: 2, n: 2}\nc:\n  m: 3\n  <<: [*a, *b]\n").mapping("c")
    assert node is not None
    assert {key: pair.value.span.text for key, pair in node.items()} == {"k": "1", "l": "1", "m": "3", "n": "2"}


def test_a_merge_of_a_merge_and_of_nothing() -> None:
    node = top("a: &a {k: 1}\nb: &b {<<: *a, l: 2}\nc: {<<: *b}\nd: {<<: , x: 1}\ne: {'<<': *a}\n")
    merged, nothing, quoted = node.mapping("c"), node.mapping("d"), node.mapping("e")
    assert merged is not None and nothing is not None and quoted is not None
    assert set(merged.resolved) == {"k", "l"}
    assert set(nothing.resolved) == {"x"}
    assert set(quoted.resolved) == {"<<"}


def test_of_repeated_keys_the_last_counts() -> None:
    node = top("a: 1\na: 2\n")
    assert [pair.value.span.text for pair in node.all("a")] == ["1", "2"]
    assert scalar("a: 1\na: 2\n").text == "2"


@pytest.mark.parametrize(("text", "said"), [("a: &x [*x]\n", "inside of what it names"), ("a: *no\n", "&no")])
def test_aliases_of_nothing(text: str, said: str) -> None:
    found = read(text)
    assert [said in problem.message for problem in found.problems] == [True]


def test_tags_are_noted_and_nothing_is_made_of_them() -> None:
    node = top("a: !reset null\nb: !override [x]\nc: !!python/object/apply:os.system [x]\n")
    assert [pair.value.tag for pair in node.pairs][:2] == ["!reset", "!override"]


# ── templates ────────────────────────────────────────────────────────────────────────────────────────────────────

HELM = """metadata:
  name: {{ include "x.name" . }}-web
  labels:
    {{- include "x.labels" . | nindent 4 }}
  annotations:
    {{- toYaml .Values.more | nindent 4 }}
    own: 1
spec:
  {{- if .Values.a }}
  replicas: 1
  {{- else }}
  replicas: 2
  {{- end }}
  args:
{{ toYaml .Values.args | indent 4 }}
"""


def test_helm() -> None:
    found = read(HELM)
    assert found.problems == ()
    node = next(found.mappings)
    metadata, spec = node.mapping("metadata"), node.mapping("spec")
    assert metadata is not None and spec is not None
    name = metadata.scalar("name")
    assert name is not None
    assert (name.templated, name.text) == (True, '{{ include "x.name" . }}-web')
    for owner, key in ((metadata, "labels"), (spec, "args")):
        brought = owner.get(key)
        assert isinstance(brought, Scalar) and brought.templated
    annotations = metadata.mapping("annotations")
    assert annotations is not None
    assert (annotations.partial, metadata.partial, spec.partial) == (True, False, False)
    one, other = spec.all("replicas")
    assert found.exclusive(one.value, other.value)
    assert not found.exclusive(one.value, name)


def test_cookiecutter() -> None:
    node = scalar("a: x-{{cookiecutter.slug}}\n")
    assert (node.templated, node.text) == (True, "x-{{cookiecutter.slug}}")


def test_dollar_variables_belong_to_those_who_read_the_file() -> None:
    node = scalar("a: ${PORT:-80}\n")
    assert (node.templated, node.text) == (False, "${PORT:-80}")


# ── broken files ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "line", "column", "said"),
    [
        ("a:\n\tb: 1\n", 2, 1, "tab"),
        ("x: 1\na: 'b\nc: 1\n", 2, 4, "quote is never closed"),
        ("x: 1\na: [1, 2\n", 2, 4, "bracket is never closed"),
        ("a:\n    b: 1\n  c: 2\n", 3, 3, "indentation"),
        ("a: b: c\n", 1, 5, "second `: `"),
        ("a: @x\n", 1, 4, "begin with @"),
        ("k: v\n- a\n", 2, 1, "same level"),
    ],
)
def test_what_is_wrong_and_where(text: str, line: int, column: int, said: str) -> None:
    (problem,) = read(text).problems
    assert said in problem.message
    assert problem.span.begin == (line, column)


def test_what_stands_before_an_error_is_read_and_so_are_later_documents() -> None:
    found = read("a: 1\nb: [1, 2\nc: 3\n---\nd: 4\n")
    first, second = found.mappings
    assert (first.partial, first.get("a") is not None) == (True, True)
    assert (second.partial, list(second.resolved)) == (False, ["d"])
    assert len(found.problems) == 1


@pytest.mark.parametrize("bad", ["\0", "\x1b", "\udc80"])
def test_characters_that_yaml_refuses(bad: str) -> None:
    found = read(f"a: 1\nb: x{bad}\n")
    assert found.problems[0].span.text == bad
    assert "a" in next(found.mappings).resolved


# ── files within files ───────────────────────────────────────────────────────────────────────────────────────────


def test_an_embedded_file_keeps_its_places() -> None:
    text = "data:\n  nginx.conf: |\n    events {}\n    http {}\n  other: 1\n"
    node = next(read(text).mappings).mapping("data")
    assert node is not None
    value = node.scalar("nginx.conf")
    assert value is not None
    file = embedded(value)
    assert file is not None
    assert file.text.split() == ["events", "{}", "http", "{}"]
    assert file.position(file.text.index("http")) == (4, 5)
    assert len(file.text) == len(text)


def test_embedded_python_can_be_parsed() -> None:
    text = "a: 0\ngunicorn.conf.py: |\n    bind = ':80'\n    if x:\n        y = 1\n"
    file = embedded(scalar(text, "gunicorn.conf.py"), True)
    assert file is not None
    block = ast.parse(file.text).body[0]
    assert isinstance(block, ast.If)
    assert (block.body[0].lineno, block.body[0].col_offset) == (3, 4)


def test_text_that_is_not_what_stands_there_is_no_file() -> None:
    assert embedded(scalar("a: >\n  x\n  y\n")) is None
    assert embedded(scalar('a: "x\\ny"\n')) is None


# ── anything at all ──────────────────────────────────────────────────────────────────────────────────────────────

BOMBS = {
    "aliases": "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 60)),
    "merges": "a0: &a0 {x: 1}\n"
    + "".join(f"a{n}: &a{n}\n  <<: [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 3000)),
    "wide merges": "x: &x\n"
    + "".join(f"  k{n}: 1\n" for n in range(5000))
    + "".join(f"y{n}: {{<<: *x}}\n" for n in range(999)),
    "brackets": "a: " + "[" * 100_000,
    "dashes": "- " * 100_000,
    "indentation": "".join(" " * n + "a:\n" for n in range(600)),
    "documents with errors": "---\n: [\n" * 30_000,
    "a megabyte": "a: b\n" * 250_000,
    "items": "a: [" + "1," * 100_000,
    "tags": "{{ x }}\n" * 30_000,
    "open tags": "{{" * 100_000,
    "choices": "{% if x %}\n" * 20_000,
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb(name: str) -> None:
    with no_hang():
        found = read(BOMBS[name])
        for document in found.documents:
            for node in walk(document):
                if isinstance(node, Mapping):
                    node.get("a")


def test_a_file_that_is_too_large_is_said_to_be() -> None:
    found = read("a: b\n" * LARGEST)
    assert found.documents == ()
    assert ["too large" in problem.message for problem in found.problems] == [True]


PIECES = st.sampled_from(
    [
        "a", "b: ", "- ", "\n", "  ", "\t", ": ", "'", '"', "[", "]", "{", "}", ",", "&x ", "*x", "<<: ", "|\n", ">-\n",
        "# c", "---\n", "...\n", "!t ", "? ", "%YAML 1.3\n", "{{ x }}", "{% if a %}", "{% endif %}", "\r\n", "\0",
        "{{- toYaml . | nindent 2 }}\n", "\udcff", "\ufeff", "\\", "\\U00FFFFFF", "é", "@", "`",
    ]
)  # fmt: skip


@settings(max_examples=250, deadline=None)
@given(st.lists(PIECES, max_size=40).map("".join) | st.text(max_size=60))
def test_any_text(text: str) -> None:
    found = read(text)
    for problem in found.problems:
        assert 0 <= problem.span.start <= problem.span.end <= len(text)
        assert problem.message
    for document in found.documents:
        for node in walk(document):
            assert 0 <= node.span.start < node.span.end <= len(text)
            if isinstance(node, Mapping):
                assert all(pair.key.text == key for key, pair in node.items())
            elif isinstance(node, Sequence):
                assert all(isinstance(item, Scalar | Sequence | Mapping) for item in node)
            elif node.text:
                place = node.locate(0, len(node.text))
                assert node.span.start <= place.start < place.end <= node.span.end
