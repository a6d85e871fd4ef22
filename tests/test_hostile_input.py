"""Files that were made to hurt: whatever they hold, cfgcheck ends within seconds with 0, 1 or 2, says something about
them, judges the other files, and neither runs nor imports anything of what it looks at."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.cli.running import REPOSITORY, Done, run

NGINX = "events {}\nhttp {\n"
OTHER = {
    "other/nginx.conf": NGINX + "server { location /a { return 204; } location /a { return 404; } }\n}\n",
    "other/uwsgi.ini": "[uwsgi]\nsocket = 127.0.0.1:3031\nmaster = 1\n",
}
"""Files with a finding of their own, which must be told whatever lies beside them."""

SECONDS = 6.0
"""What one check may take here; a fraction of a second on an idle machine."""

LONGEST = 60_000
"""Characters that a report may have."""

MARK = "cfgcheck-ran-this"
"""A file that nothing but hostile code would make."""


def check(folder: Path, files: Mapping[str, str | bytes], *arguments: object) -> Done:
    """Write the files and check the folder, within its time."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    begin = time.perf_counter()
    done = run("check", folder, *arguments)
    assert time.perf_counter() - begin < SECONDS
    assert done.code in (0, 1, 2)
    for text in (done.out, done.err):
        assert "Traceback" not in text
        assert "internal" not in text
    return done


def server(inside: str) -> str:
    return f"{NGINX}server {{ listen 80; {inside} }}\n}}\n"


def doubling(line: str, times: int = 60) -> str:
    """``line`` with ``{}`` for the number before and ``{+}`` for its own, many times."""
    return "".join(line.replace("{}", str(at)).replace("{+}", str(at + 1)) for at in range(times))


