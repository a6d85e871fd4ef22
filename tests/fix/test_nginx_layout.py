"""A statement is written as its neighbours are, and nothing else changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fix.editing import written

READ = "proxy_read_timeout 65s"


def site(inside: str, *, ending: str = "\n") -> str:
    lines = ["events {}", "http {", "    server {", "        listen 80;", "        location / {"]
    lines += [f"            {line}" if line else "" for line in inside.split("\n")]
    return ending.join([*lines, "        }", "    }", "}", ""])


LAYOUTS = {
    # name: (inside the location, statements, inside afterwards)
    "before a lone handler": ("proxy_pass http://a;", [READ], f"{READ};\nproxy_pass http://a;"),
    "behind the nearest relative": (
        "proxy_connect_timeout 5s;\nproxy_pass http://a;\ngzip on;",
        [READ],
        f"proxy_connect_timeout 5s;\n{READ};\nproxy_pass http://a;\ngzip on;",
    ),
    "behind one that is nearer of kin": (
        "proxy_ssl_verify off;\nproxy_buffering on;\nproxy_pass https://a;",
        ["proxy_ssl_server_name on"],
        "proxy_ssl_verify off;\nproxy_ssl_server_name on;\nproxy_buffering on;\nproxy_pass https://a;",
    ),
    "behind the last of its name": (
        "proxy_set_header Host $host;\nproxy_buffering on;\nproxy_pass http://a;",
        ["proxy_set_header X-Real-IP $remote_addr"],
        "proxy_set_header Host $host;\nproxy_set_header X-Real-IP $remote_addr;\nproxy_buffering on;\nproxy_pass http://a;",
    ),
    "a comment stays with its statement": (
        "# to the app\n# by TCP\nproxy_pass http://a; # now",
        [READ],
        f"{READ};\n# to the app\n# by TCP\nproxy_pass http://a; # now",
    ),
    "a comment behind a relative": (
        "proxy_buffering on; # so that # slow clients\n\nproxy_pass http://a;",
        [READ],
        f"proxy_buffering on; # so that # slow clients\n{READ};\n\nproxy_pass http://a;",
    ),
    "several, in their order": (
        "proxy_pass http://a;",
        ["proxy_set_header Host $host", "proxy_set_header X-Forwarded-Proto $scheme"],
        "proxy_set_header Host $host;\nproxy_set_header X-Forwarded-Proto $scheme;\nproxy_pass http://a;",
    ),
    "a value is replaced, its neighbours are not": (
        "proxy_read_timeout   20s  ; # was 60\nproxy_pass http://a;",
        [READ],
        "proxy_read_timeout   65s  ; # was 60\nproxy_pass http://a;",
    ),
    "only the word that differs": (
        "proxy_buffers 8   4k;\nproxy_pass http://a;",
        ["proxy_buffers 8 16k"],
        "proxy_buffers 8   16k;\nproxy_pass http://a;",
    ),
    "quotes stay": (
        'proxy_read_timeout "20s";\nproxy_pass http://a;',
        [READ],
        'proxy_read_timeout "65s";\nproxy_pass http://a;',
    ),
    "fewer words": (
        "proxy_next_upstream error timeout;\nproxy_pass http://a;",
        ["proxy_next_upstream off"],
        "proxy_next_upstream off;\nproxy_pass http://a;",
    ),
    "a header by its name, in whatever letters": (
        "proxy_set_header host $proxy_host;\nproxy_set_header X-A b;\nproxy_pass http://a;",
        ["proxy_set_header Host $host"],
        "proxy_set_header Host $host;\nproxy_set_header X-A b;\nproxy_pass http://a;",
    ),
    "in front of what is passed on, what it is computed from": (
        "include proxy_params;\nproxy_pass http://a;",
        ["set $target http://a"],
        "include proxy_params;\nset $target http://a;\nproxy_pass http://a;",
    ),
    "over several lines": (
        "log_not_found\n    off;\nproxy_pass http://a;",
        ["log_subrequest on"],
        "log_not_found\n    off;\nlog_subrequest on;\nproxy_pass http://a;",
    ),
    "in front of a block": (
        "if ($arg_a) {\n    return 404;\n}",
        ["gzip off"],
        "gzip off;\nif ($arg_a) {\n    return 404;\n}",
    ),
}


@pytest.mark.parametrize("ending", ["\n", "\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize("name", LAYOUTS)
def test_layout(name: str, ending: str, tmp_path: Path) -> None:
    before, statements, after = LAYOUTS[name]
    found = written(tmp_path, site(before, ending=ending), *statements)
    assert found == site(after, ending=ending)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("location / { proxy_pass http://a; }", "location / { proxy_read_timeout 65s; proxy_pass http://a; }"),
        ("location / {proxy_pass http://a;}", "location / {proxy_read_timeout 65s; proxy_pass http://a;}"),
        (
            "location / { proxy_buffering off; proxy_pass http://a; } # short",
            "location / { proxy_buffering off; proxy_read_timeout 65s; proxy_pass http://a; } # short",
        ),
        ("location / { }", "location / { proxy_read_timeout 65s; }"),
        ("location / {}", "location / { proxy_read_timeout 65s; }"),
        ("location / { gzip off;\n}", "location / { gzip off;\n  proxy_read_timeout 65s;\n}"),
        ("location / {\n  gzip off; }", "location / {\n  gzip off; proxy_read_timeout 65s; }"),
        ("location / {\n\t# nothing yet\n}", "location / {\n\t# nothing yet\n\tproxy_read_timeout 65s;\n}"),
        ("location /\n{\n}", "location /\n{\n  proxy_read_timeout 65s;\n}"),
    ],
)
def test_blocks_on_one_line_and_empty_ones(before: str, after: str, tmp_path: Path) -> None:
    frame = "events {}\nhttp {\n  server {\nlisten 80;\n%s\n  }\n}\n"
    assert written(tmp_path, frame % before, READ) == frame % after


@pytest.mark.parametrize(
    "inside",
    [
        "proxy_read_timeout 65s;\nproxy_pass http://a;",
        "proxy_read_timeout '65s';\nproxy_pass http://a;",
    ],
)
def test_what_is_there_already_is_left_alone(inside: str, tmp_path: Path) -> None:
    assert written(tmp_path, site(inside), READ) == site(inside)


def test_one_more_beside_others(tmp_path: Path) -> None:
    inside = "proxy_set_header X-A 1;\nproxy_pass http://a;"
    found = written(tmp_path, site(inside), "proxy_set_header X-A 2", beside=True)
    assert found == site("proxy_set_header X-A 1;\nproxy_set_header X-A 2;\nproxy_pass http://a;")


def test_tabs_and_bytes_that_are_no_text(tmp_path: Path) -> None:
    text = "events {}\nhttp {\n\tserver {\n\t\t# caf\udce9\n\t\tlocation / {\n\t\t\tproxy_pass http://a;\n\t\t}\n\t}\n}"
    found = written(tmp_path, text, READ)
    assert found == text.replace("\t\t\tproxy_pass", "\t\t\tproxy_read_timeout 65s;\n\t\t\tproxy_pass")
