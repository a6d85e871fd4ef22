"""uvicorn: it has no file, its command line says all."""

from __future__ import annotations

from cfgcheck.generate.plan_listen import listener
from cfgcheck.generate.plan_sizes import admitted_for
from cfgcheck.generate.plan_time import grace
from cfgcheck.generate.spec import Service, Spec

AUTO_WORKERS = 4
"""uvicorn does not count processors."""

H11_DEFAULT = 16 * 1024
"""All request headers together that h11 takes by default; httptools takes any size."""

_LOOPBACK = ("127.0.0.1", "::1")


def words(spec: Spec, name: str, service: Service) -> tuple[str, ...]:
    """The command line behind the program."""
    options = {**_derived(spec, name, service), **_own(service)}
    said = [word for option, value in options.items() for word in _written(option, value)]
    return (_module(service), *said)


def _derived(spec: Spec, name: str, service: Service) -> dict[str, str | bool]:
    address = listener(spec, name, service)
    where = {"uds": address.path} if address.unix else {"host": address.host, "port": str(address.port)}
    workers = AUTO_WORKERS if service.server.workers == "auto" else service.server.workers
    headers = admitted_for(spec, service)
    whole = headers.count * headers.size
    return {
        **where,
        "workers": str(workers),
        "timeout-graceful-shutdown": grace(service).text,
        **({} if address.host in _LOOPBACK else {"forwarded-allow-ips": _trusted(spec, service)}),
        **({"h11-max-incomplete-event-size": str(whole)} if whole > H11_DEFAULT else {}),
    }


def _trusted(spec: Spec, service: Service) -> str:
    """Over a unix socket and in the containers' network there is nobody but nginx."""
    address = listener(spec, "", service)
    return "*" if address.unix or spec.runtime == "compose" else address.host


def _own(service: Service) -> dict[str, str | bool]:
    own = service.server.settings
    return {key.replace("_", "-"): _value(own[key]) for key in sorted(own)}


def _value(value: bool | int | float | str) -> str | bool:
    return value if isinstance(value, bool) else str(value)


def _written(option: str, value: str | bool) -> tuple[str, ...]:
    if value is True:
        return (f"--{option}",)
    return (f"--no-{option}",) if value is False else (f"--{option}", value)


def _module(service: Service) -> str:
    """uvicorn wants the object to be named."""
    module = service.app.module
    if ":" in module:
        return module
    return f"{module}:app" if service.app.framework in ("fastapi", "starlette") else f"{module}:application"
