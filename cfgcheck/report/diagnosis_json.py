"""A diagnosis for programs: ``cfgcheck.diagnosis/1``."""

from __future__ import annotations

import json
from typing import Any

from cfgcheck import __version__
from cfgcheck.diagnose.diagnosis import Diagnosis, Explanation, Group, StatusCount, Tops
from cfgcheck.report.places import clean, place_of, start_of
from cfgcheck.rules.fingerprint import fingerprint

FORMAT = "cfgcheck.diagnosis/1"


def render(diagnosis: Diagnosis) -> str:
    return json.dumps(document(diagnosis), indent=2, ensure_ascii=False) + "\n"


def document(diagnosis: Diagnosis) -> dict[str, Any]:
    looked = diagnosis.looked
    return {
        "format": FORMAT,
        "version": __version__,
        "groups": [_group(group) for group in diagnosis.groups],
        "statuses": [_status(one) for one in diagnosis.statuses],
        "problems": [clean(text) for text in diagnosis.problems],
        "summary": {
            "logs": [clean(name) for name in looked.logs],
            "bytes": looked.size,
            "stack": [clean(path) for path in looked.stack],
            "files": looked.files,
            "routes": looked.routes,
            "apps": looked.apps,
            "groups": len(diagnosis.groups),
            "trouble": sum(1 for group in diagnosis.groups if group.trouble),
        },
    }


def _group(group: Group) -> dict[str, Any]:
    return {
        "kind": group.kind.name,
        "title": group.title,
        "weight": group.kind.weight.name.lower(),
        "from": group.kind.source.name.lower(),
        "count": group.count,
        "first": group.first or None,
        "last": group.last or None,
        "seen": group.kind.seen,
        "upstreams": _tops(group.upstreams),
        "servers": _tops(group.servers),
        "hosts": _tops(group.hosts),
        "paths": _tops(group.paths),
        "sources": _tops(group.sources),
        "details": _tops(group.details),
        "sample": clean(group.sample),
        "message": clean(group.text),
        "meaning": [clean(text) for text in group.meaning],
        "explanations": [_explanation(one) for one in group.explanations],
        "verdict": clean(group.verdict),
        "unchecked": [
            {
                "rule": one.rule,
                "subject": clean(one.subject),
                "because": clean(one.because),
                "at": start_of(one.at) if one.at else None,
            }
            for one in group.unchecked
        ],
    }


def _tops(tops: Tops) -> dict[str, Any]:
    return {"values": [{"value": clean(value), "count": count} for value, count in tops.values], "others": tops.others}


def _explanation(one: Explanation) -> dict[str, Any]:
    finding = one.finding
    return {
        "certainty": "likely" if one.likely else "certain",
        "because": clean(one.likely),
        "rule": finding.rule,
        "severity": finding.severity.word,
        "message": clean(finding.message),
        "subject": clean(finding.subject),
        "primary": place_of(finding.primary),
        "related": [place_of(label) for label in finding.related],
        "remedy": clean(finding.remedy),
        "fingerprint": fingerprint(finding),
        "help": clean(finding.help),
    }


def _status(one: StatusCount) -> dict[str, Any]:
    return {"status": one.status, "count": one.count, "paths": _tops(one.paths)}
