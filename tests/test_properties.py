"""What must hold for any deployment, whatever it is: made up at random, the fixtures, the examples of the rules."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cfgcheck.app import Input, check
from cfgcheck.findings import Finding, Label
from cfgcheck.report import findings_json, sarif
from cfgcheck.report.result import Result
from cfgcheck.settings import load_settings
from tests.cli.running import REPOSITORY
from tests.profiles import examples
from tests.report.schemas import mistakes, sarif_mistakes
from tests.rules.harness import FOLDER, PATHS, outcome, rule_at
from tests.stack_strategies import Made, Node, deployments, rendered

FIXTURES = sorted(path for kind in ("stacks", "clean", "demo") for path in (REPOSITORY / "fixtures" / kind).iterdir())
bounded = settings(max_examples=examples(20), deadline=None, suppress_health_check=[HealthCheck.too_slow])


def judged(files: Mapping[str, str]) -> Result:
    """What is found in these files, in a folder of a fixed name."""
    with tempfile.TemporaryDirectory() as base:
        folder = Path(base) / "stack"
        for name, text in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode("utf-8", "surrogateescape"))
        return check(Input((folder,)), load_settings(folder))


def texts(folder: Path) -> dict[str, str]:
    """The files of a fixture that are no links."""
    found = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in found}


def marked(label: Label, *, where: bool) -> tuple[Any, ...]:
    text = " ".join(label.span.text.split())
    return (label.span.file.path, label.span.begin, text, label.text) if where else (text, label.text)


def said(result: Result, *, where: bool = False, others: bool = True) -> Counter[tuple[Any, ...]]:
    """All that is said, without the places; ``where``: with file, line and column. ``others``: with the related
    places."""
    found: Counter[tuple[Any, ...]] = Counter(
        (
            (one.rule, one.severity, one.confidence, one.message, subjects(one), one.remedy),
            one.symptom and (one.symptom.status, one.symptom.when, one.symptom.log),
            marked(one.primary, where=where),
            frozenset(
                marked(label, where=where) for label in one.related if others and (where or one.category != "file")
            ),
        )
        for one in result.findings
    )
    found.update((one.rule, one.because) for one in result.unchecked)
    return found


def subjects(finding: Finding) -> frozenset[str]:
    """What it is about; a file that could not be read is a place, not a subject."""
    return frozenset((finding.subject, *finding.also)) - {finding.primary.span.file.path}


def spans(finding: Finding) -> list[Label]:
    return [finding.primary, *finding.related]


def lies_in_its_file(label: Label) -> bool:
    span, size = label.span, len(label.span.file.text)
    return 0 <= span.start < span.end <= size or (span.start == span.end == size == 0)


# Made-up deployments


@bounded
@given(deployments())
def test_every_span_lies_in_its_file_and_the_output_in_its_schema(made: Made) -> None:
    result = judged(made.files())
    assert [label for one in result.findings for label in spans(one) if not lies_in_its_file(label)] == []
    assert mistakes(json.loads(findings_json.render(result)), "findings-1.json") == []
    assert all(one.rule != "internal-error" for one in result.findings)


@bounded
@given(deployments(), st.data())
def test_an_inlined_include_changes_no_finding(made: Made, data: st.DataObject) -> None:
    parts: dict[str, str] = {}
    nginx = tuple(split(made.nginx, data, parts))
    assert said(judged({**Made(nginx, made.others).files(), **parts})) == said(judged(made.files()))


def split(nodes: tuple[Node, ...], data: st.DataObject, parts: dict[str, str]) -> list[Node]:
    """The same statements, with some runs of them moved to files of their own."""
    inner = [node if node.children is None else Node(node.head, tuple(split(node.children, data, parts))) for node in nodes]  # noqa: E501
    start, end = sorted(data.draw(st.tuples(st.integers(0, len(nodes)), st.integers(0, len(nodes)))))
    stock = any(node.head.startswith("include") for node in inner[start:end])  # shown where it is included
    if start == end or stock or len(parts) >= 4:
        return inner
    name = f"parts/{len(parts)}.inc"
    parts[name] = rendered(inner[start:end])
    return [*inner[:start], Node(f"include {name}"), *inner[end:]]


@bounded
@given(deployments(), st.data())
def test_permuted_servers_only_move_places(made: Made, data: st.DataObject) -> None:
    """Each listens on a port of its own, so none is the default server of another. A finding about an app shows the
    first of the locations that lead to it: so related places are left out."""
    number = sum(1 for node in made.nginx if node.head == "server")
    order = data.draw(st.permutations(range(number)))
    permuted = judged(made.with_servers(order).files())
    assert said(permuted, others=False) == said(judged(made.files()), others=False)


@bounded
@given(deployments(), st.data())
def test_comments_and_blank_lines_only_move_places(made: Made, data: st.DataObject) -> None:
    files = made.files()
    filled = {name: spaced(text, data) for name, text in files.items()}
    assert said(judged(filled)) == said(judged(files))


def spaced(text: str, data: st.DataObject) -> str:
    filler = st.sampled_from(("", "", "", "\n", "# a comment; with { marks\n", "\n\n", "#\n"))
    return "".join(data.draw(filler) + line for line in text.splitlines(keepends=True)) + data.draw(filler)


@bounded
@given(deployments())
def test_windows_line_ends_change_nothing(made: Made) -> None:
    files = made.files()
    windows = {name: text.replace("\n", "\r\n") for name, text in files.items()}
    assert said(judged(windows), where=True) == said(judged(files), where=True)


# The fixtures, and the examples of the rules


@pytest.mark.parametrize("folder", FIXTURES, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_a_fixture(folder: Path) -> None:
    result = check(Input((folder,)), load_settings(folder))
    assert [label for one in result.findings for label in spans(one) if not lies_in_its_file(label)] == []
    assert mistakes(json.loads(findings_json.render(result)), "findings-1.json") == []
    assert sarif_mistakes(json.loads(sarif.render(result))) == []
    files = texts(folder)
    plain = said(judged(files), where=True)
    assert said(judged({name: text.replace("\n", "\r\n") for name, text in files.items()}), where=True) == plain


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.relative_to(FOLDER).with_suffix("").as_posix())
def test_an_example_with_windows_line_ends(path: Path, tmp_path: Path) -> None:
    examples = rule_at(path).examples
    for at, example in enumerate(examples.bad[:1]):
        if any("\r" in text for text in example.files.values()):
            continue
        unix = outcome(example.files, example.settings, tmp_path / f"u{at}" / "stack")
        files = {name: text.replace("\n", "\r\n") for name, text in example.files.items()}
        windows = outcome(files, example.settings, tmp_path / f"w{at}" / "stack")
        results = (Result(each.findings, each.unchecked) for each in (unix, windows))
        first, second = (said(result, where=True) for result in results)
        assert first == second
        for finding in (*unix.findings, *windows.findings):
            assert all(map(lies_in_its_file, spans(finding)))