ENTITIES = "".join(f'<!ENTITY a{at + 1} "{f"&a{at};" * 10}">' for at in range(12))
BOMBS: dict[str, tuple[str, str | bytes, str]] = {
    # name: (file, content, what the report says of it; "" where nothing is wrong with it)
    "one word of 10 MB": ("nginx.conf", "x" * 10_000_000, "unparsable-file"),
    "10 MB on one line": ("nginx.conf", server(f"server_name {'shop.example.com ' * 600_000};").replace("\n", " "), ""),
    "an open quote": ("nginx.conf", server('return 200 "' + "x\\" * 500_000), "unparsable-file"),
    "nested braces": ("nginx.conf", "a {" * 10_000, "unparsable-file"),
    "nested braces that are closed": ("nginx.conf", "a {" * 10_000 + "}" * 10_000, "unparsable-file"),
    "closing braces": ("nginx.conf", "}" * 100_000, "unparsable-file"),
    "opening braces": ("nginx.conf", "{" * 100_000, "unparsable-file"),
    "semicolons": ("nginx.conf", NGINX + ";" * 100_000 + "}", ""),
    "nested locations": ("nginx.conf", server("location / {" * 10_000 + "}" * 10_000), ""),
    "nested Lua": ("nginx.conf", server("content_by_lua_block {" + "{ [==[ ' " * 20_000), "unparsable-file"),
    "placeholders that are not closed": ("nginx.conf", "{{" * 50_000 + "{%" * 50_000 + "<%" * 50_000, ""),
    "placeholders": ("nginx.conf", server("server_name " + "__A" * 50_000 + "%A" * 50_000 + "${" * 50_000 + ";"), ""),
    "many variables in a target": ("nginx.conf", server("location / { proxy_pass http://" + "$a" * 200_000 + "; }"), ""),
    "variables that double": (
        "nginx.conf",
        server("set $a0 x; " + doubling("set $a{+} $a{}$a{}; ") + "location / { proxy_pass http://$a60; }"),
        "",
    ),
    "maps that double": (
        "nginx.conf",
        NGINX + doubling('map $b $a{+} { default "$a{}$a{}"; x $a{}; } ') + "server { location / { proxy_pass $a60; } } }",
        "",
    ),
    "an include that includes itself": ("nginx.conf", "include nginx.conf;", "leads back"),
    "a thousand of them": ("nginx.conf", "include nginx.conf;" * 1000, "leads back"),
    "includes of devices": ("nginx.conf", "events {} include /dev/zero; include /dev/stdin; include /proc/self/mem;", ""),
    "includes of everything": ("nginx.conf", "events {} include /*; include ../*; include **/**/**; include [;", ""),
    "huge numbers": (
        "nginx.conf",
        server(f"client_max_body_size {'9' * 9000}; location / {{ proxy_pass http://127.0.0.1:{'9' * 9000}; }}"),
        "malformed-unix-target",
    ),
    "digits that are none": (
        "nginx.conf",
        server("location / { proxy_read_timeout ²s; proxy_pass http://127.0.0.1:²; }"),
        "malformed-unix-target",
    ),
    "a regular expression that explodes": ("nginx.conf", server("location ~ ^(a+)+$ { return 204; }"), ""),
    "ignore comments": ("nginx.conf", "# cfgcheck: ignore[" * 50_000 + "\n" + NGINX + "}", ""),
    "a dump of many files": ("nginx.conf", "# configuration file /a:\n" * 20_000, ""),
    "terminal escapes": ("nginx.conf", server("server_name \x1b[31m\x07\u202e; location /\x1b]0;x\x07 {}"), ""),
    "a power": ("gunicorn.conf.py", "workers = 10**10**10\n", ""),
    "a shift": ("gunicorn.conf.py", "workers = 1 << 10**12\n", ""),
    "a long text": ("gunicorn.conf.py", 'proc_name = "a" * 10**10\n', ""),
    "a long list": ("gunicorn.conf.py", 'bind = [":8000"] * 10**9\n', ""),
    "a text that doubles": ("gunicorn.conf.py", 'a = "x" * 999\n' + "a = a + a\n" * 60 + "proc_name = a\n", ""),
    "a list that doubles": ("gunicorn.conf.py", "a = [1]\n" + "a = [a, a]\n" * 60 + "raw_env = a\n", ""),
    "wide formats": (
        "gunicorn.conf.py",
        'a = f"{1:999999999}"\nproc_name = "%999999999d" % 1\nuser = "{:>999999999}".format(1)\ngroup = "a".ljust(10**10)\n',
        "",
    ),
    "replacements": ("gunicorn.conf.py", 'a = "a" * 999\n' + 'a = a.replace("a", "a" * 999)\n' * 5 + "user = a\n", ""),
    "endless loops": (
        "gunicorn.conf.py",
        "x = 1\nwhile True:\n  x = x + 1\nfor i in range(10**9):\n  x = x + i\nworkers = sum(range(10**10))\n",
        "",
    ),
    "endless recursion": ("gunicorn.conf.py", "def f(n):\n  return f(n + 1)\nworkers = f(1)\n", ""),
    "calls that double": (
        "gunicorn.conf.py",
        "def f0(x): return x\n" + doubling("def f{+}(x): return f{}(x) + f{}(x)\n") + "workers = f60(1)\n",
        "",
    ),
    "comprehensions": ("gunicorn.conf.py", "raw_env = [i for i in range(10**4) for j in range(10**4)]\n", ""),
    "nested parentheses": ("gunicorn.conf.py", "workers = " + "(" * 100_000 + "1" + ")" * 100_000, "unparsable-file"),
    "many signs": ("gunicorn.conf.py", "workers = " + "-" * 50_000 + "1\n", "unparsable-file"),
    "many operators": ("gunicorn.conf.py", "workers = " + "1 + " * 50_000 + "1\n", "unparsable-file"),
    "many attributes": ("gunicorn.conf.py", "x = a" + ".b" * 20_000 + "\n", "unparsable-file"),
    "many branches": (
        "gunicorn.conf.py",
        "if x == 0: workers = 0\n" + "".join(f"elif x == {at}: workers = {at}\n" for at in range(5000)),
        "unparsable-file",
    ),
    "a literal of 100,000 digits": ("gunicorn.conf.py", f"workers = {'9' * 100_000}\n", "unparsable-file"),
    "a text of 100,000 digits": ("gunicorn.conf.py", 'workers = int("9" * 100_000)\n', ""),
    "infinities": ("gunicorn.conf.py", 'timeout = 1e400\nworkers = int(float("inf"))\n', "invalid-setting"),
    "surrogates in Python": ("gunicorn.conf.py", 'bind = "unix:/\\ud800"\nproc_name = "\\udcff"\n', ""),
    "a module that imports itself": ("gunicorn.conf.py", "from gunicorn_conf import *\nfrom . import x\n", ""),
    "10 MB of Python": ("gunicorn.conf.py", f'user = "{"x" * 10_000_000}"\n', ""),
    "uWSGI placeholders": ("uwsgi.ini", "[uwsgi]\nmodule = " + "%(" * 50_000 + "$(" * 50_000 + "@(" * 50_000, ""),
    "uWSGI continuations": ("uwsgi.ini", "[uwsgi]\nmodule = " + "\\\n" * 100_000, "unparsable-file"),
    "uWSGI placeholders that double": (
        "uwsgi.ini",
        "[uwsgi]\na0 = x\n" + doubling("a{+} = %(a{})%(a{})\n") + "module = %(a60)\n",
        "",
    ),
    "uWSGI placeholders in a circle": ("uwsgi.ini", "[uwsgi]\na = %(b)\nb = %(a)\nmodule = %(a)\n", ""),
    "uWSGI loops": (
        "uwsgi.ini",
        f"[uwsgi]\nfor = {'1 ' * 1000}\nfor = {'1 ' * 1000}\nsocket = :%(_)\nendfor =\nendfor =\n",
        "unparsable-file",
    ),
    "uWSGI's counted loop": ("uwsgi.ini", "[uwsgi]\nfor-times = 999999999\nsocket = :%(_)\nendfor =\n", ""),
    "uWSGI sections that double": (
        "uwsgi.ini",
        "[uwsgi]\nini = :a0\n" + doubling("[a{}]\nini = :a{+}\nini = :a{+}\n", 40),
        "unparsable-file",
    ),
    "uWSGI files of devices": ("uwsgi.ini", "[uwsgi]\nini = /dev/zero\nyaml = /dev/stdin\nmodule = @(/dev/zero)\n", ""),
    "uWSGI numbers": ("uwsgi.ini", f"[uwsgi]\nprocesses = {'9' * 100_000}\nlisten = ²\nharakiri = -{'9' * 50}\n", ""),
    "100,000 uWSGI options": ("uwsgi.ini", "[uwsgi]\n" + "env = a=b\n" * 100_000, "unparsable-file"),
    "a YAML bomb": (
        "uwsgi.yaml",
        "a0: &a0 [x, x]\n" + doubling("a{+}: &a{+} [*a{}, *a{}]\n", 40) + "uwsgi:\n  socket: *a40\n",
        "",
    ),
    "a YAML alias of itself": ("uwsgi.yaml", "uwsgi: &a\n  socket: *a\n  <<: *a\n", ""),
    "nested YAML": ("uwsgi.yaml", "uwsgi: " + "[" * 100_000, "unparsable-file"),
    "indented YAML": ("uwsgi.yaml", "uwsgi:\n" + "".join(f"{' ' * at}a:\n" for at in range(1, 2000)), "unparsable-file"),
    "a long YAML text": ("uwsgi.yaml", "uwsgi:\n  socket: " + "x" * 5_000_000, "unparsable-file"),
    "an XML bomb": (
        "uwsgi.xml",
        f'<!DOCTYPE x [<!ENTITY a0 "ha">{ENTITIES}]><uwsgi><socket>&a12;</socket></uwsgi>',
        "unparsable-file",
    ),
    "an external XML entity": (
        "uwsgi.xml",
        '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><uwsgi><socket>&e;</socket></uwsgi>',
        "unparsable-file",
    ),
    "nested XML": ("uwsgi.xml", "<uwsgi>" + "<a>" * 100_000, "unparsable-file"),
    "an XML encoding that nobody knows": ("uwsgi.xml", '<?xml version="1.0" encoding="no"?><uwsgi/>', "unparsable-file"),
    "nested JSON": ("uwsgi.json", '{"uwsgi": ' + "[" * 100_000, "unparsable-file"),
    "nested JSON objects": ("uwsgi.json", '{"uwsgi": ' + '{"a":' * 50_000, "unparsable-file"),
    "JSON numbers": ("uwsgi.json", f'{{"uwsgi": {{"socket": ":1", "processes": {"9" * 100_000}}}}}', ""),
    "surrogates in JSON": ("uwsgi.json", '{"uwsgi": {"socket": "\\ud800", "\\udfff": "\\u0000"}}', ""),
    "many options on a command line": ("Procfile", "web: gunicorn " + "-b :1 " * 50_000, ""),
    "quotes on a command line": ("Procfile", "web: gunicorn " + '"' * 100_001, ""),
    "substitutions on a command line": ("Procfile", "web: gunicorn -b " + "`a " * 50_000 + "$(" * 50_000, ""),
    "defaults on a command line": ("Procfile", "web: gunicorn -b " + "${A:-" * 50_000, ""),
    "many commands on a line": ("Procfile", "web: " + "a && " * 50_000 + "gunicorn", ""),
    "shells in shells": ("Procfile", "web: " + 'sh -c "' * 5000 + "gunicorn", ""),
    "brace expansion": ("Procfile", "web: gunicorn -b :{1..999999999} " + "{a,b}" * 60, ""),
    "many processes": ("Procfile", "".join(f"w{at}: gunicorn -b :{at} a\n" for at in range(1, 3000)), ""),
}  # fmt: skip


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_beside_other_files(tmp_path: Path, name: str) -> None:
    file, content, said = BOMBS[name]
    done = check(tmp_path, {**OTHER, f"bomb/{file}": content}, "--show-unchecked")
    assert done.code == 1
    assert "error[repeated-location]" in done.out
    assert said in done.out
    assert len(done.out) < LONGEST
    assert "\x1b" not in done.out
    assert "\u202e" not in done.out


