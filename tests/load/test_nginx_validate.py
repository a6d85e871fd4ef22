"""Unknown and misplaced directives: reported just when the real nginx refuses them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cfgcheck import resources
from cfgcheck.findings import Problem
from cfgcheck.load.disk import Disk
from cfgcheck.load.nginx_files import NginxFiles
from cfgcheck.load.nginx_validate import validate
from cfgcheck.syntax.nginx_directives import forms, names
from tests.syntax.real import in_server, refusal
from tests.syntax.texts import servers


def problems(files: dict[str, str] | str, main: str = "nginx.conf") -> list[Problem]:
    """All problems of a configuration that stands in memory."""
    disk = Disk(Path("/nowhere"))
    for name, text in (files if isinstance(files, dict) else {main: files}).items():
        disk.overlay[disk.absolute(name)] = text
    config = NginxFiles(disk).config(main)
    assert config is not None
    return [*config.problems, *validate(config)]


def told(files: dict[str, str] | str, main: str = "nginx.conf") -> list[str]:
    return [f"{problem.rule} {problem.span}: {problem.message}; {problem.hint}" for problem in problems(files, main)]


HTTP = "pid nginx.pid; events {}\nhttp {\n"
REFUSED = {
    "unknown": (
        in_server("proxy_pas http://a;"),
        ('unknown-directive nginx.conf:3:1: no known module of nginx has a directive "proxy_pas"; '
        'did you mean "proxy_pass"?'),
    ),
    "wrong case": (
        in_server("Root /x;"),
        'unknown-directive nginx.conf:3:1: no known module of nginx has a directive "Root"; did you mean "root"?',
    ),
    "without a near name": (
        in_server("frobnicate on;"),
        ('unknown-directive nginx.conf:3:1: no known module of nginx has a directive "frobnicate"; '
        "correct the name, or load the module that has it"),
    ),
    "wrong context": (
        in_server("proxy_pass http://127.0.0.1;"),
        ('misplaced-directive nginx.conf:3:1: "proxy_pass" is not allowed directly in server{}; '
        "move it into location{}, limit_except{}, location/if{}"),
    ),
    "wrong context of a block": (
        HTTP + "location / {\n}\n}\n",
        ('misplaced-directive nginx.conf:3:1: "location" is not allowed directly in http{}; '
        "move it into location{}, server{}"),
    ),
    "in an if": (
        in_server("location / { if ($a) { root /x; proxy_read_timeout 1s; } set $a 1; }"),
        ('misplaced-directive nginx.conf:3:33: "proxy_read_timeout" is not allowed in if{} of location{}; '
        "move it into location{}, server{}, http{}"),
    ),
    "too many arguments": (
        in_server("root /x /y;"),
        'misplaced-directive nginx.conf:3:1: "root" does not take 2 arguments; give it 1 argument',
    ),
    "no argument": (
        in_server("error_page;"),
        'misplaced-directive nginx.conf:3:1: "error_page" does not take no arguments; give it 2 or more arguments',
    ),
    "no flag": (
        in_server("gzip maybe;"),
        'misplaced-directive nginx.conf:3:1: "gzip" must be "on" or "off", not "maybe"; write "on" or "off"',
    ),
    "a block where none may be": (
        in_server("root /x {\n}"), 'misplaced-directive nginx.conf:3:1: "root" takes no block; end "root" with ";"',
    ),
    "no block": (
        in_server("location /x;"), 'misplaced-directive nginx.conf:3:1: "location" has no opening "{"; add "{ … }"',
    ),
    "http directive outside": (
        "pid nginx.pid; events {}\ngzip on;\nhttp {}\n",
        ('misplaced-directive nginx.conf:2:1: "gzip" is not allowed outside of all blocks; '
        "move it into location{}, server{}, http{}, location/if{}"),
    ),
}  # fmt: skip


@pytest.mark.oracle
@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    text, expected = REFUSED[name]
    assert told(text) == [expected]
    assert refusal(text)


def test_an_included_file_is_judged_in_the_block_that_includes_it() -> None:
    (problem,) = problems(
        {
            "nginx.conf": "events {}\nhttp {\n include a.conf;\n server { include a.conf; }\n}\n",
            "a.conf": "listen 80;\n",
        }
    )
    assert problem.message == '"listen" is not allowed directly in http{}'
    assert str(problem.span) == "a.conf:1:1"
    assert [str(label.span) for label in problem.related] == ["nginx.conf:2:1"]


QUIET = {
    "modules of others": "load_module modules/ngx_foo.so; events {} http { foo bar; }",
    "a known module of others": "events {} http { brotli on; lua_package_path x; vhost_traffic_status_zone; }",
    "modules may be loaded elsewhere": "include /usr/share/nginx/modules/*.conf; events {} http { foo b; }",
    "the outermost level of a fragment": "proxy_pass http://a; listen 80;",
    "entries": "events {} http { map $a $b { hostname 1; proxy_pass 2; } types { root x y z; } }",
    "mail": "events {} mail { auth_http a b c d; server { foo; } }",
    "a placeholder": "events {} http { server { ${EXTRA} listen ${A} ${B}; gzip ${GZIP}; } }",
    "branches": "events {} http { {% if x %} foo; {% endif %} location / { } }",
    "braces that do not match": "events {} http { foo bar; server { }",
    "blocks of unknown modules": "load_module x.so; events {} rtmp { server { listen 1; application a { live on; } } }",
}


@pytest.mark.parametrize("name", QUIET)
def test_quiet(name: str) -> None:
    assert [line for line in told(QUIET[name]) if not line.startswith("unparsable-file")] == []


def test_a_misspelling_counts_although_modules_may_be_loaded() -> None:
    assert [problem.rule for problem in problems("server { lisen 80; }", "conf.d/a.conf")] == ["unknown-directive"]


# --- against the real nginx, on generated statements

_HTTP = "pid nginx.pid; events {} http { access_log off; "
_SERVER = _HTTP + "server { listen unix:a.sock; "
_STREAM = "pid nginx.pid; events {} stream { "
_CONTEXTS = {
    "main": "pid nginx.pid; events {} @\n",
    "events": "pid nginx.pid; events { @ }\n",
    "http": _HTTP + "@ }\n",
    "server": _SERVER + "@ } }\n",
    "location": _SERVER + "location / { @ } } }\n",
    "upstream": _HTTP + "upstream a { server 127.0.0.1:1; @ } }\n",
    "server/if": _SERVER + "if ($host) { @ } } }\n",
    "location/if": _SERVER + "location / { if ($host) { @ } } } }\n",
    "limit_except": _SERVER + "location / { limit_except GET { @ } } } }\n",
    "stream": _STREAM + "@ }\n",
    "stream/server": _STREAM + "server { listen unix:a.sock; return a; @ } }\n",
    "stream/upstream": _STREAM + "upstream a { server 127.0.0.1:1; @ } }\n",
}
_FORM_REFUSALS = (
    "is not allowed here", "invalid number of arguments", "is not terminated by", "has no opening",
    'must be "on" or "off"', "unknown directive",
)  # fmt: skip
_BUILT_IN = [name for name in names() if name not in ("include", "load_module", "user", "working_directory")]


@pytest.mark.oracle
@given(st.sampled_from(sorted(_CONTEXTS)), st.sampled_from(_BUILT_IN), st.integers(0, 4), st.sampled_from("n1;{"))
@example("server", "limit_req_dry_run", 1, "n")
@settings(max_examples=150)
def test_forms_are_those_of_the_real_nginx(context: str, name: str, count: int, kind: str) -> None:
    """What the table allows or forbids is what nginx allows or forbids, unless it was not built with the module."""
    words = ["1" if kind == "1" else "on"] * count
    statement = " ".join([name, *words]) + (" { }" if kind == "{" else ";")
    text = _CONTEXTS[context].replace("@", statement)
    said = refusal(text).split("\n")[0]
    if f'unknown directive "{name}"' in said or (said and not any(why in said for why in _FORM_REFUSALS)):
        return  # another build, or refused for what the words mean
    ours = [problem for problem in problems(text) if problem.rule != "unparsable-file" and name in problem.message]
    if said:
        elsewhere = any(context in form.contexts and form.takes(count) for form in forms(name))
        assert ours or elsewhere, (statement, said)  # elsewhere: in other versions, or in NGINX Plus
    else:
        assert not ours, (statement, ours)


@pytest.mark.oracle
@given(servers())
@settings(max_examples=25)
def test_generated_configurations_are_accepted_by_both(inside: str) -> None:
    text = in_server(inside)
    assert refusal(text) == ""
    assert told(text) == []


@pytest.mark.oracle
@given(servers(), st.data())
@settings(max_examples=120)
def test_a_slip_is_reported_exactly_when_nginx_refuses_it(inside: str, data: st.DataObject) -> None:
    text = in_server(inside)
    marks = [at for at, character in enumerate(text) if character in ';{}"']
    at = data.draw(st.sampled_from(marks))
    insert = data.draw(st.sampled_from(["", "", "", text[at] * 2, ";", "}"]))
    text = text[:at] + insert + text[at + 1 :]
    assert bool(told(text)) == bool(refusal(text)), text


def test_the_table_is_read_quickly_and_whole() -> None:
    table = json.loads(resources.data("nginx-directives.json").read_text())
    assert set(table) == {"nginx", "known", "prefixes", "directives"}
    assert len(table["directives"]) > 800
    assert all(forms(name) for name in names())
