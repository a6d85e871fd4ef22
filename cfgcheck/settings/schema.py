"""What a settings file may say, and what each key means."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from cfgcheck.model.version import Version
from cfgcheck.settings.quantities import seconds, size


def _kebab(name: str) -> str:
    return name.rstrip("_").replace("_", "-")


def _version(value: object) -> object:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        raise ValueError('must be in quotes, such as "1.30": without them that is the number 1.3')
    if isinstance(value, str) and Version.parse(value) is None:
        raise ValueError('must be a version, such as "1.30"')
    return value


Seconds = Annotated[float | None, BeforeValidator(seconds)]
Bytes = Annotated[int, BeforeValidator(size)]
VersionText = Annotated[str, BeforeValidator(_version)]
Text = Annotated[str, Field(min_length=1)]


class Table(BaseModel):
    """A table of the settings: keys in kebab case, no others than these."""

    # Built when it is first used: only the outermost table validates.
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, alias_generator=_kebab, defer_build=True)


class EdgeTable(Table):
    kind: Text = Field("edge", description="aws-alb, gcp-lb, cloudflare, heroku, azure-app-gateway, or a name of yours")
    idle: Seconds = Field(None, description="how long it keeps an idle connection to nginx")
    response: Seconds = Field(None, description="how long it waits for a response")
    tls: bool = Field(False, description="whether clients speak TLS to it")
    strips: list[Text] = Field([], description="request headers that it removes from what clients send, or overwrites")


class StackTable(Table):
    name: Text = Field(description="how reports call it")
    paths: list[Text] = Field(min_length=1, description="files or folders that belong to it")


class HostTable(Table):
    addresses: list[Text] = Field([], description="names and addresses by which others reach it")
    paths: list[Text] = Field([], description="files or folders whose servers run on it")


class AppTable(Table):
    name: Text = Field(description="the app's name: in a Procfile, or as reports call it")
    command: Text | None = Field(None, description='how it is started, such as "gunicorn -b :8000 shop.wsgi"')
    environment: dict[str, str] = Field({}, description="environment variables that it is started with")
    directory: Text = Field(".", description="where it is started")
    host: Text | None = Field(
        None, description="the name of the [hosts.…], or of the service or container, that it runs on"
    )
    max_body: Bytes | None = Field(None, description="the largest request body that it takes")
    response_headers: Bytes | None = Field(None, description="the largest block of response headers that it sends")
    exposed: bool | None = Field(None, description="whether its own port can be reached around nginx")
    development: bool | None = Field(None, description="whether it runs on developers' machines only")


class SettingsTable(Table):
    nginx: VersionText | None = Field(None, description="nginx's version, where no file tells")
    gunicorn: VersionText | None = Field(None, description="Gunicorn's version")
    uwsgi: VersionText | None = Field(None, description="uWSGI's version")
    uvicorn: VersionText | None = Field(None, description="uvicorn's version")
    hypercorn: VersionText | None = Field(None, description="Hypercorn's version")
    daphne: VersionText | None = Field(None, description="Daphne's version")
    granian: VersionText | None = Field(None, description="Granian's version")
    waitress: VersionText | None = Field(None, description="waitress's version")
    timeout_order: Literal["proxy-above-app", "app-above-proxy"] = Field(
        "proxy-above-app", description="who is meant to give up last"
    )
    fail_on: Literal["error", "warning", "info"] = Field(
        "warning", description="from which severity on the exit code is 1"
    )
    select: list[Text] = Field([], description="rules or categories to run; empty: all")
    ignore: list[Text] = Field([], description="rules or categories not to run")
    exclude: list[Text] = Field([], description="path patterns that are not looked at")
    rules: list[Text] = Field([], description="folders with further rules")
    edge: EdgeTable | None = Field(None, description="what stands in front of nginx")
    stack: list[StackTable] = Field([], description="what belongs together, where the folders don't tell")
    hosts: dict[str, HostTable] = Field({}, description="machines and containers, by name")
    app: list[AppTable] = Field([], description="app servers: how they are started, what else is known of them")
    nginx_user: Text | None = Field(None, description="whom nginx's workers run as")
    somaxconn: int | None = Field(None, gt=0, description="the kernel's limit for listen queues")
    firewall: bool | None = Field(None, description="whether only nginx can reach the apps' ports")
    proxy_addresses: list[Text] = Field([], description="addresses that nginx connects from, as apps see them")
    socket_access: list[Text] = Field([], description="sockets or folders that nginx's user was let into (group, ACL)")
    write_locations: list[Text] = Field([], description="locations that take POST or PATCH requests")
    websocket_locations: list[Text] = Field([], description="locations that take websocket connections")
    retry_safe_locations: list[Text] = Field([], description="locations whose requests may arrive twice")


def keys_at(path: tuple[Any, ...]) -> list[str]:
    """The keys that are known in the table at ``path``."""
    model: Any = SettingsTable
    steps = [step for step in path if not isinstance(step, int)]
    for index, step in enumerate(steps):
        model = {"edge": EdgeTable, "stack": StackTable, "app": AppTable}.get(step, model) if index == 0 else model
        if steps[0] == "hosts" and index == 1:
            model = HostTable
    return [_kebab(name) for name in model.model_fields]
