"""The image of an app."""

from __future__ import annotations

import posixpath

from cfgcheck.generate.defaults import version_of
from cfgcheck.generate.escapes import dockerfile_text, dockerfile_words, shell_word
from cfgcheck.generate.managers_text import fill, placed
from cfgcheck.generate.plan_records import Plan, ServicePlan

_EXTRAS = {"gevent": "gevent", "eventlet": "eventlet", "tornado": "tornado"}


def render_dockerfile(plan: Plan, service: ServicePlan) -> str:
    with placed("services", service.name, "app", "directory"):
        directory = dockerfile_text(service.directory)
    with placed("services", service.name, "listener"):
        sockets = shell_word(posixpath.dirname(service.listener.path)) if service.listener.unix else ""
    return fill(
        "docker/Dockerfile.j2",
        name=service.name,
        notes=service.notes,
        python=version_of(plan.spec.versions, "python"),
        user=service.user,
        directory=directory,
        packages=" ".join(map(shell_word, _packages(plan, service))),
        sockets=sockets,
        port=service.listener.port,
        command=dockerfile_words(service.command),
    )


def _packages(plan: Plan, service: ServicePlan) -> list[str]:
    """The app server with what its workers need. pyuwsgi is uWSGI as a wheel: the image has no compiler."""
    server, versions = service.service.server, plan.spec.versions
    if server.kind == "uwsgi":
        return [_pinned("pyuwsgi", version_of(versions, "uwsgi"))]
    uvicorn = _pinned("uvicorn[standard]", version_of(versions, "uvicorn"))
    if server.kind == "uvicorn":
        return [uvicorn]
    extra = _EXTRAS.get(server.worker_class or "")
    gunicorn = _pinned(f"gunicorn[{extra}]" if extra else "gunicorn", version_of(versions, "gunicorn"))
    return [gunicorn, uvicorn] if "uvicorn" in (server.worker_class or "").lower() else [gunicorn]


def _pinned(package: str, version: str) -> str:
    """``27`` and ``27.0`` stand for all that begin so."""
    return f"{package}=={version}" if version.count(".") == 2 else f"{package}=={version}.*"