@pytest.mark.parametrize("name", ["surrogates in JSON", "terminal escapes", "surrogates in Python", "huge numbers"])
@pytest.mark.parametrize("form", ["json", "sarif", "github"])
def test_a_bomb_in_machine_formats(tmp_path: Path, name: str, form: str) -> None:
    file, content, _ = BOMBS[name]
    done = check(tmp_path, {**OTHER, f"bomb/{file}": content}, "--format", form)
    assert done.code == 1
    if form != "github":
        json.loads(done.out)
    assert "repeated-location" in done.out


DECLARATIONS = {
    "no value": b"nginx = ",
    "bytes": bytes(range(256)),
    "not UTF-8": b'nginx = "\xff"',
    "a UTF-16 file": 'nginx = "1.30"'.encode("utf-16"),
    "nested arrays": b"select = " + b"[" * 100_000,
    "nested tables": b"edge = " + b"{a=" * 50_000,
    "an endless key": b"a." * 100_000 + b"b = 1",
    "many digits": b"somaxconn = " + b"9" * 100_000,
    "other types": b"nginx = 1.30\nedge = 1\nstack = {}\nhosts = []\n",
    "infinities": b"[edge]\nidle = inf\nresponse = nan\n",
    "negative times": b'[edge]\nidle = -5\nresponse = "-5s"\n',
    "huge times": b'[edge]\nidle = "' + b"9" * 9000 + b's"\n',
    "a date": b"nginx = 1979-05-27\n",
    "rules that are a device": b'rules = ["/dev/zero"]\n',
    "many unknown keys": b"".join(b"[a%d]\n" % at for at in range(2000)),
}


