"""A spec, from text to ``Spec``. Everything that is wrong with it is told at once, each with its place."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from cfgcheck.generate.contradictions import Contradiction, contradictions
from cfgcheck.generate.errors import Mistake, SpecError
from cfgcheck.generate.mistakes import Where, mistakes_of
from cfgcheck.generate.schema import KeyPath, table_at
from cfgcheck.generate.spec import Spec
from cfgcheck.generate.yaml_values import Values, values_of
from cfgcheck.record import record
from cfgcheck.source.file import SourceFile, Span
from cfgcheck.syntax.yaml_tree import Scalar, read_yaml

__all__ = ["LocatedSpec", "SpecError", "read_located", "read_spec"]

SPEC_NAME = "cfgcheck.yaml"
_LARGEST = 256 * 1024


@record(frozen=True)
class LocatedSpec:
    """A spec and where each of its keys stands."""

    spec: Spec
    where: Where

    def span(self, path: KeyPath) -> Span:
        """The value at a path (``("services", "shop", "user")``) or, where it is left out, what it belongs into."""
        return self.where.value(self.where.path(path))


def read_spec(source: Path | str) -> Spec:
    """The spec in a file (a ``Path``) or in a text. Raises SpecError with everything that is wrong."""
    return read_located(source).spec


def read_located(source: Path | str, shown: str | None = None) -> LocatedSpec:
    """The same with places. ``shown``: what the file is called in messages."""
    if isinstance(source, Path):
        return _located(SourceFile(shown or source.as_posix(), _text(source)))
    return _located(SourceFile(shown or SPEC_NAME, source))


def _text(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            data = stream.read(4 * _LARGEST + 1)
    except FileNotFoundError:
        raise SpecError([Mistake(None, f"{path}: there is no such file; `cfgcheck init` writes one")]) from None
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise SpecError([Mistake(None, f"{path}: it can't be read: {reason}")]) from None
    return data.decode("utf-8", "surrogateescape")


def _located(source: SourceFile) -> LocatedSpec:
    values = _values(source)
    where = Where(source, values.places)
    spec, wrong = _validated(values, where)
    if spec is None or wrong:
        raise SpecError(wrong)
    found = contradictions(spec)
    if found:
        raise SpecError([_told(one, where) for one in found])
    return LocatedSpec(spec, where)


def _values(source: SourceFile) -> Values:
    """All that the YAML says; SpecError where it is none, or not one mapping."""
    read = read_yaml(source, templates=False)
    if read.problems:
        raise SpecError([Mistake(one.span, one.message + _hint(one.hint)) for one in read.problems])
    start = Span(source, 0, min(1, len(source.text)))
    documents = [one for one in read.documents if not (isinstance(one, Scalar) and one.null)]
    if not documents:
        raise SpecError([Mistake(start, "the spec is empty; `cfgcheck init` writes one to start from")])
    if len(documents) > 1:
        raise SpecError([Mistake(documents[1].span, "a spec is one YAML document; take the `---` out")])
    return values_of(documents[0])


def _hint(hint: str) -> str:
    """``exclude it`` is meant for files that are only looked at."""
    return f"; {hint}" if hint and hint != "exclude it" else ""


def _validated(values: Values, where: Where) -> tuple[Spec | None, list[Mistake]]:
    wrong = list(values.mistakes)
    spelled = _spelled(values, where)
    try:
        spec = Spec.model_validate(values.value)
    except ValidationError as error:
        return None, [*wrong, *spelled, *mistakes_of(error.errors(include_url=False), where)]
    return spec, [*wrong, *spelled]


def _spelled(values: Values, where: Where) -> list[Mistake]:
    """Keys with an underscore: Python may call them so, a spec may not."""
    found = []
    for path in values.places:
        key = str(path[-1])
        table = table_at(path[:-1]) if isinstance(path[-1], str) and "_" in key else None
        if table is not None and key in table.model_fields:
            known = key.replace("_", "-")
            parent = ".".join(map(str, path[:-1]))
            within = f" in `{parent}`" if parent else ""
            found.append(Mistake(where.key(path), f"unknown key `{key}`{within}; did you mean `{known}`?"))
    return found


def _told(one: Contradiction, where: Where) -> Mistake:
    place = where.path(one.place)
    own = where.value(place)
    # A key that is left out has its nearest place above both, which would tell nothing.
    told = [found for found in map(where.path, one.others) if found != place[: len(found)]]
    others = dict.fromkeys(where.value(found) for found in told)
    return Mistake(own, one.text, tuple(span for span in others if span != own))
