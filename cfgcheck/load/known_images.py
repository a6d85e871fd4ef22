"""What well-known public images bring along. An image that is not among them runs nobody knows what.

From the images' own Dockerfiles: nginx (github.com/nginx/docker-nginx), nginx-unprivileged, openresty
(github.com/openresty/docker-openresty), bitnami/nginx, and the images of distributions and languages, which run nothing
but a shell or an interpreter.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from cfgcheck import resources
from cfgcheck.load.disk import Disk
from cfgcheck.load.image import Image
from cfgcheck.load.nginx_stock import PREFIX
from cfgcheck.load.service import Launch
from cfgcheck.load.versions import of_image
from cfgcheck.model.located import Located
from cfgcheck.model.unit import Mount
from cfgcheck.record import field, record
from cfgcheck.source.file import SourceFile, Span
from cfgcheck.syntax.shell_words import Word

ROOT: Final[Located[str]] = Located.default("root", "containers run as root unless USER or the image says otherwise")
TERM: Final[Located[str]] = Located.default("TERM", "containers are stopped with SIGTERM unless STOPSIGNAL says more")


@record(frozen=True)
class Known:
    """What an image brings. ``stock``: files of ours that stand for its own, by their path in it. ``plain``: nothing in
    it says more of servers than those. ``opaque``: why what it runs is not known."""

    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    folder: str = "/"
    user: str = "root"
    signal: str = "TERM"
    ports: tuple[int, ...] = ()
    stock: Mapping[str, str] = field(default_factory=dict)
    plain: bool = True
    opaque: str = ""


@record(frozen=True)
class Reference:
    """An image's name in parts: ``ghcr.io/org/nginx:1.27`` is ``ghcr.io``, ``org``, ``nginx``, ``1.27``."""

    registry: str
    maker: str
    name: str
    tag: str


_NGINX_COMMAND: Final = ("nginx", "-g", "daemon off;")
_ENTRYPOINT: Final = {"/docker-entrypoint.sh": "nginx/images/entrypoint.sh"}
_NGINX: Final = Known(("/docker-entrypoint.sh",), _NGINX_COMMAND, signal="QUIT", ports=(80,), stock=_ENTRYPOINT)
_OLD_NGINX: Final = Known((), _NGINX_COMMAND, ports=(80,))
_UNPRIVILEGED: Final = Known(
    ("/docker-entrypoint.sh",), _NGINX_COMMAND, user="101", signal="QUIT", ports=(8080,),
    stock={**_ENTRYPOINT, "/etc/nginx/nginx.conf": "nginx/images/unprivileged.conf"},
)  # fmt: skip
_OPENRESTY_MAIN: Final = "/usr/local/openresty/nginx/conf/nginx.conf"
_OPENRESTY: Final = Known(
    (), ("/usr/bin/openresty", "-c", _OPENRESTY_MAIN, "-g", "daemon off;"), signal="QUIT",
    stock={_OPENRESTY_MAIN: "nginx/images/openresty.conf"},
)  # fmt: skip
"""Its own command leaves the main file out: this is the one that was compiled in."""

_BITNAMI: Final = Known(
    ("/opt/bitnami/scripts/nginx/entrypoint.sh",), ("/opt/bitnami/scripts/nginx/run.sh",), "/app", "1001",
    ports=(8080, 8443),
    stock={
        "/opt/bitnami/scripts/nginx/entrypoint.sh": "nginx/images/entrypoint.sh",
        "/opt/bitnami/scripts/nginx/run.sh": "nginx/images/bitnami-run.sh",
        "/opt/bitnami/nginx/conf/nginx.conf": "nginx/images/bitnami.conf",
    },
)  # fmt: skip

_SHELLS: Final = {
    "bash": ("debian", "ubuntu", "fedora", "centos", "rockylinux", "almalinux", "amazonlinux", "buildpack-deps",
             "opensuse", "archlinux", "oraclelinux", "ubi", "ubi-minimal", "ubi-init", "ubi8", "ubi9", "minideb"),
    "/bin/sh": ("alpine", "busybox"),
    "python3": ("python", "pypy"),
    "node": ("node",),
    "irb": ("ruby",),
}  # fmt: skip
_PLAIN: Final = {name: command for command, names in _SHELLS.items() for name in names}
_CONDA: Final = frozenset({"miniconda3", "miniforge3", "anaconda3", "mambaforge", "miniconda", "micromamba"})
_OTHERS: Final = frozenset({"uv", "baseimage", "baseimage-docker", "cuda", "pytorch", "tensorflow", "playwright"})
"""Bases without web servers, whose command nobody relies on."""

