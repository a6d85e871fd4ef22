"""Write what is generated of the spec's model: docs/schemas/spec-1.json and docs/spec.md.

    python -m tools.spec_pages [--check]

``--check`` writes nothing and fails when one of them is not up to date.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from cfgcheck.generate.schema import tables
from cfgcheck.generate.schema_json import schema_text
from cfgcheck.generate.words import in_bytes, in_seconds
from cfgcheck.settings.edges import KNOWN_EDGES

ROOT = Path(__file__).resolve().parent.parent
SCHEMA = ROOT / "docs" / "schemas" / "spec-1.json"
PAGE = ROOT / "docs" / "spec.md"
EXAMPLE = ROOT / "fixtures" / "specs" / "django-systemd.yaml"

_TIMES = ("slowest_request", "websocket_idle")
_SIZES = ("max_upload", "request_headers", "response_headers")

_HEAD = """# The spec: every key

`cfgcheck.yaml` holds a whole deployment; `cfgcheck generate` writes all its files from it, `cfgcheck init` writes one
to start from, `cfgcheck import` makes one of existing files. This page is generated from the model.

```yaml
{example}```

Times are `30s`, `5m`, `1h` or a number of seconds; sizes are `16k`, `10m` or a number of bytes. What is left out is
derived or has its default. One value may stand for a list of one. Editors complete and check the file with
[spec-1.json](schemas/spec-1.json): name it in a first line `# yaml-language-server: $schema=…`.

Whatever is wrong is told at once, each with line and column, and with what to write instead: keys and words that
don't exist, and what does not go together (a slowest request that the edge does not wait for, a worker that can't run
the app, two services with one address).
"""

_FOOT = """
## Raw directives and settings

`nginx.main`, `nginx.events`, `nginx.http` and `services.NAME.nginx.server`, `.location`, `.upstream` take any
directive of nginx that has no block and no key of its own, with one argument or a list of them: `gzip: "off"`,
`add_header: [X-Frame-Options, DENY, always]`. `services.NAME.server.settings` takes settings in the words of the app
server, `services.NAME.manager` those of systemd's `[Service]`, of a compose service or of a supervisord program. They
take the place of what is derived. What the spec has a key for is refused there, with the name of that key; so is what
the server in question does not know.

## Edges

| `kind` | keeps idle connections | waits for a response | source |
|---|---|---|---|
{edges}
"""


def page() -> str:
    """docs/spec.md."""
    sections = "".join(_section(place, table) for place, table in tables())
    edges = "\n".join(_edge(kind) for kind in ("aws-alb", "gcp-lb", "cloudflare", "heroku"))
    example = EXAMPLE.read_text(encoding="utf-8")
    return _HEAD.format(example=example) + sections + _FOOT.format(edges=edges)


def _section(place: str, table: type[BaseModel]) -> str:
    title = f"`{place}`" if place else "At the top"
    about = (table.__doc__ or "").strip()
    rows = "\n".join(_rows(table))
    return f"\n## {title}\n\n{about}\n\n| key | takes | default | meaning |\n|---|---|---|---|\n{rows}\n"


def _rows(table: type[BaseModel]) -> Iterator[str]:
    for name, field in table.model_fields.items():
        key = field.alias or name
        about = (field.description or "").replace("|", "\\|")
        yield f"| `{key}` | {_takes(name, field)} | {_default(name, field)} | {about} |"


def _default(name: str, field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True)
    if field.is_required():
        return "required"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if value is None or isinstance(value, dict | list | BaseModel):
        return ""
    return f"`{in_seconds(value) if name in _TIMES else in_bytes(value) if name in _SIZES else value}`"


def _takes(name: str, field: FieldInfo) -> str:
    if name in _TIMES or name in ("stop_grace", "hsts", "idle", "response"):
        return "time"
    if name in _SIZES:
        return "size"
    return _kind(field.annotation)


def _kind(annotation: Any) -> str:
    words = [word for word in _words(annotation) if word]
    return " or ".join(dict.fromkeys(words))


def _words(annotation: Any) -> Iterator[str]:
    if annotation is type(None):
        return
    arguments = get_args(annotation)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield "mapping"
    elif getattr(annotation, "__origin__", None) is list:
        yield f"list of {_kind(arguments[0])}s"
    elif getattr(annotation, "__origin__", None) is dict:
        yield "mapping"
    elif hasattr(annotation, "__metadata__"):
        yield from _words(arguments[0])
    elif all(isinstance(one, str) for one in arguments) and arguments:
        yield ", ".join(f"`{one}`" for one in arguments)
    elif arguments:
        for one in arguments:
            yield from _words(one)
    else:
        yield {"str": "text", "int": "whole number", "bool": "`true`, `false`", "float": "number"}[annotation.__name__]


def _edge(kind: str) -> str:
    known = KNOWN_EDGES[kind]
    shown = [f"{limit:g} s" if limit else "not known" for limit in (known.idle, known.response)]
    return f"| `{kind}` | {shown[0]} | {shown[1]} | {known.source.partition(';')[0]} |"


PAGES = {SCHEMA: schema_text, PAGE: page}


def main() -> None:
    for path, make in PAGES.items():
        made = make()
        if "--check" not in sys.argv[1:]:
            path.write_text(made, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != made:
            raise SystemExit(f"{path.relative_to(ROOT)} is not up to date: run `make generate`")


if __name__ == "__main__":
    main()
