"""Which block of which file a statement is written into, and what is left to people."""

from __future__ import annotations

from pathlib import Path

import pytest

from cfgcheck.app import Input, load
from cfgcheck.fix.editing import CannotFix
from cfgcheck.fix.nginx import edits_of_statement
from cfgcheck.model.nginx import Proxy
from cfgcheck.rules.changes import Statement
from cfgcheck.settings import Settings
from tests.fix.editing import location_of, proxy_of, put, texts, written

READ = "proxy_read_timeout 65s"
SITE = "events {}\nhttp {\n  server {\n    listen 80;\n    location / {\n      %s\n    }\n  }\n}\n"


def proxies(root: Path, files: dict[str, str]) -> list[Proxy]:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    _, stacks = load(Input((root,)), Settings())
    return [proxy for stack in stacks for proxy in stack.proxies]


def test_levels_of_a_whole_nginx(tmp_path: Path) -> None:
    text = "user www-data;\nevents {}\nhttp {\n  server { listen 80; location / { proxy_pass http://a; } }\n}\n"
    proxy = proxy_of(tmp_path, text)
    assert put(text, proxy, "worker_rlimit_nofile 4096", level="main").startswith(
        "user www-data;\nworker_rlimit_nofile 4096;\nevents {}\n"
    )
    assert "\nevents { worker_connections 2048; }\n" in put(text, proxy, "worker_connections 2048", level="events")
    assert "http {\n  gzip on;\n  server {" in put(text, proxy, "gzip on")


def test_main_level_of_a_file_that_begins_with_a_block(tmp_path: Path) -> None:
    text = "# The shop's nginx.\nevents {}\nhttp { server { location / { proxy_pass http://a; } } }\n"
    found = put(text, proxy_of(tmp_path, text), "user www-data", level="main")
    assert found.startswith("# The shop's nginx.\nuser www-data;\nevents {}\n")


def test_a_server_and_an_upstream(tmp_path: Path) -> None:
    text = (
        "events {}\nhttp {\n  upstream a {\n    server 127.0.0.1:8000;\n  }\n  server {\n    listen 80;\n"
        "    location / {\n      proxy_pass http://a;\n    }\n  }\n}\n"
    )
    proxy = proxy_of(tmp_path, text)
    server = put(text, proxy.servers[0], "resolver 127.0.0.11")
    assert server == text.replace("listen 80;\n", "listen 80;\n    resolver 127.0.0.11;\n")
    upstream = put(text, proxy.upstreams["a"], "keepalive 16")
    assert upstream == text.replace(":8000;\n", ":8000;\n    keepalive 16;\n")


def test_a_level_that_the_files_do_not_have(tmp_path: Path) -> None:
    proxy = proxy_of(tmp_path, "server {\n  listen 80;\n  location / { proxy_pass http://a; }\n}\n", "site.conf")
    for level in ("main", "events"):
        with pytest.raises(CannotFix, match="no such block"):
            edits_of_statement(Statement(proxy, "user www-data", level=level))


def test_a_file_of_servers_is_the_http_level(tmp_path: Path) -> None:
    text = "# Shop\n\nserver {\n  listen 80;\n  location / { proxy_pass http://a; }\n}\n"
    edits = edits_of_statement(Statement(proxy_of(tmp_path, text, "site.conf"), READ))
    assert texts(edits)["site.conf"] == text.replace("server {", f"{READ};\nserver {{")


def test_blocks_of_included_files_are_edited_there(tmp_path: Path) -> None:
    files = {
        "nginx.conf": "events {}\nhttp {\n  include conf.d/*.conf;\n}\n",
        "conf.d/shop.conf": "server {\n\tlisten 80;\n\tlocation / {\n\t\tproxy_pass http://a;\n\t}\n}\n",
    }
    (proxy,) = proxies(tmp_path, files)
    found = texts(edits_of_statement(Statement(location_of(proxy), READ)))
    assert found == {"conf.d/shop.conf": files["conf.d/shop.conf"].replace("\t\tproxy", f"\t\t{READ};\n\t\tproxy")}


def test_what_an_include_brings_is_changed_in_its_file(tmp_path: Path) -> None:
    files = {
        "nginx.conf": SITE % "include timeouts.inc;\n      proxy_pass http://a;",
        "timeouts.inc": "proxy_read_timeout 20s;\n",
    }
    (proxy,) = proxies(tmp_path, files)
    assert texts(edits_of_statement(Statement(location_of(proxy), READ))) == {"timeouts.inc": f"{READ};\n"}


