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
    Key,
    Name,
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
Scalar = bool | int | float | Plain


def _kebab(name: str) -> str:
    return name.replace("_", "-")


def _listed(value: Any) -> Any:
    """One thing stands for a list of one."""
    return value if isinstance(value, list) or value is None else [value]


def _named(key: str) -> BeforeValidator:
    """A plain text stands for a mapping with only that key."""
    return BeforeValidator(lambda value: {key: value} if isinstance(value, str) else value)


Arguments = Annotated[list[Plain | int], BeforeValidator(_listed), Field(max_length=20)]
Directives = dict[Key, Arguments]
"""nginx directives by name, each with its arguments as nginx would split them."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, alias_generator=_kebab)


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

    kind: ServerKind = "gunicorn"
    worker_class: Plain | None = Field(
        default=None,
        description="Gunicorn's: `sync`, `gthread`, `gevent`, `tornado`, `asgi`, `uvicorn`, `eventlet` (< 26).",
    )
    workers: Annotated[int, Field(ge=1, le=512)] | Literal["auto"] = Field(
        default="auto", description="How many processes; `auto`: twice the processors and one."
    )
    threads: Annotated[int, Field(ge=1, le=256)] | None = Field(default=None, description="Threads of each worker.")
    settings: dict[Key, Scalar] = Field(
        default_factory=dict, description="Any other setting by the server's own name, as it is."
    )


class Service(_Strict):
    """One application behind its own domain names."""

    domains: Annotated[list[Domain], BeforeValidator(_listed), Field(min_length=1, max_length=50)]
    app: Annotated[App, _named("module")]
    server: Annotated[Server, _named("kind")] = Field(default_factory=lambda: Server())
    listener: Plain | None = Field(
        default=None,
        description="`unix`, `tcp`, `unix:/run/shop/shop.sock` or `127.0.0.1:8000`; the runtime's usual by default.",
    )
    tls: Tls | None = None
    static: dict[Prefix, Path] = Field(default_factory=dict, description="Files that never change under one name.")
    media: dict[Prefix, Path] = Field(default_factory=dict, description="Files that users uploaded.")
    max_upload: Annotated[Bytes, Field(ge=1, le=1 << 40)] = Field(default=1 << 20, description="Largest request body.")
    slowest_request: Annotated[Seconds, Field(ge=1, le=86400)] = Field(default=30, description="The slowest request.")
    request_headers: Annotated[Bytes, Field(ge=1024, le=60 * 1024)] = Field(
        default=8 << 10, description="The longest request line or header line, cookies among them."
    )
    response_headers: Annotated[Bytes, Field(ge=1024, le=1 << 20)] = Field(
        default=4 << 10, description="All header lines of a response together."
    )
    websockets: Annotated[list[Prefix], BeforeValidator(_listed)] = Field(default_factory=list)
    websocket_idle: Annotated[Seconds, Field(ge=1, le=604800)] = Field(
        default=3600, description="How long a websocket may be silent."
    )
    health: UrlPath | None = Field(default=None, description="A path that load balancers and managers ask.")
    stop_grace: Annotated[Seconds, Field(ge=1, le=86400)] | None = Field(
        default=None,
        description="How long running requests may go on when the app is stopped; the slowest request by default.",
    )
    user: Account | None = Field(default=None, description="Whom the app runs as; the service's name by default.")
    environment: dict[Variable, Plain] = Field(default_factory=dict)
    nginx: ServiceNginx = Field(default_factory=lambda: ServiceNginx())
    manager: dict[Key, Scalar] = Field(
        default_factory=dict,
        description="Further settings of what starts it: `[Service]` keys of systemd, keys of a compose service, "
        "of a supervisord program.",
    )


class ServiceNginx(_Strict):
    """nginx directives of one service that replace or add to what is derived."""

    server: Directives = Field(default_factory=dict)
    location: Directives = Field(default_factory=dict)
    upstream: Directives = Field(default_factory=dict)


class Nginx(_Strict):
    """nginx itself."""

    user: Account = "www-data"
    worker_connections: Annotated[int, Field(ge=64, le=65536)] = 1024
    main: Directives = Field(default_factory=dict)
    events: Directives = Field(default_factory=dict)
    http: Directives = Field(default_factory=dict)


class Edge(_Strict):
    """What stands in front of nginx. What is not said is what is known of its kind."""

    kind: EdgeKind = "none"
    idle: Annotated[Seconds, Field(ge=1)] | None = Field(
        default=None, description="How long it keeps idle connections."
    )
    response: Annotated[Seconds, Field(ge=1)] | None = Field(
        default=None, description="How long it waits for a response."
    )
    tls: bool | None = Field(default=None, description="Whether clients speak TLS to it.")
    addresses: Annotated[list[Plain], BeforeValidator(_listed)] = Field(
        default_factory=list, description="Its addresses or networks: whose X-Forwarded-For nginx believes."
    )


class Versions(_Strict):
    """Which versions will run. What is not said is what is current."""

    nginx: Version | None = None
    gunicorn: Version | None = None
    uwsgi: Version | None = None
    uvicorn: Version | None = None
    python: Version | None = None


class Spec(_Strict):
    """A whole deployment."""

    runtime: Runtime = Field(default="systemd", description="What starts the servers.")
    edge: Annotated[Edge, _named("kind")] = Field(default_factory=lambda: Edge())
    versions: Versions = Field(default_factory=Versions)
    nginx: Nginx = Field(default_factory=Nginx)
    services: Annotated[dict[Name, Service], Field(min_length=1, max_length=100)]


Service.model_rebuild()