@pytest.mark.parametrize("name", DECLARATIONS)
@pytest.mark.parametrize("file", ["cfgcheck.toml", "pyproject.toml"])
def test_settings_that_are_refused(tmp_path: Path, name: str, file: str) -> None:
    head = b"" if file == "cfgcheck.toml" else b"[tool.cfgcheck]\n"
    if head and b"\n[" in b"\n" + DECLARATIONS[name]:
        return  # a table of its own is not one of [tool.cfgcheck]
    done = check(tmp_path, {**OTHER, file: head + DECLARATIONS[name]})
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("Error: ")
    assert file in done.err


@pytest.mark.parametrize(
    "content",
    [b'exclude = ["' + b"*a" * 500 + b'", "[", ""]\n', b'[[app]]\nname = "a"\ncommand = "' + b"(" * 100_000 + b'"\n',
     b"#" + b"x" * 5_000_000],
    ids=["patterns", "a command", "a long comment"],
)  # fmt: skip
def test_settings_that_are_odd(tmp_path: Path, content: bytes) -> None:
    done = check(tmp_path, {**OTHER, "cfgcheck.toml": content})
    assert (done.code, done.err) == (1, "")
    assert "error[repeated-location]" in done.out


ENCODED = {
    # name: (content, what the report says, where)
    "a binary file": (bytes(range(256)) * 40, "is a binary file", "nginx.conf"),
    "UTF-16": (server("return 204;").encode("utf-16"), "is a binary file", "nginx.conf"),
    "a byte order mark": (b"\xef\xbb\xbf" + server("return 204;").encode(), "byte order mark", "nginx.conf:1:1"),
    "invalid UTF-8": (
        server("server_name \xff; location / {} location / {}").encode("latin-1"),
        "error[repeated-location]",
        "nginx.conf:3:",
    ),
    "Windows line ends": (
        server("location / {}\nlocation / {}").replace("\n", "\r\n").encode(),
        "error[repeated-location]",
        "nginx.conf:4:1",
    ),
}


