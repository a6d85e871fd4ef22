"""Which files a configuration is made of: includes as nginx resolves them, and what part each file is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cfgcheck.load.disk import Disk
from cfgcheck.load.nginx_files import NginxConfig, NginxFiles
from cfgcheck.load.nginx_kinds import Kind
from cfgcheck.load.nginx_stock import NAMES, is_stock, stock_file, stock_name
from cfgcheck.syntax.nginx_parse import parse
from cfgcheck.syntax.nginx_tree import Directive
from tests.model.nginx_real import executable, folder
from tests.syntax.real import refusal
from tests.syntax.texts import any_texts

MAIN = "events {}\nhttp {\n  include conf.d/*.conf;\n}\n"


def write(top: Path, files: dict[str, str]) -> NginxFiles:
    for name, text in files.items():
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_bytes(text.encode("utf-8", "surrogateescape"))
    return NginxFiles(Disk(top))


def read(top: Path, files: dict[str, str], main: str = "nginx.conf") -> NginxConfig:
    config = write(top, files).config(main)
    assert config is not None
    return config


def expanded(config: NginxConfig, directives: list[Directive] | None = None) -> list[object]:
    """All statements, includes replaced, as nested lists."""
    found: list[object] = []
    for directive in config.expand(config.tree.directives if directives is None else directives):
        found.append(" ".join([directive.key, *directive.values]))
        if directive.block is not None:
            found.append(expanded(config, directive.block))
    return found


def complaints(config: NginxConfig) -> list[str]:
    return [f"{problem.rule} {problem.span}: {problem.message}; {problem.hint}" for problem in config.problems]


def test_globs_in_the_order_of_their_names(tmp_path: Path) -> None:
    config = read(tmp_path, {
        "nginx.conf": MAIN, "conf.d/b.conf": "gzip on;", "conf.d/a.conf": "server { }", "conf.d/.c.conf": "x;",
        "conf.d/B.conf": "etag on;", "conf.d/d.txt": "y;",
    })  # fmt: skip
    assert expanded(config) == ["events", [], "http", ["etag on", "server", [], "gzip on"]]
    assert [tree.name for tree in config.trees] == ["nginx.conf", "conf.d/B.conf", "conf.d/a.conf", "conf.d/b.conf"]
    assert complaints(config) == []
    assert config.unresolved == []


def test_paths_count_from_the_main_file_s_folder(tmp_path: Path) -> None:
    files = {
        "nginx/nginx.conf": "events {}\nhttp {\n  include sites/a.conf;\n}\n",
        "nginx/sites/a.conf": "include sites/b.conf;\ninclude c.conf;\n", "nginx/sites/b.conf": "etag on;",
        "nginx/sites/c.conf": "gzip on;",
    }  # fmt: skip
    config = read(tmp_path, files, "nginx/nginx.conf")
    assert expanded(config) == ["events", [], "http", ["etag on", "include c.conf"]]
    assert complaints(config) == [
        ("missing-include nginx/sites/a.conf:2:9: c.conf does not exist in nginx; "
        "write sites/c.conf: the path counts from the main file's folder, not from this file's")
    ]


def test_one_file_in_several_contexts(tmp_path: Path) -> None:
    config = read(tmp_path, {
        "nginx.conf": "http { server { location /a { include p; } location /b { include p; } } }", "p": "etag on;\n",
    })  # fmt: skip
    assert expanded(config) == ["http", ["server", ["location /a", ["etag on"], "location /b", ["etag on"]]]]
    assert [tree.name for tree in config.trees] == ["nginx.conf", "p"]


def test_a_missing_file(tmp_path: Path) -> None:
    text = "http {\n  include a.conf;\n  include none/*.conf;\n include d;\n}\n"
    config = read(tmp_path, {"nginx.conf": text, "d/x": ""})
    assert complaints(config) == [
        "missing-include nginx.conf:2:11: a.conf does not exist in .; create a.conf, or correct the path",
        "missing-include nginx.conf:4:10: d is a folder in .; create d, or correct the path",
    ]
    assert refusal("events {} http { include a.conf; }")
    assert refusal("events {} http { include none/*.conf; }") == ""


def test_a_circle_is_cut_and_reported(tmp_path: Path) -> None:
    inner = "location / { include a; etag on; }"
    files = {"nginx.conf": "http { include a; }", "a": "server {\n include b;\n}", "b": inner}
    config = read(tmp_path, files)
    assert complaints(config) == [
        ("unparsable-file b:1:14: this include leads back to a file that includes it: a → b → a; "
        "remove one include of the circle")
    ]
    assert expanded(config) == ["http", ["server", ["location /", ["etag on"]]]]


def test_a_file_that_includes_itself(tmp_path: Path) -> None:
    config = read(tmp_path, {"nginx.conf": "events {}\ninclude nginx.conf;\ninclude *.conf;\n"})
    assert [line.split(":")[0] for line in complaints(config)] == ["unparsable-file nginx.conf"] * 2
    assert expanded(config) == ["events", []]


def test_stock_files(tmp_path: Path) -> None:
    text = "http {\n include /etc/nginx/mime.types;\n server { include uwsgi_params;\n include proxy_params; } }"
    config = read(tmp_path, {"nginx.conf": text})
    assert complaints(config) == []
    assert config.unresolved == []
    found = str(expanded(config))
    for expected in ("text/html html htm", "uwsgi_param PATH_INFO $document_uri", "proxy_set_header Host $http_host"):
        assert expected in found
    assert [is_stock(file) for file in config.sources] == [False, True, True, True]


def test_a_file_of_one_s_own_comes_before_the_stock_file(tmp_path: Path) -> None:
    config = read(tmp_path, {"nginx.conf": "http { include uwsgi_params; }", "uwsgi_params": "uwsgi_param A b;"})
    assert expanded(config) == ["http", ["uwsgi_param A b"]]


@pytest.mark.oracle
@pytest.mark.parametrize("name", sorted(NAMES))
def test_stock_files_are_accepted_by_nginx(name: str) -> None:
    file = stock_file(name)
    assert stock_name(f"/etc/nginx/{name}") == name
    assert parse(file, None).problems == []
    if "snakeoil" not in name:  # its certificate would have to be there
        where = "server { listen unix:a.sock; location / { include stock; } }"
        where = "include stock;" if name == "options-ssl-nginx.conf" else where
        stock = {"stock": file.text, "fastcgi.conf": stock_file("fastcgi.conf").text}
        assert refusal(f"pid nginx.pid; events {{}} http {{ access_log off; {where} }}", stock) == ""


def test_paths_of_the_deployment_are_looked_for_beside_the_main_file(tmp_path: Path) -> None:
    config = read(tmp_path, {
        "docker/nginx/nginx.conf": "http {\n include /etc/nginx/conf.d/*.conf;\n include /etc/nginx/proxy.conf;\n"
        " include /etc/nginx/conf.d/server_name;\n include /opt/x.conf;\n include /etc/nginx/other/*;\n}\n",
        "docker/nginx/conf.d/a.conf": "etag on;", "docker/nginx/proxy.conf": "gzip on;",
        "docker/nginx/server_name": "tcp_nopush on;", "x.conf": "no;",
    }, "docker/nginx/nginx.conf")  # fmt: skip
    assert expanded(config)[1] == [
        "etag on", "gzip on", "tcp_nopush on", "include /opt/x.conf", "include /etc/nginx/other/*",
    ]  # fmt: skip
    assert [(str(directive.span), because) for directive, because in config.unresolved] == [
        ("docker/nginx/nginx.conf:5:2", "/opt/x.conf is not among the files"),
        ("docker/nginx/nginx.conf:6:2", "/etc/nginx/other/* is not among the files"),
    ]
    assert complaints(config) == []


def test_mounts(tmp_path: Path) -> None:
    text = "http { include /etc/nginx/conf.d/*.conf; include /x; }"
    nginx = write(tmp_path, {"web/nginx.conf": text, "sites/a.conf": "etag on;", "y": "gzip on;"})
    nginx.mounts = {"/etc/nginx/conf.d": tmp_path / "sites", "/x": tmp_path / "y"}
    config = nginx.config("web/nginx.conf")
    assert config is not None
    assert expanded(config) == ["http", ["etag on", "gzip on"]]


def test_nothing_is_read_outside_of_the_folder_by_an_absolute_path(tmp_path: Path) -> None:
    secret = tmp_path / "secret.conf"
    secret.write_text("etag on;")
    config = read(tmp_path / "project", {"nginx.conf": f"http {{ include {secret}; include {tmp_path}/*.conf; }}"})
    assert len(config.unresolved) == 2
    assert [tree.name for tree in config.trees] == ["nginx.conf"]


def test_links_of_sites_enabled(tmp_path: Path) -> None:
    nginx = write(tmp_path, {
        "nginx.conf": "http { include sites-enabled/*; }", "sites-available/a": "server { }",
        "sites-available/b": "server { }", "sites-available/c": "etag on;",
    })  # fmt: skip
    (tmp_path / "sites-enabled").mkdir()
    (tmp_path / "sites-enabled" / "a").symlink_to("../sites-available/a")
    (tmp_path / "sites-enabled" / "c").symlink_to("/etc/nginx/sites-available/c")
    (tmp_path / "sites-enabled" / "gone").symlink_to("/etc/nginx/sites-available/gone")
    config = nginx.config("nginx.conf")
    assert config is not None
    assert expanded(config) == ["http", ["server", [], "etag on"]]
    real = Path(os.path.realpath(tmp_path))
    assert real / "sites-available" / "a" in nginx.included
    assert real / "sites-available" / "c" in nginx.included
    assert real / "sites-available" / "b" not in nginx.included


def test_an_include_whose_path_is_a_placeholder(tmp_path: Path) -> None:
    config = read(tmp_path, {"nginx.conf.template": "http { include ${DIR}/x.conf; }"}, "nginx.conf.template")
    assert complaints(config) == []
    assert [because for _, because in config.unresolved] == ["its path is filled in by a template"]


def test_a_template_stands_for_the_file_made_of_it(tmp_path: Path) -> None:
    config = read(tmp_path, {"nginx.conf": "http { include a.conf; }", "a.conf.j2": "listen {{ port }};"})
    assert expanded(config) == ["http", ["listen {{ port }}"]]


def test_a_fragment_does_not_know_the_main_file_s_folder(tmp_path: Path) -> None:
    text = "server { include snippets/s.conf; include gone.conf; }"
    config = read(tmp_path, {"n/conf.d/a.conf": text, "n/snippets/s.conf": "etag on;"}, "n/conf.d/a.conf")
    assert expanded(config) == ["server", ["etag on", "include gone.conf"]]
    assert complaints(config) == []
    assert [because for _, because in config.unresolved] == [
        "the main file, to whose folder gone.conf is relative, is not known"
    ]


def test_entries_of_data_blocks(tmp_path: Path) -> None:
    config = read(tmp_path, {"nginx.conf": "http { map $a $b { include m; default 0; } }", "m": "x 1;\nserver 2;\n"})
    assert expanded(config) == ["http", ["map $a $b", ["x 1", "server 2", "default 0"]]]
    assert all(directive.data for directive in config.trees[1].directives)


@pytest.mark.parametrize(
    "pattern", ["a\0b", "x" * 300, "x" * 5000, "/" + "y/" * 3000, "*" * 300, "[", "../" * 50 + "etc/*", "", "."]
)
def test_odd_paths(tmp_path: Path, pattern: str) -> None:
    disk = Disk(tmp_path)
    disk.overlay[tmp_path / "nginx.conf"] = f'http {{ include "{pattern}"; }}'
    config = NginxFiles(disk).config("nginx.conf")
    assert config is not None
    assert [tree.name for tree in config.trees] == ["nginx.conf"] or pattern == "*" * 300


def test_what_cannot_be_read(tmp_path: Path) -> None:
    nginx = write(tmp_path, {"nginx.conf": "http { include binary; }", "binary": "\0\0"})
    config = nginx.config("nginx.conf")
    assert config is not None
    assert [because for _, because in config.unresolved] == ["binary can't be read"]
    assert complaints(config) == []
    assert len(nginx.disk.problems) == 1
    assert nginx.config("gone.conf") is None


@pytest.mark.oracle
def test_a_dump_is_expanded_as_its_files_are() -> None:
    import subprocess

    files = {
        "nginx.conf": "pid nginx.pid; events {} http { access_log off; include s/*.conf; types { include t; } }\n",
        "s/b.conf": "server { listen unix:b.sock; include p; }",
        "s/a.conf": "server { listen unix:a.sock; include p; }", "p": "etag on;", "t": "text/html html;",
    }  # fmt: skip
    with folder() as top:
        config = read(top, files)
        run = subprocess.run(
            [executable(), "-T", "-p", str(top), "-c", "nginx.conf", "-e", "error.log"],
            capture_output=True, timeout=20, check=False,
        )  # fmt: skip
        (top / "dump.txt").write_bytes(run.stdout)
        dump = NginxFiles(Disk(top)).config("dump.txt")
        assert dump is not None
        assert expanded(dump) == expanded(config)
        assert dump.kind.kind is Kind.MAIN
        assert [Path(tree.name).name for tree in dump.trees] == ["nginx.conf", "a.conf", "p", "b.conf", "t"]
        assert {file.path for file in dump.sources} == {"dump.txt"}
        assert not dump.problems
        assert not dump.unresolved


@given(st.dictionaries(st.sampled_from(["nginx.conf", "a.conf", "d/b.conf"]), any_texts, min_size=1))
@settings(max_examples=60)
def test_any_files(files: dict[str, str]) -> None:
    disk = Disk(Path("/nowhere"))
    for name, text in files.items():
        disk.overlay[disk.absolute(name)] = text + "\ninclude a.conf; include d/b.conf; include nginx.conf;\n"
    for name in files:
        config = NginxFiles(disk).config(name)
        assert config is not None
        assert expanded(config) is not None


# --- what part of a configuration a file is


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("user a; events {} http { }", Kind.MAIN),
        ("http { }", Kind.MAIN),
        ("stream { server { listen 1; } }", Kind.MAIN),
        ("server { listen 80; location / { } }", Kind.HTTP),
        ("upstream a { server b; }", Kind.HTTP),
        ("map $a $b { c d; }", Kind.HTTP),
        ("log_format a b;\nproxy_cache_path /x keys_zone=a:1m;", Kind.HTTP),
        ("server { listen 53 udp; proxy_pass a; }", Kind.STREAM),
        ("location / { proxy_pass http://a; }", Kind.LOCATION),
        ("listen 80; server_name a; location / { }", Kind.SERVER),
        ("proxy_set_header Host $host; proxy_pass http://a;", Kind.LOCATION),
        ("server 10.0.0.1:80; server 10.0.0.2:80 backup; keepalive 4;", Kind.UPSTREAM),
        ("{{ extra }}\nserver { listen {{ port }}; location / { } }", Kind.HTTP),
        ("", Kind.EMPTY),
        ("# nothing\n", Kind.EMPTY),
        ("[uwsgi]\nsocket = /run/a.sock\nmaster = true\n", Kind.OTHER),
        ("[program:a]\ncommand=/usr/bin/a\n; comment\n", Kind.OTHER),
        ("<VirtualHost *:80>\nServerName a\n</VirtualHost>\n", Kind.OTHER),
        ('{"a": {"b": 1}}', Kind.OTHER),
        ("services:\n  web:\n    image: nginx\n", Kind.OTHER),
        ("Some words of prose; nothing else.", Kind.OTHER),
    ],
)
def test_kinds(tmp_path: Path, text: str, kind: Kind) -> None:
    (tmp_path / "x").write_text(text)
    assert NginxFiles(Disk(tmp_path)).kind("x").kind is kind


def test_includes_that_multiply_are_cut(tmp_path: Path) -> None:
    files = {f"{level}.conf": f"include {level + 1}.conf; include {level + 1}.conf;\n" for level in range(40)}
    config = read(tmp_path, {**files, "nginx.conf": "events {} include 0.conf;", "40.conf": "pid a;"})
    assert [problem.message for problem in config.problems] == [
        "with this include the configuration has more than 1,000,000 statements"
    ]
    assert sum(1 for _ in config.directives) < 1_500_000
