"""The spec: one file for a whole deployment. What each key means, and what it is where nobody says it.

Imported only by the commands that need it: pydantic takes a while to load. ``None`` means *derived*: ``defaults.py``
says from what. Two specs are equal when their completed forms are (``defaults.complete``).
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from cfgcheck.generate.words import (
    Account,
    AppSpec,
    Bytes,
    Domain,
    Finite,
    Key,
    Listener,
    Name,
    Network,
    Path,
    Plain,
    Prefix,
    Seconds,
    UrlPath,
    Variable,
    Version,
)

Runtime = Literal["systemd", "compose", "supervisord", "plain"]
EdgeKind = Literal["none", "aws-alb", "gcp-lb", "cloudflare", "heroku", "other"]
ServerKind = Literal["gunicorn", "uwsgi", "uvicorn"]
Framework = Literal["django", "flask", "fastapi", "starlette", "other"]
Interface = Literal["wsgi", "asgi"]
WorkerClass = Literal["sync", "gthread", "gevent", "tornado", "asgi", "uvicorn", "eventlet"]
Scalar = bool | int | Finite | Plain


def _kebab(name: str) -> str:
    return name.replace("_", "-")


def _listed(value: Any) -> Any:
    """One thing stands for a list of one."""
    return value if isinstance(value, list | dict) or value is None else [value]


def _texts(value: Any) -> Any:
    """Environment variables are texts: a number stands for its digits."""
    if not isinstance(value, dict):
        return value
    return {key: str(one) if isinstance(one, int) and not isinstance(one, bool) else one for key, one in value.items()}


def _named(key: str) -> BeforeValidator:
    """A plain text stands for a mapping with only that key."""
    return BeforeValidator(lambda value: {key: value} if isinstance(value, str) else value)


Arguments = Annotated[list[Plain | int], BeforeValidator(_listed), Field(max_length=20)]
Directives = dict[Key, Arguments]
"""nginx directives by name, each with its arguments as nginx would split them."""


class _Strict(BaseModel):
    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, populate_by_name=True, alias_generator=_kebab
    )


class Tls(_Strict):
    """TLS that nginx ends."""

    certificate: Path = Field(description="The certificate with its chain, a PEM file on the machine that runs nginx.")
    key: Path = Field(description="Its private key.")
    redirect: bool = Field(default=True, description="Whether port 80 sends browsers to https.")
    hsts: Seconds | None = Field(
        default=None, description="How long browsers shall insist on https; not said by default."
    )


class App(_Strict):
    """The Python application."""

    module: AppSpec = Field(description="Module and callable, such as `shop.wsgi:application`.")
    framework: Framework = Field(
        default="other", description="What it is written with: it tells the interface, and is a note."
    )
    interface: Interface | None = Field(
        default=None, description="`wsgi` or `asgi`; by default what the framework has."
    )
    directory: Path | None = Field(default=None, description="Where the code stands; `/srv/NAME` by default.")
    virtualenv: Path | None = Field(
        default=None, description="The virtual environment; `venv` in the directory by default."
    )


class Server(_Strict):
    """The app server."""

    kind: ServerKind = Field(default="gunicorn", description="Which one.")
    worker_class: WorkerClass | None = Field(
        default=None,
        description="Gunicorn's (`asgi` from 25.1 on, `eventlet` before 26); by default `gthread` for WSGI, `asgi` for "
        "ASGI.",
    )
    workers: Annotated[int, Field(ge=1, le=512)] | Literal["auto"] = Field(
        default="auto", description="How many processes; `auto`: twice the processors and one, with uvicorn 4."
    )
    threads: Annotated[int, Field(ge=1, le=256)] | None = Field(
        default=None, description="Threads of each worker of Gunicorn's `gthread` or of uWSGI; by default 4 and 1."
    )
    settings: dict[Key, Scalar] = Field(
        default_factory=dict, description="Any other setting by the server's own name, as it is."
    )


class Service(_Strict):
    """One application behind its own domain names."""

    domains: Annotated[list[Domain], BeforeValidator(_listed), Field(min_length=1, max_length=50)] = Field(
        description="Its domain names, such as `shop.example.com`; `*.example.com` for all below it."
    )
    app: Annotated[App, _named("module")] = Field(
        description="The Python application; its module alone is enough: `app: shop.wsgi:application`."
    )
    server: Annotated[Server, _named("kind")] = Field(
        default_factory=lambda: Server(), description="The app server; its kind alone is enough: `server: uwsgi`."
    )
    listener: Listener | None = Field(
        default=None,
        description="`unix`, `tcp`, `unix:/run/shop/shop.sock` or `127.0.0.1:8000`; by default `tcp` with compose, "
        "`unix` elsewhere.",
    )
    tls: Tls | None = Field(default=None, description="TLS that nginx ends; by default none.")
    static: dict[Prefix, Path] = Field(
        default_factory=dict, description="Files that never change under one name: for each prefix of URLs its folder."
    )
    media: dict[Prefix, Path] = Field(
        default_factory=dict, description="Files that users uploaded: for each prefix of URLs its folder."
    )
    max_upload: Annotated[Bytes, Field(ge=1, le=1 << 40)] = Field(
        default=1 << 20, description="The largest request body."
    )
    slowest_request: Annotated[Seconds, Field(ge=1, le=86400)] = Field(
        default=30, description="How long the app's slowest request may take; all timeouts follow from it."
    )
    request_headers: Annotated[Bytes, Field(ge=1024, le=60 * 1024)] = Field(
        default=8 << 10, description="The longest request line or header line, cookies among them."
    )
    response_headers: Annotated[Bytes, Field(ge=1024, le=1 << 20)] = Field(
        default=4 << 10, description="All header lines of a response together."
    )
    websockets: Annotated[list[Prefix], BeforeValidator(_listed), Field(max_length=50)] = Field(
        default_factory=list, description="Prefixes of URLs below which the app speaks websockets."
    )
    websocket_idle: Annotated[Seconds, Field(ge=1, le=604800)] = Field(
        default=3600, description="How long a websocket may be silent."
    )
    health: UrlPath | None = Field(default=None, description="A path that load balancers and managers ask.")
    stop_grace: Annotated[Seconds, Field(ge=1, le=86400)] | None = Field(
        default=None,
        description="How long running requests may go on when the app is stopped; the slowest request by default.",
    )
    user: Account | None = Field(default=None, description="Whom the app runs as; the service's name by default.")
    environment: Annotated[dict[Variable, Plain], BeforeValidator(_texts)] = Field(
        default_factory=dict, description="Environment variables of the app. No secrets: they stand in files."
    )
    nginx: ServiceNginx = Field(
        default_factory=lambda: ServiceNginx(), description="nginx directives that replace or add to what is derived."
    )
    manager: dict[Key, Scalar] = Field(
        default_factory=dict,
        description="Further settings of what starts it: `[Service]` keys of systemd, keys of a compose service, "
        "of a supervisord program.",
    )


class ServiceNginx(_Strict):
    """nginx directives of one service that replace or add to what is derived."""

    server: Directives = Field(default_factory=dict, description="In its `server` block.")
    location: Directives = Field(default_factory=dict, description="In the `location` that leads to the app.")
    upstream: Directives = Field(default_factory=dict, description="In its `upstream` block.")


class Nginx(_Strict):
    """nginx itself."""

    user: Account = Field(default="www-data", description="Whom its workers run as.")
    worker_connections: Annotated[int, Field(ge=64, le=65536)] = Field(
        default=1024, description="How many connections each worker may have."
    )
    http_port: Annotated[int, Field(ge=1, le=65535)] = Field(default=80, description="Where it listens for HTTP.")
    https_port: Annotated[int, Field(ge=1, le=65535)] = Field(default=443, description="Where it listens for HTTPS.")
    main: Directives = Field(default_factory=dict, description="Directives outside of all blocks.")
    events: Directives = Field(default_factory=dict, description="Directives in `events`.")
    http: Directives = Field(default_factory=dict, description="Directives in `http`.")


class Edge(_Strict):
    """What stands in front of nginx. What is not said is what is known of its kind."""

    kind: EdgeKind = Field(default="none", description="Which one.")
    idle: Annotated[Seconds, Field(ge=1)] | None = Field(
        default=None, description="How long it keeps idle connections."
    )
    response: Annotated[Seconds, Field(ge=1)] | None = Field(
        default=None, description="How long it waits for a response."
    )
    tls: bool | None = Field(default=None, description="Whether clients speak TLS to it.")
    addresses: Annotated[list[Network], BeforeValidator(_listed), Field(max_length=200)] = Field(
        default_factory=list, description="Its addresses or networks: whose X-Forwarded-For nginx believes."
    )


class Versions(_Strict):
    """Which versions will run. What is not said is what is current."""

    nginx: Version | None = Field(default=None, description='Such as `"1.30"`.')
    gunicorn: Version | None = Field(default=None, description='Such as `"27.0.1"`.')
    uwsgi: Version | None = Field(default=None, description='Such as `"2.0.31"`.')
    uvicorn: Version | None = Field(default=None, description='Such as `"0.54"`.')
    python: Version | None = Field(default=None, description='Such as `"3.12"`: of the image that compose builds on.')


class Spec(_Strict):
    """A whole deployment."""

    runtime: Runtime = Field(default="systemd", description="What starts the servers.")
    edge: Annotated[Edge, _named("kind")] = Field(
        default_factory=lambda: Edge(),
        description="What stands in front of nginx; its kind alone is enough: `edge: aws-alb`.",
    )
    versions: Versions = Field(
        default_factory=Versions, description="Which versions will run; by default those that are current."
    )
    nginx: Nginx = Field(default_factory=Nginx, description="nginx itself.")
    services: Annotated[dict[Name, Service], Field(min_length=1, max_length=100)] = Field(
        description="The applications, each under its name: also that of its user, its unit, its folder below `/run`."
    )


Service.model_rebuild()