@pytest.mark.parametrize("name", ENCODED)
def test_encodings(tmp_path: Path, name: str) -> None:
    content, said, place = ENCODED[name]
    done = check(tmp_path, {**OTHER, "odd/nginx.conf": content})
    assert done.code == 1
    assert said in done.out
    assert f"odd/{place}" in done.out
    assert done.out.count("error[repeated-location]") == 1 + ("repeated" in said)


def test_includes_in_a_circle_and_that_double(tmp_path: Path) -> None:
    circle = {
        "circle/nginx.conf": "events {} http { include a.conf; }",
        "circle/a.conf": "include b.conf;",
        "circle/b.conf": "include a.conf; include nginx.conf; server { location / {} location / {} }",
    }
    double = {f"double/a{at}.conf": f"include a{at + 1}.conf;" * 2 for at in range(40)}
    done = check(tmp_path, {**OTHER, **circle, **double, "double/nginx.conf": "events {} http { include a0.conf; }"})
    assert done.code == 1
    assert "a.conf → circle/b.conf → circle/a.conf" in done.out
    assert "circle/b.conf:1:" in done.out
    assert "error[repeated-location]" in done.out


def test_uwsgi_includes_that_double(tmp_path: Path) -> None:
    files = {f"u/a{at}.ini": f"[uwsgi]\nini = a{at + 1}.ini\nini = a{at + 1}.ini\n" for at in range(20)}
    done = check(tmp_path, {**OTHER, **files, "u/uwsgi.ini": "[uwsgi]\nini = a0.ini\nsocket = :1\n"})
    assert done.code == 1
    assert "files are included" in done.out


def test_what_is_no_file(tmp_path: Path) -> None:
    """None of these may stop the check of the folder; each that is named is told."""
    check(tmp_path, OTHER)
    odd = tmp_path / "odd"
    odd.mkdir()
    os.mkfifo(odd / "nginx.conf")
    os.mkfifo(odd / "gunicorn.conf.py")
    (odd / "uwsgi.ini").symlink_to("uwsgi.ini")
    (odd / "Procfile").symlink_to("nowhere")
    (odd / "conf.d").mkdir()
    (odd / "conf.d" / "loop").symlink_to("..")
    (odd / "conf.d" / "site.conf").mkdir()
    with socket.socket(socket.AF_UNIX) as listening:
        here = Path.cwd()
        os.chdir(odd)  # a socket's path is short
        try:
            listening.bind("uwsgi.yaml")
        finally:
            os.chdir(here)
        folder = check(tmp_path, {})
        assert folder.code == 1
        assert "error[repeated-location]" in folder.out
        named = [odd / name for name in ("nginx.conf", "gunicorn.conf.py", "uwsgi.ini", "uwsgi.yaml")]
        done = run("check", *named, tmp_path / "other" / "nginx.conf")
    assert (done.code, done.err) == (1, "")
    for said in ("nginx.conf is a named pipe", "gunicorn.conf.py is a named pipe", "uwsgi.yaml is a socket"):
        assert said in done.out
    assert "uwsgi.ini can't be read: too many levels of symbolic links" in done.out
    assert "error[repeated-location]" in done.out
    assert run("check", tmp_path / "missing").code == 2


def test_what_includes_lead_to(tmp_path: Path) -> None:
    """A pipe or an unreadable file behind an include is told, and does not hang."""
    os.mkfifo(tmp_path / "pipe.conf")
    (tmp_path / "folder.conf").mkdir()
    (tmp_path / "loop.conf").symlink_to("loop.conf")
    text = "events {}\nhttp {\ninclude pipe.conf;\ninclude folder.conf;\ninclude loop.conf;\n}\n"
    done = check(tmp_path, {"nginx.conf": text, "Procfile": "web: gunicorn -c pipe.conf app\n"})
    assert done.code == 1
    for line in (3, 4, 5):
        assert f"nginx.conf:{line}:" in done.out


def unreadable(path: Path) -> bool:
    """Take away the right to read; False for root, who needs none."""
    path.chmod(0)
    try:
        path.read_bytes()
    except PermissionError:
        return True
    return False


