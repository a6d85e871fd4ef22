"""Fixes that tell a unit something: where they would do harm to others, they are left to people."""

from __future__ import annotations

from pathlib import Path

from tests.rules.mending import mend_example

RULE = "missing-runtime-directory"


def unit(path: str) -> str:
    start = f"/srv/shop/venv/bin/gunicorn --bind unix:{path} --workers 3 shop.wsgi"
    return f"[Service]\nUser=shop\nWorkingDirectory=/srv/shop\nExecStart={start}\n"


def test_a_folder_that_two_units_use_is_left_to_people(tmp_path: Path) -> None:
    files = {"shop.service": unit("/run/shop/web.sock"), "admin.service": unit("/var/run/shop/admin.sock")}
    done = mend_example(files, "", tmp_path, RULE)
    assert done.changed == ""
    told = [one.help + one.remedy for one in done.after.findings if one.rule == RULE]
    assert len(told) == 2 and all("RuntimeDirectoryPreserve=yes" in one for one in told)


def test_folders_of_their_own_are_made(tmp_path: Path) -> None:
    files = {"shop.service": unit("/run/shop/web.sock"), "admin.service": unit("/run/admin/x/admin.sock")}
    assert mend_example(files, "", tmp_path, RULE).changed == (
        "shop.service\n+RuntimeDirectory=shop\nadmin.service\n+RuntimeDirectory=admin/x\n"
    )


def nginx(target: str, upstream: str = "") -> str:
    return (
        f"events {{}}\nhttp {{\n{upstream}  server {{\n    listen 80;\n    location / {{ proxy_pass {target}; }}\n"
        f"    location /b/ {{ proxy_pass {target}; }}\n  }}\n}}\n"
    )


PRIVATE = unit("/tmp/web.sock").replace("User=shop\n", "User=shop\nPrivateTmp=true\n")


def test_a_socket_moves_at_both_ends(tmp_path: Path) -> None:
    upstream = "  upstream app { server unix:/tmp/web.sock fail_timeout=0; }\n"
    files = {"nginx.conf": nginx("http://app", upstream), "shop.service": PRIVATE}
    done = mend_example(files, "", tmp_path, "socket-in-private-tmp")
    assert done.after.files["nginx.conf"] == files["nginx.conf"].replace("/tmp/", "/run/shop/")
    assert done.after.files["shop.service"] == PRIVATE.replace("/tmp/", "/run/shop/").replace(
        "User=shop\n", "User=shop\nRuntimeDirectory=shop\n"
    )


def test_a_socket_moves_into_the_folder_that_the_unit_has(tmp_path: Path) -> None:
    service = PRIVATE.replace("PrivateTmp", "RuntimeDirectory=app other\nPrivateTmp")
    files = {"nginx.conf": nginx("http://unix:/tmp/web.sock:"), "shop.service": service}
    done = mend_example(files, "", tmp_path, "socket-in-private-tmp")
    assert {name: done.after.files[name] for name in files} == {
        name: text.replace("/tmp/", "/run/app/") for name, text in files.items()
    }


def test_a_socket_whose_path_is_put_together_is_left_to_people(tmp_path: Path) -> None:
    files = {
        "nginx.conf": nginx("http://unix:/tmp/web.sock"),
        "shop.service": PRIVATE.replace("--bind unix:/tmp/web.sock", "-c /srv/shop/gunicorn.conf.py"),
        "gunicorn.conf.py": 'folder = "/tmp"\nbind = f"unix:{folder}/web.sock"\nworkers = 3\n',
    }
    done = mend_example(files, "", tmp_path, "socket-in-private-tmp")
    assert "socket-in-private-tmp" in {finding.rule for finding in done.after.findings}
    assert done.changed == ""
