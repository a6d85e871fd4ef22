"""At which level a header is written, and in which file: what the fixes of the header rules leave alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rules.mending import mend_example, mend_folder

APP = {"gunicorn.conf.py": 'bind = "127.0.0.1:8000"\nworkers = 3\n'}
ASGI = {"gunicorn.conf.py": f'{APP["gunicorn.conf.py"]}worker_class = "uvicorn.workers.UvicornWorker"\n'}
UWSGI = {"uwsgi.ini": "[uwsgi]\nsocket = 127.0.0.1:8000\nmodule = shop.wsgi\nmaster = true\nneed-app = true\n"}
PASS = "proxy_pass http://127.0.0.1:8000;"


def nginx(*lines: str, http: str = "") -> str:
    """A main file whose server has these lines."""
    inner = "".join(f"    {line}\n" for line in lines)
    return (
        f"events {{}}\nhttp {{\n{http}  server {{\n    listen 80;\n    server_name shop.example.com;\n{inner}  }}\n}}\n"
    )


def mended(root: Path, rule: str, files: dict[str, str], settings: str = "") -> str:
    """The lines that the rule's fix changed; it has nothing more to say."""
    done = mend_example(files, settings, root, rule)
    assert rule in {finding.rule for finding in done.before.findings}
    assert rule not in {finding.rule for finding in done.after.findings}
    return done.changed


def left(root: Path, rule: str, files: dict[str, str], settings: str = "") -> None:
    """The rule speaks and the program changes nothing."""
    done = mend_example(files, settings, root, rule)
    assert rule in {finding.rule for finding in done.after.findings}
    assert done.changed == ""


# ── spoofable-scheme-header ───────────────────────────────────────────────────────────────────────────────────────

HEADERS = ("proxy_set_header Host $host;", "proxy_set_header X-Forwarded-Proto $scheme;")
CLEARED = ['proxy_set_header X-Forwarded-Protocol "";', 'proxy_set_header X-Forwarded-Ssl "";']


def added(indent: int, *lines: str, path: str = "nginx.conf") -> str:
    return "\n".join([path, *(f"+{' ' * indent}{line}" for line in lines)]) + "\n"


def test_headers_are_cleared_where_the_server_sets_the_others(tmp_path: Path) -> None:
    text = nginx(*HEADERS, f"location / {{ {PASS} }}", f"location /admin/ {{ {PASS} }}")
    assert mended(tmp_path, "spoofable-scheme-header", {"nginx.conf": text, **APP}) == added(4, *CLEARED)


def test_headers_are_cleared_where_http_sets_the_others(tmp_path: Path) -> None:
    text = nginx(f"location / {{ {PASS} }}", http="".join(f"  {line}\n" for line in HEADERS))
    assert mended(tmp_path, "spoofable-scheme-header", {"nginx.conf": text, **APP}) == added(2, *CLEARED)


def test_headers_are_cleared_in_a_nested_location_s_outer_one(tmp_path: Path) -> None:
    text = nginx("location / {", *(f"  {line}" for line in HEADERS), f"  location /api/ {{ {PASS} }}", "}")
    assert mended(tmp_path, "spoofable-scheme-header", {"nginx.conf": text, **APP}) == added(6, *CLEARED)


def test_headers_are_cleared_beside_an_include_and_not_in_it(tmp_path: Path) -> None:
    text = nginx("location / {", "  include headers.conf;", f"  {PASS}", "}")
    files = {"nginx.conf": text, "headers.conf": "".join(f"{line}\n" for line in HEADERS), **APP}
    assert mended(tmp_path, "spoofable-scheme-header", files) == added(6, *CLEARED)


# ── contradictory-scheme-headers ──────────────────────────────────────────────────────────────────────────────────


def test_a_contrary_header_is_cleared_in_the_file_that_sets_it(tmp_path: Path) -> None:
    text = nginx("location / {", "  include headers.conf;", f"  {PASS}", "}").replace("listen 80;", "listen 443 ssl;")
    lines = (*HEADERS, "proxy_set_header  X-Forwarded-Protocol '$scheme'; # why")
    files = {"nginx.conf": text, "headers.conf": "".join(f"{line}\r\n" for line in lines), **APP}
    assert mended(tmp_path, "contradictory-scheme-headers", files) == (
        "headers.conf\n-proxy_set_header  X-Forwarded-Protocol '$scheme'; # why\n"
        '+proxy_set_header  X-Forwarded-Protocol ""; # why\n'
    )


# ── duplicate-host ────────────────────────────────────────────────────────────────────────────────────────────────


def test_of_three_hosts_two_go(tmp_path: Path) -> None:
    hosts = [f"  proxy_set_header Host {value};" for value in ("$http_host", "shop", "$host")]
    text = nginx("location / {", *hosts, f"  {PASS}", "}")
    assert mended(tmp_path, "duplicate-host", {"nginx.conf": text, **APP}) == (
        "nginx.conf\n-      proxy_set_header Host $http_host;\n-      proxy_set_header Host shop;\n"
    )


