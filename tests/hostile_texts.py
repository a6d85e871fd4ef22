"""Texts that were made to hurt a reader, and files that would leave a mark if anybody ran them."""

from __future__ import annotations

NGINX = "events {}\nhttp {\n"
MARK = "cfgcheck-ran-this"
"""A file that nothing but hostile code would make."""


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
    "many variables in a target": (
        "nginx.conf",
        server("location / { proxy_pass http://" + "$a" * 200_000 + "; }"),
        "",
    ),
    "variables that double": (
        "nginx.conf",
        server("set $a0 x; " + doubling("set $a{+} $a{}$a{}; ") + "location / { proxy_pass http://$a60; }"),
        "",
    ),
    "maps that double": (
        "nginx.conf",
        NGINX
        + doubling('map $b $a{+} { default "$a{}$a{}"; x $a{}; } ')
        + "server { location / { proxy_pass $a60; } } }",
        "",
    ),
    "an include that includes itself": ("nginx.conf", "include nginx.conf;", "leads back"),
    "a thousand of them": ("nginx.conf", "include nginx.conf;" * 1000, "leads back"),
    "includes of devices": ("nginx.conf", "events {} include /dev/zero; include /dev/stdin; include /proc/1/mem;", ""),
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
        'a = f"{1:999999999}"\nproc_name = "%999999999d" % 1\nuser = "{:>999999999}".format(1)\n',
        "",
    ),
    "wide columns": ("gunicorn.conf.py", 'group = "a".ljust(10**10)\nuser = "a".zfill(10**10)\n', ""),
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
        "uWSGI refuses for",
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
    "indented YAML": (
        "uwsgi.yaml",
        "uwsgi:\n" + "".join(f"{' ' * at}a:\n" for at in range(1, 2000)),
        "unparsable-file",
    ),
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
    "an unknown XML encoding": ("uwsgi.xml", '<?xml version="1.0" encoding="no"?><uwsgi/>', "unparsable-file"),
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
    "many processes": ("Procfile", "".join(f"w{at}: gunicorn -b :{at} a\n" for at in range(1, 500)), ""),
}  # fmt: skip

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
    "patterns that are empty": b'exclude = ["[", ""]\n',
    "many unknown keys": b"".join(b"[a%d]\n" % at for at in range(2000)),
}

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

SHADOWS = ("sitecustomize.py", "usercustomize.py", "conftest.py", "json.py", "re.py", "click.py", "app.py")
"""Modules that a Python started in their folder may import instead of its own."""

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
    **dict.fromkeys(SHADOWS, f"open('{MARK}', 'w').close()\n"),
    "trap.pth": f"import os; os.system('touch {MARK}')\n",
}

WATCHED = """
import os, sys
tree, repository, mark = os.path.realpath(sys.argv[1]), *sys.argv[2:]
broken = []
def watch(event, arguments):
    if event.startswith(("socket.", "os.exec", "os.system", "os.posix_spawn", "os.fork", "pty.", "ftplib", "urllib")):
        broken.append((event, repr(arguments)[:200]))
    elif event == "subprocess.Popen" and os.path.basename(str(arguments[0])) != "git":
        broken.append((event, repr(arguments)[:200]))
    elif event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+"):
        if arguments[0] != os.devnull:
            broken.append((event, repr(arguments)[:200]))
    elif event == "exec" and (mark in repr(arguments[0].co_consts) or arguments[0].co_filename.startswith(tree)):
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

PIECES = {
    name: text.split("¦")
    for name, text in {
        "uwsgi.yaml": "uwsgi:¦\n  socket: ¦\n  - ¦&a¦*a¦<<: ¦[¦]¦{¦}¦|¦>¦!!x ¦'¦\"¦#¦---\n¦\t¦? ¦: ¦%(a)¦\ud800",
        "uwsgi.xml": "<uwsgi>¦</uwsgi>¦<socket>¦</socket>¦<!--¦-->¦<![CDATA[¦]]>¦&amp;¦&a;¦<?xml ¦?>¦<!DOCTYPE x [¦]>¦"
        ' id="¦<master/>¦:1',
        "uwsgi.json": '{"uwsgi":¦{¦}¦[¦]¦,¦:¦"socket"¦":1"¦"\\ud800"¦"\\u0000"¦1e9¦-0¦null¦true¦"¦\\',
        "uwsgi.ini": "[uwsgi]¦\nsocket = ¦:1¦%(a)¦$(A)¦@(f)¦%d¦%¦\nfor = a b¦\nendfor =¦\nif-env = A¦\nendif =¦\n[x]¦"
        "\nini = :x¦\\\n¦;¦#¦=",
        "gunicorn.conf.py": "bind = ¦[¦]¦':1'¦f'{¦}'¦\nworkers = ¦1¦**9¦<<9¦*9¦\nif 1:\n ¦\nfor x in y:\n ¦"
        "\ndef f(x): return ¦f(1)¦\nimport os\n¦os.environ¦['A']¦.get('A')¦\ntry:\n ¦\nexcept ValueError:\n ¦"
        "\\ud800¦'\\x00'¦ if ¦ else ¦(¦)",
        "Procfile": "web: ¦gunicorn ¦uwsgi ¦-b ¦:1 ¦-c ¦--¦$(¦`¦)¦${A:-¦}¦'¦\"¦\\¦&& ¦; ¦| ¦sh -c ¦env A=1 ¦\n¦#",
        "cfgcheck.toml": 'nginx = ¦"1.30"¦[edge]\n¦kind = ¦"aws-alb"¦[[stack]]\n¦name = ¦[hosts.a]\n¦paths = '
        '¦[¦]¦{¦}¦\n¦=¦.¦"¦1e9¦inf¦9999999999999999999',
        "nginx.conf": "http {¦server {¦location / {¦}¦;¦include *;¦include nginx.conf;¦set $a ¦$a¦${a}¦"
        "proxy_pass http://¦unix:¦[::1]¦:80¦map $a $b {¦upstream a {¦server ¦\"¦'¦\\¦{{ a }}¦"
        "{% if a %}¦<% a %>¦__A__¦%A%¦\r\n¦~ ^(a+)+$¦# configuration file /a:\n¦# cfgcheck: ignore[missing-host]\n",
    }.items()
}
"""What files of each kind are made of, for texts that get past the first line of a reader."""
