"""Generated nginx configurations, and requests for them. What matters meets often: few names, few paths."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hypothesis import strategies as st

NAMES = [
    "a.example.com", "b.example.com", "example.com", "*.example.com", ".example.com", "*.a.example.com", "a.*",
    "a.example.*", "A.Example.com", "_", '""', "~^(?<sub>.+)\\.example\\.com$", "~^a\\.", "~Example", "~^(b)(\\.)",
    "127.0.0.1",
]  # fmt: skip
HOSTS = [
    "a.example.com", "b.example.com", "example.com", "c.example.com", "x.a.example.com", "a.test", "a.example.org",
    "A.EXAMPLE.com", "nobody.test", "a.example.com.", "b.test", "127.0.0.1", "a",
]  # fmt: skip

PREFIXES = ["/", "/a", "/a/", "/a/b", "/a/b/", "/b/", "/A", '"/a b/"', "/x.php", "/img/", "/a/x.php", "/b", "/a.b/"]
REGEXES = [
    "\\.php$", "^/a/", "^/(a|b)/(.*)$", "^/(?<part>[^/]+)/b", "b$", '"^/[ab]{1,2}/"', "/B", "^/a(.*)\\.php$", "^(.*)$",
    "A", "/(?<part>x)", " ".join(["[^/]+/$"]), "a[[:space:]]b", "^/\\w+/?$",
]  # fmt: skip
_TARGETS = ["http://@UP@", "http://back", "http://@UP@/", "http://@UP@/base", "http://@UP@/base/", "http://back/q?x=1"]
_BARE = ["http://@UP@", "http://back", "http://$target"]
_COMPUTED = [
    "http://@UP@$request_uri", "http://@UP@$uri", "http://@UP@/v$uri$is_args$args", "http://back/$1", "http://$target",
    "http://$target$uri", "http://@UP@/p/$part",
]  # fmt: skip
_VALUES = [
    "$host", "$http_host", "$proxy_host", '""', "literal", "$scheme", "$uri", "$request_uri", "$args", '"$1|$2"',
    "$part", "$v", "$mapped", "$server_name", "$server_port", "$request_method", "$http_x_a", "$arg_x",
    "$proxy_add_x_forwarded_for", "$remote_addr", '"${host}x"', "$content_length", "$cookie_c", "$document_uri",
    "$is_args", "$query_string", "$sub", "$byhost", "$bypath", "$request", "$https", "$http_under_score",
]  # fmt: skip
_HEADERS = ["Host", "X-One", "X-A", "Connection", "x-one", "X-Forwarded-For", "Upgrade", "Te", "Cookie"]
_PARAMS = ["REQUEST_URI", "PATH_INFO", "HTTP_X_A", "HTTP_HOST", "QUERY_STRING", "ONE"]
_REWRITES = [
    "^/a/(.*)$ /b/$1 last", "^/(.*)$ /idx?p=$1 break", "b /c", "^/x(.*) /$1? last", "a /a/a last", "^/img/ /a/ break",
    "^/r/(.*) /$1 redirect", "^/b http://other.test/p permanent", "^/(a)/(?<part>.+)$ /$2/$1?z=$part", "x /b/$uri",
    "^(.*)$ $1?n=1 last", '"^/a b/(.*)" /a/$1 last', "^/A(.*)$ /a$1 break", "php$ /b/p?$args? last",
    "^/b/(.*)$ $scheme://h.test/$1", "^/a$ /a%20b", "^/b/(.+)$ /img/$1&$2 break", "^ /e$v last", "^/a/b /b/?k=$1",
]  # fmt: skip
_SETS = ["set $v $1", 'set $v "x$uri"', "set $v 1", "set $v $part", "set $args n=$v", "set $v $mapped$v", "break"]
_CONDITIONS = [
    "$request_method = POST", "$arg_x", "$http_x_a ~* ^(b)", "$host = a.example.com", "$uri !~ ^/a", "$v", "$v != 1",
    '$args ~ "x=(.+)"', "$uri ~ ^/(?<part>a)", "!-f $request_filename", "-e /nowhere", "$mapped = one",
    '$http_cookie = ""',
]  # fmt: skip
_ENDS = ["return 404", "return 403", 'return 200 "text"', "return 301 /moved$uri", "return 444", "return 503 $v"]


_SETTINGS = [
    "merge_slashes off;", "underscores_in_headers on;", "ignore_invalid_headers off;", "error_page 404 @app;",
    "error_page 403 =200 /b/403;",
]  # fmt: skip


@dataclass(frozen=True)
class Draw:
    """Choices from Hypothesis."""

    draw: Callable[[st.SearchStrategy[object]], object]

    def one(self, choices: list[str]) -> str:
        return str(self.draw(st.sampled_from(choices)))

    def chance(self, percent: int) -> bool:
        return int(str(self.draw(st.integers(0, 99)))) < percent

    def upto(self, most: int) -> int:
        return int(str(self.draw(st.integers(0, most))))


class Tree:
    """One configuration being made. ``marks``: how many levels bear one."""

    def __init__(self, draw: Draw) -> None:
        self.draw = draw
        self.marks = 0
        self.named = False

    def mark(self) -> str:
        self.marks += 1
        return f"add_header X-Where m{self.marks} always;"

    # ------------------------------------------------------------------------------------------------- statements
    def rewriting(self, *, ends: bool, passes: bool) -> list[str]:
        draw = self.draw
        found = []
        for _ in range(draw.upto(2) if draw.chance(40) else 0):
            kind = draw.upto(9)
            if kind <= 3:
                found.append(f"rewrite {draw.one(_REWRITES)};")
            elif kind <= 6:
                found.append(f"{draw.one(_SETS)};")
            elif kind == 7 and ends:
                found.append(f"{draw.one(_ENDS)};")
            else:
                found.append(self.condition(passes))
        return found

    def condition(self, passes: bool) -> str:
        draw = self.draw
        inner = [f"{draw.one(_SETS)};"] if draw.chance(50) else []
        choice = draw.upto(3)
        if choice == 0:
            inner.append(f"rewrite {draw.one(_REWRITES)};")
        elif choice == 1:
            inner.append(f"{draw.one(_ENDS)};")
        elif choice == 2 and passes:
            inner.append(f"proxy_pass {draw.one(_BARE)};")
        return f"if ({draw.one(_CONDITIONS)}) {{ {' '.join(inner)} }}"

    def headers(self, percent: int = 30) -> list[str]:
        draw = self.draw
        found = []
        if draw.chance(percent):
            for _ in range(1 + draw.upto(2)):
                found.append(f"proxy_set_header {draw.one(_HEADERS)} {draw.one(_VALUES)};")
        if draw.chance(percent // 3):
            for _ in range(1 + draw.upto(2)):
                found.append(f"uwsgi_param {draw.one(_PARAMS)} {draw.one(_VALUES)};")
        return found

    def handler(self, modifier: str) -> list[str]:
        draw = self.draw
        kind = draw.upto(19)
        if kind <= 9:
            literal = modifier in ("", "=", "^~")
            choices = (_TARGETS * 2 if literal else _BARE * 2) + _COMPUTED
            return [f"proxy_pass {draw.one(choices)};"]
        if kind == 10:
            return ["uwsgi_pass @UWSGI@;"]
        if kind == 11:
            return [f"try_files $uri {draw.one(['@app', '/a/index.php?$args', '=404', '=503', '/b/x.php'])};"]
        if kind == 12:
            return [f"{draw.one(_ENDS)};"]
        if kind == 13:
            return [draw.one(["deny all;", "internal;", "limit_except GET { deny all; }", "allow all; deny all;"])]
        if kind == 14:
            return [f"proxy_pass {draw.one(_BARE)};", "limit_except GET { deny all; }"]
        if kind == 15:
            return [f"proxy_pass {draw.one(_BARE)};", f"error_page 404 {draw.one(['@app', '/a/err', '= @app'])};"]
        if kind == 16:
            return [f"proxy_pass {draw.one(_BARE)};", f"try_files $uri {draw.one(['@app', '/b/'])};"]
        if kind == 17:
            return ["internal;", f"proxy_pass {draw.one(_BARE)};"]
        return []

    # -------------------------------------------------------------------------------------------------- locations
    def location(self, modifier: str, path: str, depth: int) -> str:
        body = [self.mark(), *self.rewriting(ends=True, passes=True), *self.handler(modifier), *self.headers()]
        if depth < 2 and modifier in ("", "^~", "~", "~*") and self.draw.chance(30):
            body += self.locations(depth + 1, path if modifier in ("", "^~") else "", modifier in ("~", "~*"))
        written = f"location {modifier} {path}" if modifier != "@" else f"location {path}"
        return f"{written} {{ {' '.join(body)} }}"

    def locations(self, depth: int, within: str, below_pattern: bool = False) -> list[str]:
        found: dict[tuple[str, str], str] = {}
        for _ in range(1 + self.draw.upto(4 if depth == 0 else 2)):
            modifier = self.draw.one(["~", "~*"] if below_pattern else ["", "", "=", "^~", "~", "~*"])
            path = self.draw.one(REGEXES if modifier in ("~", "~*") else PREFIXES)
            if modifier in ("", "=", "^~") and not path.strip('"').startswith(within.strip('"')):
                continue
            key = ("prefix" if modifier in ("", "^~") else modifier, path)
            if key not in found:
                found[key] = self.location(modifier, path, depth)
        return list(found.values())

    def server(self, number: int, defaults: set[str]) -> str:
        draw = self.draw
        listens = {draw.one(["@P0@", "@P0@", "@P1@", "127.0.0.1:@P0@", "127.0.0.1:@P1@", "127.0.0.2:@P1@", "*:@P0@"])}
        if number == 0:
            listens |= {"@P0@", "@P1@"}
        elif draw.chance(25):
            listens.add(draw.one(["@P0@", "@P1@"]))
        lines = []
        bound = {listen.replace("*:", "") for listen in listens}
        for listen in sorted(bound):
            default = listen not in defaults and draw.chance(20)
            if default:
                defaults.add(listen)
            lines.append(f"listen {listen}{' default_server' if default else ''};")
        names = list(dict.fromkeys(draw.one(NAMES) for _ in range(draw.upto(3))))
        if names:
            lines.append(f"server_name {' '.join(names)};")
        lines += [self.mark(), *self.rewriting(ends=False, passes=False), *self.headers()]
        if draw.chance(30):
            lines.append(draw.one(_SETTINGS))
        locations = self.locations(0, "")
        lines += locations
        if draw.chance(60) and not any(one.startswith(("location  / ", "location ^~ / ")) for one in locations):
            lines.append(f"location / {{ {self.mark()} proxy_pass {draw.one(_TARGETS)}; }}")
        lines.append(self.location("@", "@app", 2).replace("internal;", ""))
        return "server {\n  " + "\n  ".join(lines) + "\n}"

    def whole(self) -> str:
        defaults: set[str] = set()
        servers = [self.server(number, defaults) for number in range(1 + self.draw.upto(4))]
        return "\n".join([PREAMBLE, *self.headers(20), *servers])


PREAMBLE = """server_names_hash_bucket_size 128;
upstream back { server @UP@; keepalive 0; }
map $http_x_a $mapped { default zero; b one; ~^(c)(.*)$ "two$2"; ~*Q three; }
map $host $byhost { hostnames; default none; .example.com ex; a.* a; b.example.com b; }
map $uri $bypath { ~^/a/(?<part>.*)$ $part; "~*^/b(.*)" B$1; default $mapped; }
server { listen 127.0.0.1:@P2@; server_name ~^(?<sub>zz)$; location / { set $v ""; set $target @UP@; } }"""

SEGMENTS = [
    "a", "a", "b", "b", "A", "x.php", ".", "..", "", "a%20b", "%2e%2e", "a+b", "%41", "c%2Fd", "%C3%A4", "\u00e4",
    "img", "a%3fb", "b%25", "..a", "%2e", "a%23", "a&b", 'a"b', "a;b", "a|b", "x", "r",
]  # fmt: skip
_QUERIES = ["", "", "", "?x=1", "?x=a%20b&y=2", "?", "?x=%C3%A4", "?a?b", "?x=0", "?X=3#f", "#f", "?n=a+b"]
_SENT = {
    "x-a": ["b", "Bq", "c1", "q"],
    "under_score": ["1"],
    "x-forwarded-for": ["1.2.3.4"],
    "cookie": ["c=1; d=2"],
    "upgrade": ["websocket"],
    "te": ["trailers"],
    "keep-alive": ["5"],
    "x-one": ["client"],
    "if-none-match": ['"e"'],
    "x.dot": ["1"],
}


@st.composite
def trees(draw: st.DrawFn) -> str:
    return Tree(Draw(draw)).whole()


@dataclass(frozen=True)
class Asked:
    """A request, with which of the ports it goes to."""

    port: int
    address: str
    method: str
    host: str
    target: str
    headers: dict[str, str]
    body: int


@st.composite
def requests(draw: st.DrawFn) -> Asked:
    source = Draw(draw)
    segments = [source.one(SEGMENTS) for _ in range(source.upto(4))]
    names = [name for name in _SENT if source.chance(15)]
    method = source.one(["GET", "GET", "GET", "POST", "HEAD"])
    return Asked(
        port=source.upto(1),
        address=source.one(["127.0.0.1", "127.0.0.1", "127.0.0.2"]),
        method=method,
        host=source.one(HOSTS),
        target="/" + "/".join(segments) + source.one(_QUERIES),
        headers={"connection": "close", **{name: source.one(_SENT[name]) for name in names}},
        body=5 if method == "POST" and source.chance(60) else 0,
    )