def test_what_comes_with_nginx_is_not_written(tmp_path: Path) -> None:
    location = location_of(proxy_of(tmp_path, SITE % "include proxy_params;\n      proxy_pass http://a;"))
    with pytest.raises(CannotFix, match="not yours"):
        edits_of_statement(Statement(location, "proxy_set_header Host $host"))
    assert edits_of_statement(Statement(location, "include proxy_params", beside=True)) == []


def test_a_statement_that_an_if_may_not_hold_goes_around_it(tmp_path: Path) -> None:
    text = SITE % "if ($arg_a) {\n        proxy_pass http://a;\n      }"
    location = next(one for one in proxy_of(tmp_path, text).locations() if one.modifier == "if")
    assert put(text, location, READ) == text.replace("if (", f"{READ};\n      if (")


def test_one_file_that_two_servers_include(tmp_path: Path) -> None:
    files = {
        "nginx.conf": "events {}\nhttp {\n  server { include a.inc; }\n  server { listen 81; include a.inc; }\n}\n",
        "a.inc": "location / {\n  proxy_pass http://a;\n}\n",
    }
    (proxy,) = proxies(tmp_path, files)
    edits = [edit for one in proxy.locations() for edit in edits_of_statement(Statement(one, READ))]
    assert len(edits) == 2
    assert len(set(edits)) == 1


def test_a_config_map(tmp_path: Path) -> None:
    head = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: nginx\ndata:\n  nginx.conf: "
    pod = (
        "---\napiVersion: v1\nkind: Pod\nmetadata:\n  name: nginx\nspec:\n  containers:\n    - name: nginx\n"
        "      image: nginx:1.30.1\n"
        "      volumeMounts:\n        - name: conf\n          mountPath: /etc/nginx/nginx.conf"
        "\n          subPath: nginx.conf\n  volumes:\n    - name: conf\n      configMap:\n        name: nginx\n"
    )
    inside = "".join(f"    {line}\n" for line in (SITE % "proxy_pass http://a:80;").splitlines())
    text = f"{head}|\n{inside}{pod}"
    (proxy,) = proxies(tmp_path, {"k8s.yaml": text})
    found = texts(edits_of_statement(Statement(location_of(proxy), READ)))
    assert found == {"k8s.yaml": text.replace("proxy_pass", f"{READ};\n          proxy_pass")}

    flat = f"{head}'{' '.join((SITE % 'proxy_pass http://a:80;').split())}'\n{pod}"
    (proxy,) = proxies(tmp_path, {"k8s.yaml": flat})
    with pytest.raises(CannotFix, match="in the midst of a line"):
        edits_of_statement(Statement(location_of(proxy), READ))


@pytest.mark.parametrize(
    "inside",
    [
        "proxy_read_timeout {{ timeout }};\n      proxy_pass http://a;",
        "{% if slow %}\n      proxy_read_timeout 300s;\n      {% endif %}\n      proxy_pass http://a;",
    ],
)
def test_what_a_template_decides_is_left_to_people(inside: str, tmp_path: Path) -> None:
    location = location_of(proxy_of(tmp_path, SITE % inside, "nginx.conf.j2"))
    with pytest.raises(CannotFix, match="template"):
        edits_of_statement(Statement(location, READ))


def test_beside_the_branches_of_a_template(tmp_path: Path) -> None:
    text = (
        SITE
        % "proxy_buffering on;\n      {% if a %}\n      proxy_buffer_size 8k;\n      {% endif %}\n      proxy_pass http://a;"
    )
    location = location_of(proxy_of(tmp_path, text, "nginx.conf.j2"))
    found = texts(edits_of_statement(Statement(location, READ)))["nginx.conf.j2"]
    assert found == text.replace("on;\n", f"on;\n      {READ};\n")


@pytest.mark.parametrize(
    "statement", ["a; b", "a { b; }", "", "a } b", "a # b", 'a "b', "a; } server { listen 81", "a\n}"]
)
def test_what_is_no_single_statement_is_refused(statement: str, tmp_path: Path) -> None:
    with pytest.raises(CannotFix, match="no statement"):
        written(tmp_path, SITE % "proxy_pass http://a;", statement)


def test_a_brace_that_is_missing(tmp_path: Path) -> None:
    text = "events {}\nhttp {\n  server {\n    listen 80;\n    location / {\n      proxy_pass http://a;\n  }\n}\n"
    location = location_of(proxy_of(tmp_path, text))
    with pytest.raises(CannotFix, match="brace"):
        edits_of_statement(Statement(location, READ))
