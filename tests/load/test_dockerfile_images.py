"""What public images are known to bring."""

from __future__ import annotations

from pathlib import Path

import pytest

from cfgcheck.load.disk import Disk
from cfgcheck.load.filesystem import Filesystem
from cfgcheck.load.image import Image
from cfgcheck.load.known_images import PACKAGED, known_image, parse_reference, stock_main, stock_mounts
from cfgcheck.load.nginx_stock import is_stock
from cfgcheck.model.located import Located
from cfgcheck.syntax.nginx_parse import parse

from .test_dockerfile import words


def image_of(reference: str, disk: Disk) -> Image:
    return known_image(Located.read(reference, None), disk)


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    return Disk(tmp_path)


@pytest.mark.parametrize(
    ("reference", "registry", "maker", "name", "tag"),
    [
        ("nginx", "", "", "nginx", ""),
        ("nginx:1.27-alpine@sha256:abc", "", "", "nginx", "1.27-alpine"),
        ("library/nginx:1", "", "library", "nginx", "1"),
        ("ghcr.io/org/sub/app:v1", "ghcr.io", "org/sub", "app", "v1"),
        ("localhost:5000/app", "localhost:5000", "", "app", ""),
    ],
)
def test_references(reference: str, registry: str, maker: str, name: str, tag: str) -> None:
    found = parse_reference(reference)
    assert (found.registry, found.maker, found.name, found.tag) == (registry, maker, name, tag)


@pytest.mark.parametrize(
    "reference", ["nginx", "nginx:1.27-alpine", "docker.io/library/nginx:stable", "public.ecr.aws/nginx/nginx:1.27"]
)
def test_nginx(reference: str, disk: Disk) -> None:
    image = image_of(reference, disk)
    assert words(image.entrypoint) == ["/docker-entrypoint.sh"]
    assert words(image.command) == ["nginx", "-g", "daemon off;"]
    assert (image.stop_signal.value, image.user.value, image.folder, image.opaque) == ("QUIT", "root", "/", "")
    assert [port.value for port in image.ports] == [80]
    script = Filesystem(disk, None, image.mounts).find("/docker-entrypoint.sh")
    assert script is not None and is_stock(script) and 'exec "$@"' in script.text


@pytest.mark.parametrize(
    ("tag", "signal"),
    [("1.17", "TERM"), ("1.18", None), ("1.18.0", None), ("1.19.5", None), ("1.19.6", "QUIT"), ("1.20", "QUIT"),
     ("1.28.0", "QUIT"), ("alpine", "QUIT")],
)  # fmt: skip
def test_how_nginx_is_stopped(tag: str, signal: str | None, disk: Disk) -> None:
    """github.com/nginx/docker-nginx: SIGQUIT since November 2020, between 1.19.5 and 1.19.6."""
    assert image_of(f"nginx:{tag}", disk).stop_signal.get(None) == signal


def test_nginx_without_root(disk: Disk) -> None:
    image = image_of("nginxinc/nginx-unprivileged:1.27", disk)
    assert (image.user.value, image.stop_signal.value, [port.value for port in image.ports]) == ("101", "QUIT", [8080])
    assert not image.group.known
    main = Filesystem(disk, None, image.mounts).find("/etc/nginx/nginx.conf")
    assert main is not None and "user" not in main.text.split("http")[0]


def test_bitnami(disk: Disk) -> None:
    image = image_of("docker.io/bitnami/nginx:1.27", disk)
    files = Filesystem(disk, None, image.mounts)
    run, main = files.find("/opt/bitnami/scripts/nginx/run.sh"), files.find("/opt/bitnami/nginx/conf/nginx.conf")
    assert run is not None and "/opt/bitnami/nginx/conf/nginx.conf" in run.text
    assert main is not None and "server_blocks" in main.text
    assert (image.stop_signal.value, image.folder, image.user.value) == ("TERM", "/app", "1001")


@pytest.mark.parametrize(
    ("reference", "command"),
    [("python:3.12-slim", "python3"), ("debian", "bash"), ("alpine:3.20", "/bin/sh"),
     ("mirror.corp/library/python", "python3")],
)  # fmt: skip
def test_images_without_servers(reference: str, command: str, disk: Disk) -> None:
    image = image_of(reference, disk)
    assert (words(image.command), image.entrypoint, image.opaque) == ([command], None, "")
    assert (image.stop_signal.value, image.mounts) == ("TERM", ())


@pytest.mark.parametrize(
    ("reference", "because"),
    [
        ("company/app:1", "what the image company/app:1 runs is not known"),
        ("company/nginx", "what the image company/nginx runs is not known"),
        ("registry.corp/nginx", "what the image registry.corp/nginx runs is not known"),
        ("company/python", "what the image company/python runs is not known"),
        ("postgres:16", "the image postgres:16 runs nothing that cfgcheck reads"),
        ("tiangolo/uvicorn-gunicorn:python3.11", "Gunicorn with a configuration of its own"),
        ("", "the image  is not known"),
    ],
)
def test_other_images(reference: str, because: str, disk: Disk) -> None:
    image = image_of(reference, disk)
    assert because in image.opaque
    assert image.command is None and not image.certain
    assert not image.stop_signal.known and not image.user.known


def test_images_whose_tag_is_not_known(disk: Disk) -> None:
    tag: Located[str] = Located.unknown("TAG is not set", None, "nginx:${TAG}")
    assert words(known_image(tag, disk).command) == ["nginx", "-g", "daemon off;"]
    name: Located[str] = Located.unknown("REGISTRY is not set", None, "${REGISTRY}/nginx:1")
    assert known_image(name, disk).opaque == "REGISTRY is not set"


@pytest.mark.parametrize(
    ("reference", "included"),
    [
        ("nginx:1.27", "/etc/nginx/conf.d/*.conf"),
        ("nginxinc/nginx-unprivileged", "/etc/nginx/conf.d/*.conf"),
        ("openresty/openresty:alpine", "/etc/nginx/conf.d/*.conf"),
        ("bitnami/nginx", "/opt/bitnami/nginx/conf/server_blocks/*.conf"),
    ],
)
def test_main_files(reference: str, included: str, disk: Disk) -> None:
    main = stock_main(Located.read(reference, None), disk)
    assert main is not None and is_stock(main) and included in main.text
    assert parse(main, None).problems == []


@pytest.mark.parametrize(("kind", "package"), sorted(PACKAGED))
def test_main_files_of_packages(kind: str, package: str, disk: Disk) -> None:
    mounts = stock_mounts(disk, PACKAGED[kind, package])
    main = Filesystem(disk, None, mounts).find(mounts[0].target)
    assert main is not None and main.path.startswith(f"<{package}>/")
    if package == "nginx":
        assert is_stock(main) and parse(main, None).problems == []
    else:
        assert "[include]" in main.text


def test_no_main_file_of_others(disk: Disk) -> None:
    assert stock_main(Located.read("python:3.12", None), disk) is None