def test_two_included_hosts_are_left_to_people(tmp_path: Path) -> None:
    text = nginx("location / {", "  include a.conf;", "  include b.conf;", f"  {PASS}", "}")
    files = {"nginx.conf": text, "a.conf": "proxy_set_header Host $host;\n", "b.conf": "proxy_set_header Host shop;\n"}
    left(tmp_path, "duplicate-host", {**files, **APP})


# ── underscore-header, unprefixed-uwsgi-param ─────────────────────────────────────────────────────────────────────


def test_a_name_that_is_taken_is_left_to_people(tmp_path: Path) -> None:
    names = ("X_Auth $a", "X-Auth $b")
    text = nginx("set $a 1;", "set $b 2;", "location / {", *(f"  proxy_set_header {one};" for one in names), PASS, "}")
    left(tmp_path, "underscore-header", {"nginx.conf": text, **APP}, 'gunicorn = "27.0.1"\n')


def test_a_quoted_name_with_an_underscore(tmp_path: Path) -> None:
    text = nginx("location / {", '  proxy_set_header "X_Auth" $remote_user;', f"  {PASS}", "}")
    assert mended(tmp_path, "underscore-header", {"nginx.conf": text, **APP}, 'gunicorn = "27.0.1"\n') == (
        'nginx.conf\n-      proxy_set_header "X_Auth" $remote_user;\n+      proxy_set_header X-Auth $remote_user;\n'
    )


def test_a_parameter_that_is_set_under_both_names_is_left_to_people(tmp_path: Path) -> None:
    lines = ("include uwsgi_params;", "uwsgi_param X-Real-IP $remote_addr;", "uwsgi_param HTTP_X_REAL_IP $remote_addr;")
    text = nginx("location / {", *(f"  {line}" for line in lines), "  uwsgi_pass 127.0.0.1:8000;", "}")
    left(tmp_path, "unprefixed-uwsgi-param", {"nginx.conf": text, **UWSGI})


# ── dropped-inherited-headers, missing-uwsgi-params ───────────────────────────────────────────────────────────────


def test_outer_headers_are_repeated_at_the_level_that_drops_them(tmp_path: Path) -> None:
    text = nginx(
        "proxy_set_header X-Id $request_id;", f"location / {{ {PASS} }}", f"location /b/ {{ {PASS} }}",
        http="  include headers.conf;\n  include proxy_params;\n",
    )  # fmt: skip
    files = {"nginx.conf": text, "headers.conf": "proxy_set_header\n  X-Tenant 'the shop';\n", **APP}
    assert mended(tmp_path, "dropped-inherited-headers", files) == added(
        4, "proxy_set_header X-Tenant 'the shop';", "include proxy_params;"
    )


def test_a_parameter_that_is_set_already_is_not_included_once_more(tmp_path: Path) -> None:
    lines = ("uwsgi_param HTTPS on;", "uwsgi_param HTTP_X_FORWARDED_PROTO https;")
    text = nginx("location / {", *(f"  {line}" for line in lines), "  uwsgi_pass 127.0.0.1:8000;", "}")
    assert mended(tmp_path, "missing-uwsgi-params", {"nginx.conf": text, **UWSGI}) == added(
        6, "uwsgi_param PATH_INFO $document_uri;", "uwsgi_param REQUEST_METHOD $request_method;"
    )


# ── missing-websocket-upgrade ─────────────────────────────────────────────────────────────────────────────────────

UPGRADE = "proxy_set_header Upgrade $http_upgrade;"
MAP = ["map $http_upgrade $connection_upgrade {", "  default upgrade;", "  ''      close;", "}"]


def test_a_websocket_s_location_keeps_what_it_inherits(tmp_path: Path) -> None:
    text = nginx(
        *HEADERS,
        "proxy_set_header Connection '';",
        "location / {",
        f"  {PASS}",
        "}",
        "location /ws/ {",
        f"  {PASS}",
        "}",
    )
    settings = 'nginx = "1.30"\n'
    assert mended(tmp_path, "missing-websocket-upgrade", {"nginx.conf": text, **ASGI}, settings) == added(
        6, *HEADERS, UPGRADE, "proxy_set_header Connection upgrade;"
    )


def test_a_variable_that_is_there_is_used(tmp_path: Path) -> None:
    http = "  map $http_upgrade $upgrading { default upgrade; '' close; }\n"
    text = nginx("location / {", f"  {UPGRADE}", f"  {PASS}", "}", http=http)
    assert mended(tmp_path, "missing-websocket-upgrade", {"nginx.conf": text, **ASGI}, 'nginx = "1.30"\n') == added(
        6, "proxy_set_header Connection $upgrading;"
    )


