"""What generated trees showed of nginx, each case by itself: the model against the running server."""

from __future__ import annotations

import pytest

from cfgcheck.trace.hop import End, Hop
from cfgcheck.trace.request import Request
from tests.trace.comparing import differences
from tests.trace.lab import Seen, lab

pytestmark = pytest.mark.oracle


def both(http: str, target: str, host: str = "a.test", method: str = "GET", **headers: str) -> tuple[Hop, Seen]:
    """A request to the first port, in the model and in nginx; they must agree."""
    with lab(http) as running:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        own = {"connection": "close", **given, "host": host}
        request = Request("http", host.partition(":")[0].lower(), running.ports[0], target, method, own)
        hop, seen = running.follow(request), running.ask(request)
        assert differences(hop, seen) == [], [step.text for step in hop.steps]
        return hop, seen


def server(text: str, names: str = "") -> str:
    return f"server {{ listen @P0@; {names and f'server_name {names};'} {text} }}"


def passed(hop: Hop) -> str:
    assert hop.end is End.PASSES, (hop.end, hop.because)
    return hop.uri.value


def header(hop: Hop, name: str) -> str | None:
    return next((one.value.get("?") for one in hop.headers if one.name == name), None)


def test_a_fragment_in_the_query_is_cut_off_where_the_path_is_replaced() -> None:
    hop, _ = both(server("location /a/ { proxy_pass http://@UP@/b/; }"), "/a/x?y=1#f")
    assert passed(hop) == "/b/x?y=1"
    hop, _ = both(server("location /a/ { proxy_pass http://@UP@; }"), "/a/x?y=1#f")
    assert passed(hop) == "/a/x?y=1#f"


def test_a_pattern_that_does_not_match_empties_the_groups() -> None:
    body = "location ~ ^/(a|b)/ { %s proxy_pass http://@UP@/g$1; }"
    assert passed(both(server(body % ""), "/b/x")[0]) == "/gb"
    assert passed(both(server(body % "if ($uri ~ ^/zz) { break; }"), "/b/x")[0]) == "/g"
    assert passed(both(server(body % "rewrite ^/zz /y;"), "/b/x")[0]) == "/g"


def test_a_later_if_takes_the_target_of_an_earlier_one_away() -> None:
    first = "if ($arg_a) { proxy_pass http://@UP@; }"
    assert both(server(f"location / {{ {first} }}"), "/?a=1")[0].end is End.PASSES
    hop, seen = both(server(f"location / {{ {first} if ($arg_b) {{ set $v 1; }} }}"), "/?a=1&b=1")
    assert (hop.status, seen.status) == (500, 500)


def test_try_files_is_not_run_in_an_if() -> None:
    body = "location / { if ($arg_a) { set $v 1; } try_files $uri @app; } location @app { proxy_pass http://@UP@; }"
    assert both(server(body), "/")[0].end is End.PASSES
    assert both(server(body), "/?a=1")[0].end is End.FILES


def test_the_default_server_reads_the_request_line() -> None:
    text = (
        "server { listen @P0@; merge_slashes off; add_header X-Where first always; }"
        "server { listen @P0@; server_name b.test; add_header X-Where second always;"
        "location / { proxy_pass http://@UP@/; } }"
    )
    assert passed(both(text, "/x//y", "b.test")[0]) == "/x//y"
    hop, seen = both(text, "/../x", "b.test")
    assert (hop.status, seen.status, seen.where) == (400, 400, "first")


def test_an_error_page_without_equals_keeps_its_status() -> None:
    body = "location / { return 404; } error_page 404 %s@app; location @app { return 200 text; }"
    assert both(server(body % ""), "/")[0].status == 404
    assert both(server(body % "= "), "/")[0].status == 200
    assert both(server(body % "=201 "), "/")[0].status == 201
    passing = "location / { return 404; } error_page 404 @app; location @app { proxy_pass http://@UP@; }"
    hop, seen = both(server(passing), "/")
    assert seen.status == 404
    assert any("404 whatever the app answers" in step.text for step in hop.steps)


@pytest.mark.parametrize("host", ["a.test.", "A.Test", "A.Test.:80", "a.test:80", "a.test"])
def test_http_host_of_a_parameter_is_written_as_compared(host: str) -> None:
    both(server("location / { uwsgi_pass @UWSGI@; }"), "/", host)
    hop, _ = both(server("location / { proxy_pass http://@UP@; proxy_set_header X-H $http_host; }"), "/", host)
    assert header(hop, "X-H") == host


@pytest.mark.parametrize("host", ["a b", "a..b", "a@b", ".", "a.test:x", "a.test:99999", 'a"b', "a.test:80:90"])
def test_a_host_that_nginx_refuses(host: str) -> None:
    hop, seen = both(server("location / { proxy_pass http://@UP@; }"), "/", host)
    assert (hop.status, seen.status) == (400, 400)


