"""Dumps of ``nginx -T``: made by the real nginx and taken apart again."""

from __future__ import annotations

import subprocess

import pytest

from cfgcheck.source.file import SourceFile
from cfgcheck.syntax.nginx_dump import is_dump, split_dump
from tests.model.nginx_real import executable, folder
from tests.syntax.test_nginx_parse import outline

DUMP = """\
nginx: the configuration file /etc/nginx/nginx.conf syntax is ok
nginx: configuration file /etc/nginx/nginx.conf test is successful
# configuration file /etc/nginx/nginx.conf:
events {}
http {
  include conf.d/*.conf;
}

# configuration file /etc/nginx/conf.d/a.conf:
server {
  listen 80
  server_name a;
}

"""


def test_each_file_is_a_tree_with_places_in_the_dump() -> None:
    file = SourceFile("dump.txt", DUMP)
    assert is_dump(DUMP)
    main, a = split_dump(file)
    assert (main.name, a.name) == ("/etc/nginx/nginx.conf", "/etc/nginx/conf.d/a.conf")
    assert outline(main.directives) == ["events", [], "http", ["include conf.d/*.conf"]]
    assert outline(a.directives) == ["server", ["listen 80", "server_name a"]]
    assert str(a.directives[0].span) == "dump.txt:10:1"
    assert not main.problems
    assert [str(problem.span) for problem in a.problems] == ["dump.txt:11:11"]


@pytest.mark.parametrize(
    "text", ["", "events {}\n# configuration file /x:\n", "configuration file /x:\n", "# configuration file"]
)
def test_no_dump(text: str) -> None:
    assert not is_dump(text)


def test_empty_files_in_a_dump() -> None:
    text = "# configuration file /a:\n# configuration file /b:\r\n\n# configuration file /c:"
    assert is_dump(text)
    assert [tree.name for tree in split_dump(SourceFile("d", text))] == ["/a", "/b", "/c"]


@pytest.mark.oracle
def test_what_the_real_nginx_dumps() -> None:
    with folder() as base:
        (base / "nginx.conf").write_text("pid nginx.pid; events {} http { include s/*.conf; include s/*.conf; }\n")
        (base / "s").mkdir()
        (base / "s" / "b.conf").write_text("# b\r\nmap $host $b { default 1; }")
        (base / "s" / "a.conf").write_text("map $host $a { default 1; }")
        run = subprocess.run(
            [executable(), "-T", "-p", str(base), "-c", "nginx.conf", "-e", "error.log"],
            capture_output=True, timeout=20, check=False,
        )  # fmt: skip
        text = run.stdout.decode()
    assert is_dump(text)
    trees = split_dump(SourceFile("dump", text))
    assert [tree.name.rpartition("/")[2] for tree in trees] == ["nginx.conf", "a.conf", "b.conf"]
    assert [outline(tree.directives)[0] for tree in trees] == ["pid nginx.pid", "map $host $a", "map $host $b"]
    assert not [problem for tree in trees for problem in tree.problems]
