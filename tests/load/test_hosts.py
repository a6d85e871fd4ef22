"""Services on hosts, joined: whose 127.0.0.1 is meant, which name leads where, and which socket is the same file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from cfgcheck.load.apps import AppReader
from cfgcheck.load.context import Context
from cfgcheck.load.disk import Disk
from cfgcheck.load.filesystem import Filesystem
from cfgcheck.load.link import link
from cfgcheck.load.proxies import ProxyReader
from cfgcheck.load.service import Launch, Service
from cfgcheck.load.services import ServiceReader
from cfgcheck.load.tree_index import TreeIndex
from cfgcheck.model.host import Doorway, DoorwayKind, Host, HostKind
from cfgcheck.model.located import Located
from cfgcheck.model.stack import Route, Stack
from cfgcheck.model.unit import Manager, Mount, Unit
from cfgcheck.model.version import Version
from cfgcheck.record import replace
from cfgcheck.source.file import SourceFile
from cfgcheck.syntax.shell_words import in_file, split_words

NO_VERSION: Located[Version] = Located.unknown("no version is known")


def site(target: str) -> str:
    return f"events {{}}\nhttp {{\n server {{\n  listen 80;\n  location / {{ proxy_pass {target}; }}\n }}\n}}\n"


class World:
    """A stack in the making."""

    def __init__(self, tmp_path: Path, files: Mapping[str, str] | None = None) -> None:
        for name, text in (files or {}).items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)
        self.root = tmp_path
        self.disk = Disk(tmp_path)
        self.index = TreeIndex(self.disk, [tmp_path])
        self.stack = Stack("test")
        self.services: list[Service] = []

    def container(
        self, name: str, command: str, *, mounts: Iterable[Mount] = (), network: str = "default", project: str = "shop"
    ) -> None:
        host = Host(
            f"{project}/{name}", kind=HostKind.CONTAINER, label=f"container {name}", names=(name,),
            networks=frozenset({f"{project}_{network}"}), project=project,
        )  # fmt: skip
        self.stack.hosts = {**self.stack.hosts, host.name: host}
        self.service(name, command, host.name, container=True, mounts=tuple(mounts))

    def service(self, name: str, command: str, host: str, *, container: bool, mounts: tuple[Mount, ...] = ()) -> None:
        file = SourceFile("compose.yaml", command)
        launch = Launch(file.span(0, len(command)), tuple(split_words(command, in_file(file)))) if command else None
        unit = Unit(Manager.COMPOSE, name, file.span(0, len(command)), host, container=container, mounts=mounts)
        files = Filesystem(self.disk, self.index, mounts, self.root)
        self.services.append(Service(unit, files, command=launch, together=host.partition("/")[0]))

    def nginx(self, target: str, *, mounts: Iterable[Mount] = (), network: str = "default") -> None:
        (self.root / "nginx.conf").write_text(site(target))
        main = Mount("/etc/nginx/nginx.conf", str(self.root / "nginx.conf"), "tree", str(self.root / "nginx.conf"))
        self.container("nginx", "nginx -g 'daemon off;'", mounts=[main, *mounts], network=network)

    def routes(self) -> list[Route]:
        proxies = ProxyReader(self.disk, NO_VERSION)
        context = Context(self.disk, self.index)
        apps = AppReader(context, {})
        reader = ServiceReader(context, apps, proxies, None)
        reader.read(self.services)
        self.stack.proxies = [*reader.proxies, *proxies.read(self.lone_nginx)]
        self.stack.apps = apps.apps
        self.stack.units = reader.units
        hosts = {name: replace(host, unseen=reader.unseen.get(name, "")) for name, host in self.stack.hosts.items()}
        self.stack.hosts = hosts
        link(self.stack)
        return self.stack.routes

    lone_nginx: tuple[Path, ...] = ()

    def told(self) -> list[str]:
        return [f"{route.link.value} {route.app.label if route.app else route.because}" for route in self.routes()]


def test_a_container_knows_others_by_name(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.nginx("http://app:8000")
    world.container("app", "gunicorn -b 0.0.0.0:8000 shop.wsgi")
    assert world.told() == ["matched gunicorn app"]


def test_its_loopback_is_its_own(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.nginx("http://127.0.0.1:8000")
    world.container("app", "gunicorn -b 0.0.0.0:8000 shop.wsgi")
    (route,) = world.routes()
    assert route.link.value == "no-listener"
    assert [app.label for app, _ in route.nearest] == ["gunicorn app"]


def test_loopback_of_another_container_is_not_reached(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.nginx("http://app:8000")
    world.container("app", "gunicorn -b 127.0.0.1:8000 shop.wsgi")
    (route,) = world.routes()
    assert (route.link.value, route.at) == ("no-listener", ("shop/app",))


def test_another_port(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.nginx("http://app:8001")
    world.container("app", "gunicorn -b 0.0.0.0:8000 shop.wsgi")
    (route,) = world.routes()
    assert route.link.value == "no-listener"
    assert str(route.nearest[0][1].address.value) == "0.0.0.0:8000"


def test_what_a_container_runs_may_not_be_known(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.nginx("http://app:8001")
    world.container("app", "./run-it")
    (told,) = world.told()
    assert told.startswith("unknown what ")


def test_networks_apart(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.nginx("http://app:8000", network="front")
    world.container("app", "gunicorn -b 0.0.0.0:8000 shop.wsgi", network="back")
    assert world.told() == ["unknown app and container nginx share no network"]


def test_other_deployments_are_others(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.nginx("http://app:8000")
    world.container("app", "gunicorn -b 0.0.0.0:8000 shop.wsgi", project="blog")
    assert world.told() == ["external no container or service that was found is called app"]


def test_a_published_port_leads_into_the_container(tmp_path: Path) -> None:
    world = World(tmp_path, {"site/nginx.conf": site("http://127.0.0.1:8080")})
    world.container("app", "gunicorn -b 0.0.0.0:8000 shop.wsgi")
    world.stack.doorways = [Doorway(DoorwayKind.PUBLISHED, "shop/app", 8080, 8000, address="127.0.0.1")]
    world.lone_nginx = (tmp_path / "site/nginx.conf",)
    assert world.told() == ["matched gunicorn app"]


def test_a_published_port_does_not_lead_to_loopback(tmp_path: Path) -> None:
    world = World(tmp_path, {"site/nginx.conf": site("http://127.0.0.1:8080")})
    world.container("app", "gunicorn -b 127.0.0.1:8000 shop.wsgi")
    world.stack.doorways = [Doorway(DoorwayKind.PUBLISHED, "shop/app", 8080, 8000)]
    world.lone_nginx = (tmp_path / "site/nginx.conf",)
    (route,) = world.routes()
    assert (route.link.value, [app.label for app, _ in route.nearest]) == ("no-listener", ["gunicorn app"])


def test_a_service_of_a_cluster_leads_to_its_pods(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.nginx("http://web.shop.svc.cluster.local:80")
    world.container("app", "gunicorn -b 0.0.0.0:8000 shop.wsgi")
    names = ("web", "web.shop", "web.shop.svc.cluster.local")
    networks = frozenset({"shop_default"})
    world.stack.doorways = [Doorway(DoorwayKind.SERVICE, "shop/app", 80, 8000, names=names, networks=networks)]
    assert world.told() == ["matched gunicorn app"]


def test_a_service_without_that_port(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.nginx("http://web:8000")
    world.container("app", "gunicorn -b 0.0.0.0:8000 shop.wsgi")
    networks = frozenset({"shop_default"})
    world.stack.doorways = [Doorway(DoorwayKind.SERVICE, "shop/app", 80, 8000, names=("web",), networks=networks)]
    assert world.told() == ["unknown the service web has no port 8000"]


def test_a_socket_on_a_volume_of_both(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.nginx("http://unix:/sockets/app.sock", mounts=[Mount("/sockets", volume="volume shop_run")])
    shared = Mount("/run/shop", volume="volume shop_run")
    world.container("app", "gunicorn -b unix:/run/shop/app.sock shop.wsgi", mounts=[shared])
    assert world.told() == ["matched gunicorn app"]


def test_a_socket_on_no_common_volume(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.nginx("http://unix:/run/app.sock")
    world.container("app", "gunicorn -b unix:/run/app.sock shop.wsgi")
    (route,) = world.routes()
    assert route.link.value == "no-listener"
    assert [app.label for app, _ in route.nearest] == ["gunicorn app"]


def test_a_folder_of_the_machine_in_a_container(tmp_path: Path) -> None:
    world = World(tmp_path, {"site/nginx.conf": site("http://unix:/srv/shop/run/app.sock")})
    mount = Mount("/run/shop", volume="machine", base="/srv/shop/run")
    world.container("app", "gunicorn -b unix:/run/shop/app.sock shop.wsgi", mounts=[mount])
    world.lone_nginx = (tmp_path / "site/nginx.conf",)
    assert world.told() == ["matched gunicorn app"]


def test_two_deployments_of_one_name_are_choices(tmp_path: Path) -> None:
    world = World(tmp_path, {"site/nginx.conf": site("http://app:8000")})
    world.container("app", "gunicorn -b 0.0.0.0:8000 shop.wsgi", project="prod")
    world.container("app", "gunicorn -b 0.0.0.0:8000 shop.wsgi", project="dev")
    world.lone_nginx = (tmp_path / "site/nginx.conf",)
    routes = world.routes()
    assert [route.link.value for route in routes] == ["matched", "matched"]
    assert {route.choice for route in routes} == {1}


def test_on_the_machines_network_names_of_services_are_not_known(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.nginx("http://app:8000")
    world.container("app", "gunicorn -b 0.0.0.0:8000 shop.wsgi")
    world.services = [
        replace(one, unit=replace(one.unit, host="")) if one.unit.name == "nginx" else one for one in world.services
    ]
    assert world.told() == [
        "unknown compose service nginx is on the machine's network: where app leads there is not known"
    ]
