"""Small catalogues and stacks made by hand, for tests of the engine itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from textwrap import dedent
from typing import Any

from cfgcheck.model.address import Address
from cfgcheck.model.app import App, AppFacts, AppKind, Listener, Protocol
from cfgcheck.model.located import Located
from cfgcheck.model.stack import Stack
from cfgcheck.model.version import Version
from cfgcheck.record import field_names
from cfgcheck.rules.catalogue import Catalogue, catalogue_of
from cfgcheck.rules.compiler import compile_rule
from cfgcheck.source.file import SourceFile, Span

RULE = {
    "severity": "warning",
    "subject": "app",
    "message": "something is wrong with {app.name}",
    "symptom": "{none: it is a test}",
    "why": "because",
    "fix": "{title: mend it, applicability: safe}",
    "sources": "[a page]",
    "examples": "{bad: [{files: {a: b}, expect: 'a:1'}], good: [{files: {a: b}}]}",
}


def rule_file(folder: Path, name: str, category: str = "worker", **fields: str) -> Path:
    """A rule file; fields are YAML. An empty one is left out."""
    path = folder / category / f"{name}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = {"id": name, "category": category, **RULE, **fields}
    path.write_text("".join(f"{key.rstrip('_')}: {text}\n" for key, text in lines.items() if text), encoding="utf-8")
    return path


def catalogue(folder: Path, rules: Mapping[str, Mapping[str, str]]) -> Catalogue:
    """A catalogue of rules by id."""
    return catalogue_of(compile_rule(rule_file(folder, name, **fields)) for name, fields in rules.items())


def at(file: SourceFile, text: str) -> Span:
    start = file.text.index(text)
    return file.span(start, start + len(text))


def app(file: SourceFile, name: str = "web", **settings: Any) -> App:
    """A Gunicorn whose settings stand in ``file`` as ``name = …``; a value that is Located is taken as it is."""
    found = {
        key: value if isinstance(value, Located) else Located.read(value, at(file, key))
        for key, value in settings.items()
    }
    nothing: Located[Any] = Located.default(None)
    listener = Listener(
        Located.read(Address.tcp("127.0.0.1", 8000), None),
        Located.default(Protocol.HTTP),
        Located.default(False),
        nothing,
        "bind",
    )
    return App(
        AppKind.GUNICORN,
        name,
        Located.read(Version(23), None),
        found,
        (),
        (listener,),
        AppFacts(*([nothing] * len(field_names(AppFacts)))),
        file.span(0, 1),
        (file,),
    )


def stack(*apps: App, files: Iterable[SourceFile] = ()) -> Stack:
    every = {file.path: file for app in apps for file in app.files} | {file.path: file for file in files}
    return Stack("shop", apps=list(apps), files=list(every.values()))


def source(text: str, path: str = "gunicorn.conf.py") -> SourceFile:
    return SourceFile(path, dedent(text))
