"""Workflow commands."""

from __future__ import annotations

from cfgcheck.findings import Label, Severity
from cfgcheck.report.github import render
from cfgcheck.source.file import SourceFile
from tests.report.samples import NGINX, UNREACHABLE, at, finding, result


def test_a_finding_is_one_command() -> None:
    assert render(result(UNREACHABLE)) == (
        "::error file=nginx/shop.conf,line=2,endLine=2,col=12,endColumn=26,title=cfgcheck%3A unreachable-upstream::"
        "nginx passes /api/ to 127.0.0.1:8001, where nothing listens"
        "%0Anginx/shop.conf:8:9: used here"
        "%0Agunicorn.conf.py:1:8: Gunicorn listens on port 8000"
        "%0AClient sees: 502 Bad Gateway when any request reaches /api/"
        "%0AMend: Let both name one port: server 127.0.0.1:8000; in the upstream\n"
    )


def test_nothing_is_injected() -> None:
    file = SourceFile("a,b:c%\n::error::x.conf", "x\r\n::warning::y")
    sample = finding(Label(file.span(0, 1), ""), message="100%\r\n::error::z", severity=Severity.INFO)
    assert render(result(sample)) == (
        "::notice file=a%2Cb%3Ac%25%0A%3A%3Aerror%3A%3Ax.conf,line=1,endLine=1,col=1,endColumn=2,"
        "title=cfgcheck%3A some-rule::100%25%0D%0A::error::z\n"
    )


def test_a_span_of_several_lines_has_no_columns() -> None:
    span = at(NGINX, "proxy_set_header Host\n            $host;")
    shown = render(result(finding(Label(span, ""))))
    assert shown.startswith("::warning file=nginx/shop.conf,line=10,endLine=11,title=")


def test_nothing_found_is_nothing_said() -> None:
    assert render(result()) == ""
