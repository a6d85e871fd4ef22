"""The app server of a service: its kind, workers, listener, and settings of its own."""

from __future__ import annotations

import re
from typing import get_args

from cfgcheck.generate.importing.draft import Draft
from cfgcheck.generate.importing.grouping import Found
from cfgcheck.generate.importing.notes import Notes
from cfgcheck.generate.importing.result import Key
from cfgcheck.generate.spec import WorkerClass
from cfgcheck.model.address import Address, normal_path
from cfgcheck.model.app import App, AppKind

_KINDS = {AppKind.GUNICORN: "gunicorn", AppKind.UWSGI: "uwsgi", AppKind.UVICORN: "uvicorn"}
_CPUS = re.compile(r"cpu_count|nproc|sched_getaffinity|%k")


def put_server(draft: Draft, place: Key, found: Found, notes: Notes, runtime: str) -> None:
    """Set ``server:`` and ``listener:``."""
    app = found.app
    kind = _KINDS.get(app.kind)
    if kind is None:
        draft.leave(app.span, app.server, "no app server of a spec: uvicorn serves such applications, too")
    draft.put((*place, "server", "kind"), kind or "uvicorn", app.span)
    _put_worker_class(draft, place, app)
    _put_workers(draft, place, app, notes)
    threads = app.settings.get("threads", app.facts.threads)
    if isinstance(threads.get(None), int) and threads.value > 0 and _threaded(app):
        draft.put((*place, "server", "threads"), min(threads.value, 256), threads.span)
    _put_listener(draft, place, found, runtime)


def _threaded(app: App) -> bool:
    return app.kind is AppKind.UWSGI or app.facts.worker_class.get("") == "gthread"


def _put_worker_class(draft: Draft, place: Key, app: App) -> None:
    if app.kind is not AppKind.GUNICORN:
        return
    worker = app.facts.worker_class
    if not worker.known:
        draft.leave(worker.span or app.span, "the worker class", worker.because)
        return
    name = _short(str(worker.value))
    if name not in get_args(WorkerClass):
        draft.leave(worker.span or app.span, f"worker class `{worker.value}`", "a spec knows Gunicorn's own only")
        return
    draft.put((*place, "server", "worker-class"), name, worker.span)


def _short(worker: str) -> str:
    """The short name of a class: ``uvicorn`` for ``uvicorn_worker.UvicornWorker``."""
    return "uvicorn" if "uvicorn" in worker.lower() else worker.removeprefix("gunicorn.workers.")


def _put_workers(draft: Draft, place: Key, app: App, notes: Notes) -> None:
    key = (*place, "server", "workers")
    if notes.get("workers") == "auto":
        draft.put(key, "auto")
        return
    workers = app.facts.workers
    if isinstance(workers.get(None), int):
        draft.put(key, workers.value, workers.span)
        return
    span = workers.span or app.span
    draft.put(key, "auto")
    if not any(_CPUS.search(text) for text in (span.text, workers.text, workers.because)):
        draft.leave(span, "the number of workers", f"{workers.because}: `auto` now")


def _put_listener(draft: Draft, place: Key, found: Found, runtime: str) -> None:
    listener = found.listener or (found.app.listeners[0] if found.app.listeners else None)
    if listener is None:
        return
    address = listener.address
    if not address.known or listener.malformed:
        why = listener.malformed or address.because
        draft.leave(address.span or found.app.span, "where the app server listens", f"{why}: the usual address now")
        return
    text = _written(address.value, runtime)
    if text is None:
        why = "the runtime's usual address now"
        draft.leave(address.span or found.app.span, f"`{address.value}`", why)
        return
    draft.put((*place, "listener"), text, address.span)


def _written(address: Address, runtime: str) -> str | None:
    """An address as a spec says it; None for one that it can't or should not say."""
    if address.templated or address.abstract:
        return None
    if address.is_unix:
        return f"unix:{normal_path(address.path)}" if address.path.startswith("/") else None
    if not address.is_tcp or address.port is None:
        return None
    if runtime == "compose":
        return f"0.0.0.0:{address.port}"
    if address.is_wildcard or not address.is_ip:
        return f"127.0.0.1:{address.port}"
    host = f"[{address.host}]" if ":" in address.host else address.host
    return f"{host}:{address.port}"