def test_files_without_the_right_to_read_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check(tmp_path, {**OTHER, "secret/nginx.conf": NGINX + "}\n"})
    secret = tmp_path / "secret" / "nginx.conf"
    if not unreadable(secret):
        real = Path.read_bytes

        def refusing(path: Path) -> bytes:
            if path == secret:
                raise PermissionError(13, "Permission denied")
            return real(path)

        monkeypatch.setattr(Path, "read_bytes", refusing)
    done = run("check", secret, tmp_path / "other")
    assert done.code == 1
    assert "can't be read: permission denied" in done.out
    assert "error[repeated-location]" in done.out


# Nothing of the tree is run

TRAPS = {
    "gunicorn.conf.py": (
        f"import os\nopen('{MARK}', 'w').close()\nos.system('touch {MARK}')\nbind = os.popen('touch {MARK}').read()\n"
        f"exec(\"open('{MARK}', 'w')\")\neval(\"open('{MARK}', 'w')\")\n__import__('trap')\nimport trap\n"
    ),
    "trap.py": f"open('{MARK}', 'w').close()\n",
    "nginx.conf": "events {} http { server { location / { proxy_pass http://127.0.0.1:8001; } "
    f"location /l {{ content_by_lua_block {{ os.execute('touch {MARK}') }} }} }} }}",
    "uwsgi.ini": f"[uwsgi]\nini = exec://touch {MARK}\nmodule = @(exec://touch {MARK})\nexec-pre-jail = touch {MARK}\n"
    f"ini = http://127.0.0.1:9/x\nsocket = :3031\nif-exec = touch {MARK}\nendif =\n",
    "uwsgi.yaml": f'uwsgi:\n  socket: !!python/object/apply:os.system ["touch {MARK}"]\n',
    "Procfile": f"web: gunicorn -b $(touch {MARK}) -c python:trap `touch {MARK}` app; touch {MARK}\n",
    "cfgcheck.toml": f'[[app]]\nname = "a"\ncommand = "touch {MARK}; gunicorn app"\n',
    ".gitattributes": "* filter=x\n",
    **{
        name: f"open('{MARK}', 'w').close()\n"
        for name in ("sitecustomize.py", "usercustomize.py", "conftest.py", "json.py", "re.py", "click.py", "app.py")
    },
    "trap.pth": f"import os; os.system('touch {MARK}')\n",
}

WATCHED = """
import os, sys
tree, repository = os.path.realpath(sys.argv[1]), sys.argv[2]
broken = []
def watch(event, arguments):
    if event.startswith(("socket.", "os.exec", "os.system", "os.posix_spawn", "os.fork", "pty.", "ftplib", "urllib")):
        broken.append((event, repr(arguments)[:200]))
    elif event == "subprocess.Popen" and os.path.basename(str(arguments[0])) != "git":
        broken.append((event, repr(arguments)[:200]))
    elif event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+"):
        if arguments[0] != os.devnull:
            broken.append((event, repr(arguments)[:200]))
    elif event == "exec" and getattr(arguments[0], "co_filename", "").startswith((tree, "<string>")):
        broken.append((event, repr(arguments)[:200]))
sys.path.insert(0, repository)
from cfgcheck.cli import main
sys.addaudithook(watch)
code = main(["check", tree, "--format", "json"])
loaded = [m for m in sys.modules.values() if str(getattr(m, "__file__", "") or "").startswith(tree)]
sys.stdout.flush()
if broken or loaded:
    sys.exit(f"broken: {broken} {loaded}")
sys.exit(code)
"""


def set_traps(folder: Path) -> None:
    for name, text in TRAPS.items():
        (folder / name).write_text(text)
    git = ["git", "-C", str(folder)]
    subprocess.run([*git, "init", "-q"], check=True)
    for name in ("core.fsmonitor", "filter.x.smudge", "filter.x.clean", "core.sshCommand", "core.pager"):
        subprocess.run([*git, "config", name, f"touch {folder / MARK}; cat"], check=True)
    hook = folder / ".git" / "hooks" / "post-index-change"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {folder / MARK}\n")
    hook.chmod(0o755)


