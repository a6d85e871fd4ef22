"""Findings made by hand, for reports."""

from __future__ import annotations

from cfgcheck.findings import Confidence, Finding, Label, Severity, Symptom, Unchecked
from cfgcheck.report.result import Result, Summary, count_severities
from cfgcheck.source.file import SourceFile, Span

NGINX = SourceFile(
    "nginx/shop.conf",
    """\
upstream app {
    server 127.0.0.1:8001;
}
server {
    listen 80;
    server_name shop.example.com;
    location /api/ {
        proxy_pass http://app;
        proxy_read_timeout 20s;
        proxy_set_header Host
            $host;
    }
}
""",
)
GUNICORN = SourceFile("gunicorn.conf.py", 'bind = "127.0.0.1:8000"\nworkers = 4\ntimeout = 30\n')


def at(file: SourceFile, text: str) -> Span:
    start = file.text.index(text)
    return file.span(start, start + len(text))


def finding(
    primary: Label,
    *related: Label,
    rule: str = "some-rule",
    severity: Severity = Severity.WARNING,
    message: str = "nginx and the app disagree",
    subject: str = "shop.example.com /api/ → gunicorn web",
    symptom: Symptom | None = None,
    remedy: str = "",
    help: str = "",  # noqa: A002
) -> Finding:
    return Finding(
        rule,
        "endpoint",
        severity,
        Confidence.CERTAIN,
        message,
        subject,
        primary,
        related,
        symptom,
        remedy,
        help,
        "server shop.example.com/location /api/",
    )


UNREACHABLE = finding(
    Label(at(NGINX, "127.0.0.1:8001"), "nginx connects to port 8001"),
    Label(at(NGINX, "proxy_pass http://app;"), "used here"),
    Label(at(GUNICORN, '"127.0.0.1:8000"'), "Gunicorn listens on port 8000"),
    rule="unreachable-upstream",
    severity=Severity.ERROR,
    message="nginx passes /api/ to 127.0.0.1:8001, where nothing listens",
    symptom=Symptom(
        502, "any request reaches /api/", r"connect\(\) failed \(111: Connection refused\) while connecting to upstream"
    ),
    remedy="Let both name one port: server 127.0.0.1:8000; in the upstream",
    help="cfgcheck explain unreachable-upstream",
)
TIMEOUT = finding(
    Label(at(NGINX, "proxy_read_timeout 20s;"), "nginx gives up after 20 s"),
    Label(at(GUNICORN, "timeout = 30"), "a worker may take 30 s"),
    rule="read-timeout-not-above-app-timeout",
    message="nginx gives up before Gunicorn does",
    symptom=Symptom(504, "a response takes longer than 20 s", "upstream timed out"),
    remedy="proxy_read_timeout 31s;",
)
UNCHECKED = (
    Unchecked(
        "upstream-keepalive-race", "shop.example.com /api/", "nginx's version is not known", at(NGINX, "server {")
    ),
    Unchecked("unwritable-socket", "shop.example.com /", "nginx's user is not known"),
    Unchecked("socket-in-home", "shop.example.com /", "nginx's user is not known"),
)


def result(*findings: Finding, unchecked: tuple[Unchecked, ...] = (), **counts: int) -> Result:
    summary = Summary(
        **{
            "files": 2, "proxies": 1, "apps": 1, "routes": 1, "links": 1, "rules": 71,
            "unchecked": len(unchecked), **count_severities(findings), **counts,
        }
    )  # fmt: skip
    return Result(findings, unchecked, summary)
