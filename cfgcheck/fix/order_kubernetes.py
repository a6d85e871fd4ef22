"""Kubernetes: how long a pod may take to stop, and the variables of its containers."""

from __future__ import annotations

from collections.abc import Iterator

from cfgcheck.findings import Edit
from cfgcheck.fix.editing import CannotFix
from cfgcheck.fix.order_dockerfile import set_stop_signal
from cfgcheck.fix.order_yaml import is_alias, put
from cfgcheck.model.unit import Unit
from cfgcheck.rules.changes import Order
from cfgcheck.syntax.yaml_tree import Mapping, Sequence, read_yaml, walk

_GRACE = "terminationGracePeriodSeconds"
_AFTER = ("restartPolicy", "serviceAccountName", "serviceAccount", "securityContext", "imagePullSecrets")
_BEFORE = ("initContainers", "containers")


def in_kubernetes(change: Order) -> list[Edit]:
    """The edits of a pod's manifest. Errors: CannotFix."""
    if change.name == "stop_grace":
        return [_stop_grace(change.unit, change.value)]
    if change.name == "stop_signal" and change.unit.stop_signal.span is not None:
        return [set_stop_signal(change.unit.stop_signal.span, change.value)]
    raise CannotFix(f"a manifest has no place for that which every Kubernetes heeds ({change.name})")


def _stop_grace(unit: Unit, seconds: float) -> Edit:
    now = unit.stop_grace
    if not now.known:
        raise CannotFix(now.because)
    spec = next(_specs(unit, in_another=now.span is not None and now.span.file is not unit.span.file), None)
    if spec is None:
        raise CannotFix("the pod's spec was not found in the manifest")
    wanted = -int(-seconds // 1)
    own = any(pair.key.text == _GRACE for pair in spec.pairs)
    relatives = [name for name in _AFTER if any(pair.key.text == name for pair in spec.pairs)]
    return put(spec, _GRACE, wanted, relatives, () if own or relatives else _BEFORE)


def _specs(unit: Unit, in_another: bool) -> Iterator[Mapping]:
    """The spec of the pod that holds the container; where a patch sets the time, that of the patch."""
    place = unit.stop_grace.span if in_another and unit.stop_grace.span is not None else unit.span
    for document in read_yaml(place.file).documents:
        for node in walk(document):
            if not isinstance(node, Mapping):
                continue
            parts = [pair.value for pair in node.pairs if pair.key.text in _BEFORE]
            if in_another and any(pair.value.span == place for pair in node.pairs if pair.key.text == _GRACE):
                yield node
            elif not in_another and any(_holds(part, place.start) for part in parts):
                if any(is_alias(*pair) for pair in node.pairs if pair.key.text in _BEFORE):
                    raise CannotFix("several pods share these containers")
                yield node


def _holds(part: object, at: int) -> bool:
    return isinstance(part, Sequence) and any(item.span.start <= at < item.span.end for item in part.items)