@pytest.mark.parametrize("how", [["-m", "cfgcheck"], [str(Path(sys.executable).with_name("cfgcheck"))]])
def test_nothing_of_the_tree_is_run(tmp_path: Path, how: list[str]) -> None:
    set_traps(tmp_path)
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    for arguments in (["check", "."], ["show", "."], ["rules"], ["explain", "missing-host"]):
        command = [sys.executable, *how, *arguments]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, timeout=30, check=False)
        assert done.returncode in (0, 1), done.stderr
        assert done.stderr == b""
    assert list(tmp_path.rglob(MARK)) == []


def test_no_connection_no_process_no_import(tmp_path: Path) -> None:
    """Python's own audit events say so, of all that happens in the process."""
    set_traps(tmp_path)
    command = [sys.executable, "-c", WATCHED, str(tmp_path), str(REPOSITORY)]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 1, done.stderr
    assert done.stderr == ""
    found = json.loads(done.stdout)
    assert found["summary"]["files"] >= 5
    assert found["summary"]["apps"] >= 3


# Any bytes

PIECES = {
    "uwsgi.yaml": ("uwsgi:", "\n  socket: ", "\n  - ", "&a", "*a", "<<: ", "[", "]", "{", "}", "|", ">", "!!x ", "'", '"', "#", "---\n", "\t", "? ", ": ", "%(a)", "\ud800"),
    "uwsgi.xml": ("<uwsgi>", "</uwsgi>", "<socket>", "</socket>", "<!--", "-->", "<![CDATA[", "]]>", "&amp;", "&a;", "<?xml ", "?>", "<!DOCTYPE x [", "]>", ' id="', "<master/>", ":1"),
    "uwsgi.json": ('{"uwsgi":', "{", "}", "[", "]", ",", ":", '"socket"', '":1"', '"\\ud800"', '"\\u0000"', "1e9", "-0", "null", "true", '"', "\\"),
    "uwsgi.ini": ("[uwsgi]", "\nsocket = ", ":1", "%(a)", "$(A)", "@(f)", "%d", "%", "\nfor = a b", "\nendfor =", "\nif-env = A", "\nendif =", "\n[x]", "\nini = :x", "\\\n", ";", "#", "="),
    "gunicorn.conf.py": ("bind = ", "[", "]", "':1'", "f'{", "}'", "\nworkers = ", "1", "**9", "<<9", "*9", "\nif 1:\n ", "\nfor x in y:\n ", "\ndef f(x): return ", "f(1)", "\nimport os\n", "os.environ", "['A']", ".get('A')", "\ntry:\n ", "\nexcept ValueError:\n ", "\\ud800", "'\\x00'", " if ", " else ", "(", ")"),
    "Procfile": ("web: ", "gunicorn ", "uwsgi ", "-b ", ":1 ", "-c ", "--", "$(", "`", ")", "${A:-", "}", "'", '"', "\\", "&& ", "; ", "| ", "sh -c ", "env A=1 ", "\n", "#"),
    "cfgcheck.toml": ("nginx = ", '"1.30"', "[edge]\n", "kind = ", '"aws-alb"', "[[stack]]\n", "name = ", "[hosts.a]\n", "paths = ", "[", "]", "{", "}", "\n", "=", ".", '"', "1e9", "inf", "9999999999999999999"),
    "nginx.conf": ("http {", "server {", "location / {", "}", ";", "include *;", "include nginx.conf;", "set $a ", "$a", "${a}", "proxy_pass http://", "unix:", "[::1]", ":80", "map $a $b {", "upstream a {", "server ", '"', "'", "\\", "{{ a }}", "{% if a %}", "<% a %>", "__A__", "%A%", "# configuration file /a:\n", "# cfgcheck: ignore[missing-host]\n", "\r\n", "~ ^(a+)+$"),
}  # fmt: skip


def contents(name: str) -> st.SearchStrategy[bytes]:
    written = st.lists(st.sampled_from(PIECES[name]), max_size=30)
    texts = written.map(lambda parts: "".join(parts).encode("utf-8", "surrogatepass"))
    return st.one_of(texts, texts, st.binary(max_size=200), st.tuples(st.binary(max_size=4), texts).map(b"".join))


@pytest.mark.parametrize("name", PIECES)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_bytes(tmp_path: Path, name: str, data: st.DataObject) -> None:
    done = check(tmp_path, {**OTHER, name: data.draw(contents(name))}, "--show-unchecked")
    if name == "cfgcheck.toml":
        assert done.code == 2 or "error[repeated-location]" in done.out
    else:
        assert done.code == 1
        assert done.err == ""
        assert "error[repeated-location]" in done.out