@pytest.mark.parametrize("comment", ["", "  # the shop\n  # itself\n"])
def test_a_map_stands_above_the_server_and_its_comments(tmp_path: Path, comment: str) -> None:
    text = nginx("location / {", f"  {UPGRADE}", f"  {PASS}", "}", http="  gzip on;\n\n" + comment)
    files = {"nginx.conf": text, **ASGI}
    done = mend_example(files, 'nginx = "1.30"\n', tmp_path, "missing-websocket-upgrade")
    table = "".join(f"  {line}\n" for line in MAP)
    assert f"  gzip on;\n\n{table}\n{comment}  server {{\n" in done.after.files["nginx.conf"]


def test_a_lone_server_gets_its_map_in_its_file(tmp_path: Path) -> None:
    text = (
        f"server {{\r\n    listen 80;\r\n    location / {{\r\n        {UPGRADE}\r\n        {PASS}\r\n    }}\r\n}}\r\n"
    )
    done = mend_example({"shop.conf": text, **ASGI}, 'nginx = "1.30"\n', tmp_path, "missing-websocket-upgrade")
    table = "\r\n".join(line.replace("  ", "    ", 1) if line.startswith("  ") else line for line in MAP)
    assert done.after.files["shop.conf"] == f"{table}\r\n\r\n" + text.replace(
        UPGRADE, f"{UPGRADE}\r\n        proxy_set_header Connection $connection_upgrade;"
    )


def test_who_says_the_scheme_comes_before_who_may_not(tmp_path: Path) -> None:
    """A server that ends TLS and tells no scheme at all: another rule says what is missing."""
    tls = "listen 443 ssl;"
    text = nginx("location / {", "  proxy_set_header Host $host;", f"  {PASS}", "}").replace("listen 80;", tls)
    left(tmp_path, "spoofable-scheme-header", {"nginx.conf": text, **APP})


def test_words_are_repeated_as_they_stand(tmp_path: Path) -> None:
    text = nginx(
        'add_header Content-Security-Policy  "default-src\t\'self\';  img-src *" # why', "  always;",
        "location /static/ {", "  add_header Cache-Control public;", "  root /srv/shop;", "}",
    )  # fmt: skip
    assert mended(tmp_path, "dropped-inherited-headers", {"nginx.conf": text}) == added(
        6, "add_header Content-Security-Policy \"default-src\t'self';  img-src *\" always;"
    )


def test_a_stock_file_is_included_by_the_path_that_is_in_use(tmp_path: Path) -> None:
    lines = ("location /a/ {", "  include /etc/nginx/uwsgi_params;", "  uwsgi_pass 127.0.0.1:8000;", "}")
    text = nginx(*lines, "location / {", "  uwsgi_pass 127.0.0.1:8000;", "}")
    done = mend_example({"nginx.conf": text, **UWSGI}, "", tmp_path, "missing-uwsgi-params")
    assert done.changed.count("+      include /etc/nginx/uwsgi_params;") == 1
    outer = nginx("include /etc/nginx/uwsgi_params;", "location / {", "  uwsgi_param A b;", *lines[2:])
    done = mend_example({"nginx.conf": outer, **UWSGI}, "", tmp_path, "dropped-inherited-headers")
    cleared = [f'uwsgi_param HTTP_X_FORWARDED_{name} "";' for name in ("PROTO", "SSL")]
    assert sorted(done.changed.splitlines()) == sorted(
        added(6, "include /etc/nginx/uwsgi_params;", *cleared).splitlines()
    )


def test_a_name_is_mended_before_anything_is_cleared(tmp_path: Path) -> None:
    lines = ("include uwsgi_params;", "uwsgi_param X-Forwarded-Proto $scheme;", "uwsgi_pass 127.0.0.1:8000;")
    text = nginx("location / {", *(f"  {line}" for line in lines), "}").replace("listen 80;", "listen 443 ssl;")
    done = mend_example({"nginx.conf": text, **UWSGI}, "", tmp_path, "spoofable-scheme-header")
    assert done.changed == ""
    mend_folder(tmp_path)
    assert (tmp_path / "nginx.conf").read_text().count("HTTP_X_FORWARDED_PROTO") == 1
    assert "uwsgi_param HTTP_X_FORWARDED_PROTO $scheme;" in (tmp_path / "nginx.conf").read_text()


def test_what_is_set_under_another_name_is_not_cleared(tmp_path: Path) -> None:
    """By itself the fix would let clients say the scheme; once the name is right, nothing has to be cleared."""
    text = nginx("location / {", "  uwsgi_param X-Forwarded-Proto $scheme;", "  uwsgi_pass 127.0.0.1:8000;", "}")
    left(tmp_path, "missing-uwsgi-params", {"nginx.conf": text, **UWSGI})
    mend_folder(tmp_path)
    after = (tmp_path / "nginx.conf").read_text()
    assert "uwsgi_param HTTP_X_FORWARDED_PROTO $scheme;" in after and "include uwsgi_params;" in after
    assert '""' not in after
