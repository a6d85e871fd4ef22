"""Which location a logged path belongs to is nginx's own choice; where it can't be told, nothing is left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from cfgcheck.diagnose import paths
from cfgcheck.diagnose.tally import MOST_GROUPS
from tests.cli.running import run
from tests.diagnose.test_explain import REFUSED, TIMED_OUT, diagnosed, group_of, nginx_line
from tests.hanging import no_hang

RULE = "read-timeout-not-above-app-timeout"
CONF = """\
events {{ }}
http {{
    server {{
        listen 80;
        server_name shop.example.com;
{locations}
    }}
}}
"""
PASS = "proxy_pass http://127.0.0.1:8000; proxy_read_timeout"
UPSTREAM = "http://127.0.0.1:8000/"
UUID = "3f2b8c1e-9d47-4a6b-8e05-7c1d2f3a4b5c"


def stack(folder: Path, *locations: str, more: str = "") -> Path:
    made = folder / "stack"
    made.mkdir(exist_ok=True)
    text = CONF.format(locations="\n".join(f"        {one}" for one in locations))
    (made / "nginx.conf").write_text(text.rstrip().removesuffix("}") + more + "}\n")
    (made / "gunicorn.conf.py").write_text('bind = "127.0.0.1:8000"\ntimeout = 100\n')
    return made


def waits(folder: Path, path: str, *locations: str) -> set[str]:
    """The read timeouts that are said to explain one on that path."""
    line = nginx_line(TIMED_OUT, UPSTREAM, "shop.example.com", path)
    group = group_of(folder, line, "--stack", stack(folder, *locations))
    messages = [one["message"] for one in group["explanations"] if one["rule"] == RULE]
    return {message.removeprefix("nginx waits ").partition(" ")[0] for message in messages}


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("/x", {"10"}),
        ("/slow/x", {"20"}),
        ("/%73low/x", {"20"}),
        ("//slow/x", {"20"}),
        ("/a/../slow/x", {"20"}),
        ("/SLOW/x.csv", {"30"}),
        ("/old/x", {"10", "20"}),
        ("/page", {"40"}),
    ],
)
def test_the_location_is_that_of_nginx(tmp_path: Path, path: str, wanted: set[str]) -> None:
    """With decoding, patterns, ``try_files`` and rewrites (whose first location counts, too)."""
    found = waits(
        tmp_path,
        path,
        f"location / {{ {PASS} 10s; rewrite ^/old/(.*) /slow/$1 last; }}",
        f"location /slow/ {{ {PASS} 20s; }}",
        f"location ~* \\.csv$ {{ {PASS} 30s; }}",
        "location /page { try_files $uri @app; }",
        f"location @app {{ {PASS} 40s; }}",
    )
    assert found == wanted


def test_an_id_that_was_taken_out_may_have_been_any(tmp_path: Path) -> None:
    places = (f"location / {{ {PASS} 10s; }}", f'location ~ "^/orders/[0-9a-f-]{{36}}$" {{ {PASS} 20s; }}')
    assert waits(tmp_path, f"/orders/{UUID}", *places) == {"10", "20"}


def test_patterns_without_end_leave_all_routes(tmp_path: Path) -> None:
    with no_hang():
        hostile = [f"location ~ ^/(x|xx)+b?{number}$ {{ {PASS} 9s; }}" for number in range(50)]
        found = waits(tmp_path, "/" + "x" * 60 + "!", f"location / {{ {PASS} 10s; }}", *hostile)
    assert {"9", "10"} <= found


def test_look_ups_are_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "MOST_LOOKUPS", 0)
    places = (f"location / {{ {PASS} 10s; }}", f"location /slow/ {{ {PASS} 20s; }}")
    assert waits(tmp_path, "/slow/x", *places) == {"10", "20"}


def test_servers_too_many_to_tell_apart_are_blamed_on_nothing(tmp_path: Path) -> None:
    """Else a route that a few lines concern would explain all of them."""
    text = "".join(nginx_line(TIMED_OUT, UPSTREAM, f"s{number}.example.com") for number in range(MOST_GROUPS))
    last = nginx_line(TIMED_OUT, "http://10.1.2.3:1/", "last.example.com") * 3
    made = stack(tmp_path, f"location / {{ {PASS} 10s; }}")
    groups = diagnosed(tmp_path, text + last, "--stack", made)["groups"]
    (rest,) = [group for group in groups if group["verdict"].startswith("These lines name too many")]
    assert (rest["count"], rest["explanations"]) == (3, [])


def test_lines_that_no_route_fits_are_one_group(tmp_path: Path) -> None:
    text = "".join(nginx_line(REFUSED, f"http://10.0.0.{number}:1/", "shop.example.com") for number in range(200))
    group = group_of(tmp_path, text, "--stack", stack(tmp_path, f"location / {{ {PASS} 10s; }}"))
    assert group["count"] == 200
    assert group["verdict"].startswith("No route of this configuration leads there")


def test_a_report_stays_readable(tmp_path: Path) -> None:
    """An outage of everything: the first groups are shown, the others counted."""
    sites = [
        f"server {{ listen 80; server_name s{n}.example; location / {{ proxy_pass http://127.0.0.1:{9000 + n}; }} }}\n"
        for n in range(60)
    ]
    log = tmp_path / "error.log"
    log.write_text("".join(nginx_line(REFUSED, f"http://127.0.0.1:{9000 + n}/", f"s{n}.example") for n in range(60)))
    done = run("diagnose", log, "--stack", stack(tmp_path, more="".join(sites)))
    assert done.out.count("connection refused →") == 30
    assert "30 further groups with 30 lines: --format json has them all." in done.out
