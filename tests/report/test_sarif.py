"""SARIF 2.1.0."""

from __future__ import annotations

import json

from cfgcheck.findings import Label, Severity
from cfgcheck.report.rule_page import rule_files
from cfgcheck.report.sarif import document, render
from cfgcheck.source.file import SourceFile
from tests.report.samples import GUNICORN, NGINX, TIMEOUT, UNCHECKED, UNREACHABLE, at, finding, result
from tests.report.schemas import sarif_mistakes


def test_it_is_what_the_standard_says() -> None:
    shown = document(result(TIMEOUT, UNREACHABLE, unchecked=UNCHECKED))
    assert sarif_mistakes(shown) == []
    assert sarif_mistakes(document(result())) == []


def test_the_schema_would_refuse_a_mistake() -> None:
    shown = document(result(TIMEOUT))
    shown["runs"][0]["results"][0]["level"] = "fatal"
    assert sarif_mistakes(shown)


def test_results_have_both_ends_and_a_fingerprint() -> None:
    run = document(result(TIMEOUT, UNREACHABLE))["runs"][0]
    shown = run["results"][0]
    assert shown["ruleId"] == "unreachable-upstream"
    assert run["tool"]["driver"]["rules"][shown["ruleIndex"]]["id"] == "unreachable-upstream"
    assert shown["level"] == "error"
    assert shown["locations"] == [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": "nginx/shop.conf", "uriBaseId": "%SRCROOT%"},
                "region": {"startLine": 2, "startColumn": 12, "endLine": 2, "endColumn": 26},
            },
            "message": {"text": "nginx connects to port 8001"},
        }
    ]
    assert [one["physicalLocation"]["artifactLocation"]["uri"] for one in shown["relatedLocations"]] == [
        "nginx/shop.conf",
        "gunicorn.conf.py",
    ]
    assert len({json.dumps(one["partialFingerprints"]) for one in run["results"]}) == 2
    assert "Client sees: 502 Bad Gateway" in shown["message"]["text"]


def test_levels() -> None:
    findings = [
        finding(Label(at(GUNICORN, text), ""), severity=severity, rule=f"rule-{severity.word}")
        for text, severity in zip(("bind", "workers", "timeout"), Severity, strict=True)
    ]
    levels = {one["ruleId"]: one["level"] for one in document(result(*findings))["runs"][0]["results"]}
    assert levels == {"rule-info": "note", "rule-warning": "warning", "rule-error": "error"}


def test_rules_are_described_by_their_own_pages() -> None:
    name = next(iter(rule_files()))
    run = document(result(finding(Label(at(NGINX, "listen"), ""), rule=name)))["runs"][0]
    (rule,) = run["tool"]["driver"]["rules"]
    assert rule["id"] == name
    assert rule["help"]["text"]
    assert rule["fullDescription"]["text"]


def test_unchecked_rules_are_told() -> None:
    notes = document(result(unchecked=UNCHECKED))["runs"][0]["invocations"][0]["toolExecutionNotifications"]
    assert [note["associatedRule"]["id"] for note in notes] == [one.rule for one in UNCHECKED]


def test_paths_are_uris() -> None:
    inside = SourceFile("deploy/my site%.conf", "x;")
    outside = SourceFile("/etc/nginx/nginx.conf", "x;")
    nowhere = SourceFile("caf\udce9", "")
    findings = [
        finding(Label(file.span(0, len(file.text)), ""), message=file.path) for file in (inside, outside, nowhere)
    ]
    shown = document(result(*findings))
    assert sarif_mistakes(shown) == []
    artifacts = {
        json.dumps(one["locations"][0]["physicalLocation"]["artifactLocation"]) for one in shown["runs"][0]["results"]
    }
    assert artifacts == {
        '{"uri": "deploy/my%20site%25.conf", "uriBaseId": "%SRCROOT%"}',
        '{"uri": "file:///etc/nginx/nginx.conf"}',
        '{"uri": "caf%E9", "uriBaseId": "%SRCROOT%"}',
    }
    json.loads(render(result(*findings)).encode("utf-8"))
