"""Deployments made up at random: an nginx configuration as blocks and lines, and the app servers behind it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from hypothesis import strategies as st

ADDRESSES = ("127.0.0.1:8000", "127.0.0.1:8001", "localhost:8000", "unix:/run/app.sock", "unix:/run/other.sock")


@dataclass(frozen=True)
class Node:
    """A statement (``children`` is None) or a block of an nginx configuration."""

    head: str
    children: tuple[Node, ...] | None = None


@dataclass(frozen=True)
class Made:
    """``nginx``: the statements of ``http{}``; ``others``: all other files."""

    nginx: tuple[Node, ...]
    others: dict[str, str] = field(default_factory=dict)

    def files(self) -> dict[str, str]:
        return {"nginx.conf": rendered((Node("events", ()), Node("http", self.nginx))), **self.others}

    def with_servers(self, order: Sequence[int]) -> Made:
        """The same with its servers in another order."""
        servers = [node for node in self.nginx if node.head == "server"]
        moved = iter([servers[at] for at in order])
        return replace(self, nginx=tuple(next(moved) if node.head == "server" else node for node in self.nginx))


def rendered(nodes: Sequence[Node]) -> str:
    return "".join(f"{line}\n" for line in _lines(nodes, 0))


def _lines(nodes: Sequence[Node], depth: int) -> Iterator[str]:
    for node in nodes:
        if node.children is None:
            yield f"{'    ' * depth}{node.head};"
        else:
            yield f"{'    ' * depth}{node.head} {{"
            yield from _lines(node.children, depth + 1)
            yield f"{'    ' * depth}}}"


HEADERS = (
    "proxy_set_header Host $host",
    "proxy_set_header Host $http_host",
    "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for",
    "proxy_set_header X-Forwarded-Proto $scheme",
    "proxy_set_header X-Forwarded-Proto https",
    "proxy_set_header X-Forwarded-Ssl on",
    "proxy_set_header X_Real_IP $remote_addr",
    'proxy_set_header Connection ""',
    "proxy_set_header Upgrade $http_upgrade",
    'proxy_set_header Connection "upgrade"',
    "uwsgi_param X-Forwarded-Proto $scheme",
    "uwsgi_param HTTP_X_FORWARDED_PROTO $scheme",
    "include uwsgi_params",
    "add_header X-Frame-Options DENY",
)
SETTINGS = (
    "proxy_read_timeout 20s",
    "proxy_read_timeout 3m",
    "uwsgi_read_timeout 20s",
    "proxy_connect_timeout 140s",
    "proxy_http_version 1.1",
    "proxy_buffering off",
    "proxy_request_buffering off",
    "proxy_buffer_size 16k",
    "proxy_buffers 4 16k",
    "uwsgi_buffer_size 64k",
    "client_max_body_size 50m",
    "large_client_header_buffers 4 32k",
    "underscores_in_headers on",
    "proxy_next_upstream error timeout non_idempotent",
    "unknown_directive on",
    "worker_connections 10",
)
PATHS = ("/", "/api/", "/ws/", "= /login", "~ \\.json$", "/static", "@app")

statements = st.lists(st.sampled_from(HEADERS + SETTINGS).map(Node), max_size=5)


@st.composite
def locations(draw: st.DrawFn) -> Node:
    inside = draw(statements)
    target = draw(st.sampled_from((*ADDRESSES, "app", "10.0.0.9:80")))
    slash = draw(st.sampled_from(("", "/", "/x"))) if not target.startswith("unix:") else ""
    verb = draw(st.sampled_from(("proxy_pass http://", "proxy_pass http://", "uwsgi_pass ", "proxy_pass https://")))
    inside.append(Node(f"{verb}{target}{slash if verb.startswith('proxy') else ''}"))
    inside = list(draw(st.permutations(inside)))
    return Node(f"location {draw(st.sampled_from(PATHS))}", tuple(inside))


@st.composite
def servers(draw: st.DrawFn, port: int) -> Node:
    tls = draw(st.booleans())
    inside = [Node(f"listen {port}{' ssl' if tls else ''}"), Node(f"server_name s{port}.example.com")]
    inside += draw(statements) + draw(st.lists(locations(), min_size=1, max_size=3))
    return Node("server", tuple(inside))


GUNICORN = (
    "workers = 1",
    "workers = 4",
    "threads = 4",
    'worker_class = "gevent"',
    'worker_class = "uvicorn.workers.UvicornWorker"',
    "timeout = 120",
    "keepalive = 75",
    "max_requests = 1000",
    'forwarded_allow_ips = "*"',
    "limit_request_line = 0",
    "reload = True",
    "keep_alive = 3",
    'umask = "7"',
)
UWSGI = (
    "master = true",
    "need-app = true",
    "harakiri = 30",
    "harakiri = 2m",
    "threads = 4",
    "buffer-size = 32k",
    "buffer-size = 65535",
    "limit-post = 1000000",
    "chmod-socket = 660",
    "vaccum = true",
    "http11-socket = 127.0.0.1:8001",
)


@st.composite
def deployments(draw: st.DrawFn) -> Made:
    pool = draw(st.lists(st.sampled_from(ADDRESSES), min_size=1, max_size=3, unique=True))
    extra = draw(st.lists(st.sampled_from(("keepalive 8", "zone app 64k", "least_conn")), max_size=2, unique=True))
    upstream = Node("upstream app", (*(Node(f"server {one}") for one in pool), *map(Node, extra)))
    hosts = [draw(servers(8080 + at)) for at in range(draw(st.integers(1, 3)))]
    bind = draw(st.sampled_from(("127.0.0.1:8000", "0.0.0.0:8000", "unix:/run/app.sock", "[::]:8000", "127.0.0.1:8009")))  # noqa: E501
    gunicorn = [f'bind = "{bind}"', *draw(st.lists(st.sampled_from(GUNICORN), max_size=4, unique=True))]
    socket = draw(st.sampled_from(("socket = 127.0.0.1:8001", "http-socket = 127.0.0.1:8001", "socket = /run/app.sock")))  # noqa: E501
    uwsgi = [socket, *draw(st.lists(st.sampled_from(UWSGI), max_size=4, unique=True))]
    others = {
        "gunicorn.conf.py": "".join(f"{line}\n" for line in gunicorn),
        "uwsgi.ini": "[uwsgi]\n" + "".join(f"{line}\n" for line in uwsgi),
    }
    chosen = draw(st.sampled_from((("gunicorn.conf.py",), ("uwsgi.ini",), ("gunicorn.conf.py", "uwsgi.ini"))))
    version = draw(st.sampled_from(("", 'nginx = "1.26"\n', 'nginx = "1.30"\ngunicorn = "23"\n', 'gunicorn = "27.0.1"\n')))  # noqa: E501
    settings = {"cfgcheck.toml": version} if version else {}
    head = tuple(draw(statements))
    return Made((*head, upstream, *hosts), {**{name: others[name] for name in chosen}, **settings})