def test_proxy_host_is_empty_before_and_for_other_protocols() -> None:
    hop, _ = both(server("location / { set $h x$proxy_host; proxy_pass http://@UP@; proxy_set_header X-H $h; }"), "/")
    assert header(hop, "X-H") == "x"
    hop, _ = both(server("location / { uwsgi_pass @UWSGI@; uwsgi_param P $proxy_host; }"), "/")
    assert header(hop, "P") == ""


def test_an_empty_text_in_a_condition() -> None:
    body = 'location / { if ($http_cookie = "") { return 403; } proxy_pass http://@UP@; }'
    assert both(server(body), "/")[0].status == 403
    assert both(server(body), "/", cookie="a=1")[0].end is End.PASSES


def test_server_name_of_a_pattern_keeps_its_tilde() -> None:
    body = "location / { proxy_pass http://@UP@; proxy_set_header X-N $server_name; }"
    assert header(both(server(body, "~^a"), "/")[0], "X-N") == "~^a"
    assert header(both(server(body, ".A.test"), "/")[0], "X-N") == "a.test"


def test_after_a_rewrite_and_a_break_no_prefix_is_replaced() -> None:
    body = "location /a/ { %s proxy_pass http://@UP@/b/; }"
    assert passed(both(server(body % "break;"), "/a/x")[0]) == "/b/x"
    assert passed(both(server(body % "rewrite ^/a/(.*) /long/$1; break;"), "/a/x")[0]) == "/long/x"
    assert passed(both(server(body % "rewrite ^/a/(.*) /long/$1 break;"), "/a/x")[0]) == "/long/x"


def test_the_slash_is_added_for_what_passes_on_only() -> None:
    passes = server("location /a/ { proxy_pass http://@UP@; } location / { proxy_pass http://@UP@/root; }")
    hop, seen = both(passes, "/a?x=1")
    assert (hop.status, seen.status) == (301, 301)
    assert seen.location.endswith("/a/?x=1")
    files = server("location /a/ { root /nowhere; } location / { proxy_pass http://@UP@/root/; }")
    assert passed(both(files, "/a")[0]) == "/root/a"


@pytest.mark.parametrize(("rewrites", "status"), [(9, 204), (10, 204), (11, 500), (12, 500)])
def test_the_limit_of_rewrites(rewrites: int, status: int) -> None:
    steps = [f"location = /{number} {{ rewrite ^ /{number + 1} last; }}" for number in range(rewrites)]
    hop, seen = both(server(" ".join([*steps, f"location = /{rewrites} {{ return 204; }}"])), "/0")
    assert (hop.status, seen.status) == (status, status)


@pytest.mark.parametrize(("redirects", "status"), [(9, 200), (10, 200), (11, 500)])
def test_the_limit_of_internal_redirects(redirects: int, status: int) -> None:
    steps = [f"location = /{number} {{ try_files /no /{number + 1}; }}" for number in range(redirects)]
    hop, seen = both(server(" ".join([*steps, f"location = /{redirects} {{ return 200 text; }}"])), "/0")
    assert (hop.status, seen.status) == (status, status)


def test_groups_are_escaped_again_only_in_a_query_and_of_an_escaped_request() -> None:
    body = "location / { rewrite ^/(.*)$ /p/$1?q=$1 break; proxy_pass http://@UP@; }"
    for target in ("/a%20b", "/a+b", "/a&b", "/a%26b", "/ä", "/a%3fb", "/a;b%25"):
        both(server(body), target)


@pytest.mark.parametrize("target", ["/b%25", "/b+c", "/b&c", "/b%20c"])
@pytest.mark.parametrize(
    "body",
    [
        "set $v $1;",
        'set $v "x$1";',
        "rewrite ^(.*)$ /y?a=b; set $v $1; break;",
        "rewrite ^/zz /y; set $v $1;",
        'if ($uri ~ "(.*)") { set $v $1; }',
        "set $v $mapped;",
        'set $v /b%25; if ($v = "$1") { set $v same; }',
        "return 301 /x$1;",
    ],
)
def test_groups_are_escaped_in_set_until_a_rewrite_matches(body: str, target: str) -> None:
    level = f"location ~ ^(.*)$ {{ {body} proxy_pass http://@UP@; proxy_set_header X-V $v; }}"
    both(f"map $uri $mapped {{ ~^(.*)$ $1; }} {server('set $v empty; ' + level)}", target)


def test_a_limit_except_that_passes_on_elsewhere() -> None:
    body = "location / { proxy_pass http://@UP@/a/; limit_except GET { proxy_pass http://@UP@; } }"
    assert passed(both(server(body), "/x")[0]) == "/a/x"
    assert passed(both(server(body), "/x", method="POST")[0]) == "/x"
