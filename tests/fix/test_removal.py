"""What holds a place is taken out, with its line where it stands there alone."""

from __future__ import annotations

import pytest

from cfgcheck.fix.editing import CannotFix
from cfgcheck.fix.removal import edits_of_removal
from cfgcheck.source.edits import Piece, applied
from cfgcheck.source.file import SourceFile, Span


def without(path: str, text: str, part: str) -> str:
    file = SourceFile(path, text)
    start = text.index(part)
    edits = edits_of_removal(Span(file, start, start + len(part)))
    return applied(text, [Piece(edit.span.start, edit.span.end, edit.text) for edit in edits])


NGINX = {
    # name: (text, part of what goes, text afterwards)
    "a line": ("server {\n  listen 80;\n  gzip on;\n}\n", "on", "server {\n  listen 80;\n}\n"),
    "with the comment behind it": (
        "server {\n  gzip on; # for all\n  listen 80;\n}\n",
        "gzip",
        "server {\n  listen 80;\n}\n",
    ),
    "a comment above stays": (
        "server {\n  # for all\n  gzip on;\n  listen 80;\n}\n",
        "gzip",
        "server {\n  # for all\n  listen 80;\n}\n",
    ),
    "lines that end in another way": (
        "server {\r\n  gzip on;\r\n  listen 80;\r\n}\r\n",
        "gzip",
        "server {\r\n  listen 80;\r\n}\r\n",
    ),
    "the first of two": ("server { gzip on; listen 80; }", "gzip", "server { listen 80; }"),
    "the last of two": ("server { gzip on; listen 80; }", "80", "server { gzip on; }"),
    "the last of a line": ("server {\n  gzip on; listen 80;\n}\n", "listen", "server {\n  gzip on;\n}\n"),
    "the first of a line": (
        "server {\n  gzip on; listen 80; # both\n}\n",
        "gzip",
        "server {\n  listen 80; # both\n}\n",
    ),
    "a block with all in it": (
        "server {\n  listen 80;\n  location / {\n    root /srv;\n  }\n}\n",
        "location",
        "server {\n  listen 80;\n}\n",
    ),
    "over several lines": (
        "server {\n  listen 80;\n  log_not_found\n    off;\n  gzip on;\n}\n",
        "off",
        "server {\n  listen 80;\n  gzip on;\n}\n",
    ),
    "the end of a file without a line break": ("gzip on;\nlisten 80;", "listen", "gzip on;"),
    "all that there is": ("listen 80;", "listen", ""),
}


@pytest.mark.parametrize("name", NGINX)
def test_nginx(name: str) -> None:
    text, part, after = NGINX[name]
    assert without("nginx.conf", text, part) == after


def test_a_place_between_statements_takes_no_block_with_it() -> None:
    with pytest.raises(CannotFix, match="no statement"):
        without("nginx.conf", "server {\n  # here\n  listen 80;\n}\n", "# here")


LINES = {
    "an option of uWSGI": (
        "uwsgi.ini",
        "[uwsgi]\nmodule = a\nharakiri = 30\nlisten = 9\n",
        "30",
        "[uwsgi]\nmodule = a\nlisten = 9\n",
    ),
    "a setting of a unit": (
        "shop.service",
        "[Service]\nPrivateTmp=true\nExecStart=/srv/shop/run\n",
        "true",
        "[Service]\nExecStart=/srv/shop/run\n",
    ),
    "one that goes on": (
        "shop.service",
        "[Service]\nEnvironment=A=1 \\\n  # why\n  B=2 \\\n  C=3\nExecStart=/srv/shop/run\n",
        "B=2",
        "[Service]\nExecStart=/srv/shop/run\n",
    ),
    "an option of supervisord": (
        "supervisord.conf",
        "[supervisord]\n[program:a]\nenvironment=A=1,\n  B=2\nstopsignal=QUIT\n",
        "B=2",
        "[supervisord]\n[program:a]\nstopsignal=QUIT\n",
    ),
    "the last line": ("uwsgi.ini", "[uwsgi]\r\nmodule = a\r\nlisten = 9", "9", "[uwsgi]\r\nmodule = a"),
}


@pytest.mark.parametrize("name", LINES)
def test_lines(name: str) -> None:
    path, text, part, after = LINES[name]
    assert without(path, text, part) == after


def test_a_setting_of_python_goes_as_the_app_editor_does_it() -> None:
    assert without("gunicorn.conf.py", 'bind = ":8000"\nreload = True\n', "True") == 'bind = ":8000"\n'
