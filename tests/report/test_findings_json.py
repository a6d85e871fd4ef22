"""``cfgcheck.findings/1``."""

from __future__ import annotations

import json

from cfgcheck import __version__
from cfgcheck.findings import Label
from cfgcheck.report.findings_json import document, render
from cfgcheck.source.file import SourceFile
from tests.report.samples import TIMEOUT, UNCHECKED, UNREACHABLE, finding, result
from tests.report.schemas import mistakes


def test_the_contract() -> None:
    shown = document(result(TIMEOUT, UNREACHABLE, unchecked=UNCHECKED))
    assert mistakes(shown, "findings-1.json") == []
    assert (shown["format"], shown["version"]) == ("cfgcheck.findings/1", __version__)
    first = shown["findings"][0]
    fingerprint = first.pop("fingerprint")
    assert first == {
        "rule": "unreachable-upstream",
        "category": "endpoint",
        "severity": "error",
        "confidence": "certain",
        "message": "nginx passes /api/ to 127.0.0.1:8001, where nothing listens",
        "subject": "shop.example.com /api/ → gunicorn web",
        "symptom": {
            "status": 502,
            "when": "any request reaches /api/",
            "log": r"connect\(\) failed \(111: Connection refused\) while connecting to upstream",
        },
        "primary": {
            "path": "nginx/shop.conf",
            "start": {"line": 2, "column": 12},
            "end": {"line": 2, "column": 26},
            "label": "nginx connects to port 8001",
        },
        "related": [
            {
                "path": "nginx/shop.conf",
                "start": {"line": 8, "column": 9},
                "end": {"line": 8, "column": 31},
                "label": "used here",
            },
            {
                "path": "gunicorn.conf.py",
                "start": {"line": 1, "column": 8},
                "end": {"line": 1, "column": 24},
                "label": "Gunicorn listens on port 8000",
            },
        ],
        "fix": None,
        "help": "cfgcheck explain unreachable-upstream",
    }
    assert isinstance(fingerprint, str)
    assert shown["unchecked"][0] == {
        "rule": "upstream-keepalive-race",
        "subject": "shop.example.com /api/",
        "because": "nginx's version is not known",
        "at": {"path": "nginx/shop.conf", "start": {"line": 4, "column": 1}},
    }
    assert shown["unchecked"][1]["at"] is None
    assert shown["summary"] == {
        "files": 2, "proxies": 1, "apps": 1, "routes": 1, "links": 1, "rules": 71, "suppressed": 0, "unchecked": 3,
        "error": 1, "warning": 1, "info": 0,
    }  # fmt: skip


def test_nothing_found_is_a_document_too() -> None:
    assert mistakes(document(result()), "findings-1.json") == []


def test_bytes_that_are_not_utf8_make_valid_json() -> None:
    file = SourceFile("caf\udce9.conf", "x \udcff;")
    text = render(result(finding(Label(file.span(2, 3), "\udcff"), message="bad \udcff", subject="\udce9")))
    assert json.loads(text.encode("utf-8"))["findings"][0]["primary"]["path"] == "caf?.conf"


def test_a_schema_refuses_what_it_should() -> None:
    shown = document(result(TIMEOUT))
    shown["findings"][0]["primary"]["start"]["line"] = 0
    shown["findings"][0]["severity"] = "fatal"
    shown["extra"] = 1
    assert len(mistakes(shown, "findings-1.json")) == 3