_STARTS: Final = {
    "uwsgi-nginx": "nginx and uWSGI under supervisord, with a configuration that its entrypoint writes",
    "uwsgi-nginx-flask": "nginx and uWSGI under supervisord, with a configuration that its entrypoint writes",
    "uvicorn-gunicorn": "Gunicorn with a configuration of its own",
    "uvicorn-gunicorn-fastapi": "Gunicorn with a configuration of its own",
    "uvicorn-gunicorn-starlette": "Gunicorn with a configuration of its own",
    "meinheld-gunicorn": "Gunicorn with a configuration of its own",
    "meinheld-gunicorn-flask": "Gunicorn with a configuration of its own",
    "meinheld-gunicorn-django": "Gunicorn with a configuration of its own",
}

_UNREAD: Final = frozenset(
    {
        "postgres", "postgresql", "postgis", "mysql", "mariadb", "percona", "mongo", "mongodb", "redis", "valkey",
        "keydb", "memcached", "rabbitmq", "elasticsearch", "opensearch", "minio", "kafka", "zookeeper", "mailhog",
        "mailpit", "adminer", "pgadmin4", "haproxy", "traefik", "caddy", "httpd", "varnish", "prometheus", "grafana",
        "certbot", "solr", "clickhouse-server", "cassandra", "redis-commander", "localstack", "nats",
    }
)  # fmt: skip
"""Images that run something else than what cfgcheck reads."""

_LIBRARY: Final = frozenset({"", "library", "docker/library", "dockerhub/library", "hub/library"})
_MIRRORS: Final = re.compile(
    r"(?:docker\.io|index\.docker\.io|registry-1\.docker\.io|registry\.hub\.docker\.com|mirror\.gcr\.io|quay\.io|"
    r"public\.ecr\.aws|registry\.access\.redhat\.com|registry\.redhat\.io|gcr\.io|ghcr\.io|mcr\.microsoft\.com)?\Z"
)
_UNSURE: Final = re.compile(r"[${}<%]")
_QUIT_SINCE: Final = (1, 19, 6)
_TERM_UNTIL: Final = (1, 18, 0)


def parse_reference(text: str) -> Reference:
    path, _, last = text.strip().partition("@")[0].rpartition("/")
    name, _, tag = last.partition(":")
    parts = [*path.split("/"), name] if path else [name]
    first = parts[0]
    has_registry = len(parts) > 1 and ("." in first or ":" in first or first == "localhost")
    registry = parts.pop(0) if has_registry else ""
    return Reference(registry, "/".join(parts[:-1]), parts[-1], tag)


def known(reference: Located[str]) -> Known:
    """What is known of an image; ``opaque`` where that is nothing."""
    text = reference.value if reference.known else reference.text
    parsed = parse_reference(text)
    if not text or _UNSURE.search(text.partition("@")[0].removesuffix(":" + parsed.tag)):
        return Known(folder="", plain=False, opaque=reference.because or f"the image {text} is not known")
    found = _of_server(parsed, reference) if _MIRRORS.match(parsed.registry) else None
    found = found or _without_server(parsed)
    if found is not None:
        return found
    unread = parsed.name in _UNREAD
    because = (
        f"the image {text} runs nothing that cfgcheck reads" if unread else f"what the image {text} runs is not known"
    )
    return Known(folder="", plain=False, opaque=because)


def _of_server(parsed: Reference, reference: Located[str]) -> Known | None:
    name, maker = parsed.name, parsed.maker
    if name == "nginx" and (maker in _LIBRARY or (parsed.registry == "public.ecr.aws" and maker == "nginx")):
        version = of_image(reference).get("nginx")
        old = version is not None and version.known and tuple(version.value) < _TERM_UNTIL
        return _OLD_NGINX if old else _NGINX
    if name == "nginx-unprivileged" and maker in ("nginxinc", "nginx"):
        return _UNPRIVILEGED
    if name == "openresty" and maker == "openresty":
        return _OPENRESTY
    if name == "nginx" and maker in ("bitnami", "bitnamilegacy", "bitnamisecure"):
        return _BITNAMI
    if maker == "tiangolo" and name in _STARTS:
        return Known(folder="/app", plain=False, opaque=f"the image {maker}/{name} starts {_STARTS[name]}")
    return None


def _without_server(parsed: Reference) -> Known | None:
    """Images of distributions and languages, from wherever they are fetched: a company's mirror has the same name."""
    if parsed.name == "scratch" and not parsed.maker:
        return Known()
    if parsed.maker.rpartition("/")[2] in ("", "library", "ubi8", "ubi9", "bitnami") and parsed.name in _PLAIN:
        return Known((), (_PLAIN[parsed.name],))
    if parsed.name in _CONDA or (parsed.name in _OTHERS and parsed.maker):
        return Known((), ("/bin/bash",), folder="")
    return None


def known_image(reference: Located[str], disk: Disk) -> Image:
    """The image as it is when nothing is built upon it."""
    found = known(reference)
    span = reference.span or Span(SourceFile(reference.value if reference.known else "image", ""), 0, 0)
    opened = not found.opaque
    user: Located[str] = Located.unknown(found.opaque, reference.span) if found.opaque else _user(found)
    return Image(
        reference=reference,
        entrypoint=_launch(found.entrypoint, span),
        command=_launch(found.command, span),
        folder=found.folder,
        user=user,
        group=user if user.get("") == "root" else Located.unknown("the group of the image's user is not known"),
        stop_signal=_signal(found, reference) if opened else Located.unknown(found.opaque, reference.span),
        ports=tuple(Located(port, Located.default(0).origin, reference.span) for port in found.ports),
        mounts=stock_mounts(disk, found.stock),
        versions=of_image(reference),
        span=reference.span,
        opaque=found.opaque,
    )


def _user(found: Known) -> Located[str]:
    return ROOT if found.user == "root" else Located.default(found.user, "the USER of the image's Dockerfile")


def _signal(found: Known, reference: Located[str]) -> Located[str]:
    if found.signal == "TERM":
        return TERM
    version = of_image(reference).get("nginx")
    if version is not None and version.known and _TERM_UNTIL <= tuple(version.value) < _QUIT_SINCE:
        because = "nginx's images before 1.19.6 were stopped with SIGTERM, those built since November 2020 with SIGQUIT"
        return Located.unknown(because, reference.span)
    return Located.default(found.signal, "the STOPSIGNAL of the image's Dockerfile")


def _launch(words: tuple[str, ...], span: Span) -> Launch | None:
    return Launch(span, tuple(Word(word, word, span) for word in words)) if words else None


def stock_mounts(disk: Disk, stock: Mapping[str, str]) -> tuple[Mount, ...]:
    """Our files in the place of those of an image, by their paths in it."""
    return tuple(Mount(target, source=str(_embedded(disk, name))) for target, name in stock.items())


def _embedded(disk: Disk, name: str) -> Path:
    """``nginx/images/debian.conf`` is shown as ``<nginx>/images/debian.conf``."""
    package, _, rest = name.partition("/")
    shown = f"<{package}>/{rest}"
    path = Path("/") / shown
    if not disk.exists(path):
        disk.embed(path, SourceFile(shown, resources.data(name).read_text(encoding="utf-8")))
    return path


PACKAGED: Final = {
    ("apt", "nginx"): {"/etc/nginx/nginx.conf": "nginx/images/debian.conf"},
    ("apk", "nginx"): {"/etc/nginx/nginx.conf": "nginx/images/alpine.conf"},
    ("apt", "supervisor"): {"/etc/supervisor/supervisord.conf": "supervisor/debian.conf"},
    ("apk", "supervisor"): {"/etc/supervisord.conf": "supervisor/alpine.conf"},
}
"""Main files that come with packages of Debian and Ubuntu (``apt``), and of Alpine (``apk``)."""


def stock_main(reference: Located[str], disk: Disk) -> SourceFile | None:
    """The main file that comes with an image's nginx; None for an image of which that is not known."""
    found = known(reference)
    if found in (_NGINX, _OLD_NGINX):
        text = (resources.data("nginx") / "container" / "nginx.conf").read_text(encoding="utf-8")
        return SourceFile(PREFIX + "container/nginx.conf", text)
    name = next((name for name in found.stock.values() if name.endswith(".conf")), None)
    return disk.read(_embedded(disk, name)) if name is not None else None
