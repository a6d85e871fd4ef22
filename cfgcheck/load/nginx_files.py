"""nginx configurations on the disk: each file parsed once, includes replaced by what they include."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from cfgcheck.findings import Label, Problem
from cfgcheck.load.disk import Disk
from cfgcheck.load.nginx_includes import Finder, InFilesystem, Lookup, is_glob
from cfgcheck.load.nginx_kinds import Classified, Kind, classify
from cfgcheck.load.nginx_stock import CONTAINER_MAIN, stock_file, stock_name
from cfgcheck.source.file import SourceFile
from cfgcheck.syntax.nginx_dump import is_dump, split_dump
from cfgcheck.syntax.nginx_parse import parse
from cfgcheck.syntax.nginx_tree import Directive, NginxTree

_MOST_STATEMENTS = 1_000_000
"""All includes replaced: a few files that include one another twice make any number."""


class NginxFiles:
    """The nginx files of one run.

    ``included``: absolute paths of all files that some configuration includes (links resolved as well), so that the
    others are known to be roots. ``mounts``: paths in the deployment (a container) and what they are on the disk.
    """

    def __init__(self, disk: Disk, mounts: Mapping[str, Path] | None = None) -> None:
        self.disk = disk
        self.mounts = mounts or {}
        self.included: set[Path] = set()
        self._trees: dict[Path, list[NginxTree]] = {}
        self._stock: dict[str, NginxTree] = {}

    def trees(self, path: Path | str) -> list[NginxTree]:
        """The tree of a file; of a dump, those of all the files in it, the main one first; empty if unreadable."""
        full = self.disk.absolute(path)
        if full not in self._trees:
            file = self.disk.read(full)
            self._trees[full] = [] if file is None else split_dump(file) if is_dump(file.text) else [parse(file)]
        return self._trees[full]

    def filled(self, path: Path, variables: Mapping[str, str]) -> list[NginxTree]:
        """The trees of a file, a template's placeholders replaced by the variables that are known."""
        trees = self.trees(path)
        if not variables or not any(tree.template is not None for tree in trees):
            return trees
        from cfgcheck.load.nginx_fill import filled

        return [filled(tree, variables) for tree in trees]

    def kind(self, path: Path | str) -> Classified:
        """What part of a configuration a file is."""
        trees = self.trees(path)
        return classify(trees[0]) if trees else Classified(Kind.EMPTY, frozenset())

    def config(self, path: Path | str) -> NginxConfig | None:
        """The configuration that begins with this file, with all that it includes; None if it can't be read."""
        trees = self.trees(path)
        if not trees:
            return None
        return NginxConfig(self, self.disk.absolute(path), trees)

    def config_in(self, finder: InFilesystem, path: Path | None) -> NginxConfig | None:
        """The configuration of an nginx in a container. ``path``: its main file; None for the one that comes with
        nginx's own image."""
        trees = [self.stock(CONTAINER_MAIN)] if path is None else self.filled(path, finder.variables)
        if path is not None:
            self.note_included(path)
        return NginxConfig(self, path or finder.main / CONTAINER_MAIN, trees, finder) if trees else None

    def stock(self, name: str) -> NginxTree:
        if name not in self._stock:
            self._stock[name] = parse(stock_file(name), None)
        return self._stock[name]

    def note_included(self, path: Path) -> None:
        self.included.add(path)
        self.included.add(Path(os.path.realpath(path)))


class NginxConfig:
    """One configuration: a file and all that it includes.

    ``tree``: the root file; ``trees``: it and every file included, once each, in the order of inclusion. ``kind``:
    what the root is. ``problems``: of all the files, and of includes that lead nowhere or in a circle.
    ``unresolved``: includes of files that are not in the folder checked, with the reason why nothing is known of them.
    """

    def __init__(self, files: NginxFiles, path: Path, trees: list[NginxTree], finder: Finder | None = None) -> None:
        self.files = files
        self.tree = trees[0]
        self.kind = classify(self.tree)
        self.problems: list[Problem] = []
        self.unresolved: list[tuple[Directive, str]] = []
        self.trees: list[NginxTree] = []
        self._dump = {tree.name: tree for tree in reversed(trees)} if self.tree.name != self.tree.file.path else {}
        self._targets: dict[int, list[NginxTree]] = {}
        self._sizes: dict[int, int] = {}
        certain = self.kind.kind is Kind.MAIN
        above = [folder for folder in path.parent.parents if folder.is_relative_to(files.disk.root)]
        folders = (path.parent,) if certain else (path.parent, *above)
        self._lookup: Finder = finder or Lookup(files.disk, folders, certain, files.mounts)
        self._inside = finder is not None
        self._follow()

    @property
    def sources(self) -> list[SourceFile]:
        """The files read for this configuration, stock files among them; a dump once."""
        return list({id(tree.file): tree.file for tree in self.trees}.values())

    def expand(self, directives: Iterable[Directive]) -> Iterator[Directive]:
        """The directives of one block (or of the outermost level) with includes replaced by their content.

        An include of which nothing is known (see ``unresolved``) is itself given: anything may stand there. The
        directives are those of the files: one included twice is given twice.
        """
        if not self._targets:
            yield from directives
            return
        pending = [iter(directives)]
        while pending:
            for directive in pending[-1]:
                targets = self._targets.get(id(directive)) if directive.name.value == "include" else None
                if targets is None:
                    yield directive
                    continue
                pending.extend(iter(tree.directives) for tree in reversed(targets))
                break
            else:
                pending.pop()

    @property
    def directives(self) -> Iterator[Directive]:
        """The outermost level, includes replaced."""
        return self.expand(self.tree.directives)

    def _follow(self) -> None:
        """Resolves every include, file by file, depth first; one that leads back to a file still open is cut."""
        seen = {id(self.tree)}
        opened = {id(self.tree)}
        chain: list[tuple[NginxTree, Directive | None]] = [(self.tree, None)]
        pending = [self._enter(self.tree)]
        while pending:
            directive, tree = next(pending[-1], (None, None))
            if directive is None or tree is None:
                pending.pop()
                tree, directive = chain.pop()
                opened.remove(id(tree))
                if directive is not None:
                    self._include(directive, tree, chain[-1][0])
            elif id(tree) in opened:
                self._cut(directive, tree, chain)
            elif id(tree) in seen:
                self._include(directive, tree, chain[-1][0])
            else:
                seen.add(id(tree))
                opened.add(id(tree))
                chain.append((tree, directive))
                pending.append(self._enter(tree))

    def _include(self, directive: Directive, tree: NginxTree, into: NginxTree) -> None:
        """Lets an include stand for a file that was followed to its end, unless that makes the whole too large."""
        targets = self._targets.setdefault(id(directive), [])
        size = self._sizes[id(into)] + self._sizes[id(tree)]
        if size <= _MOST_STATEMENTS:
            self._sizes[id(into)] = size
            targets.append(tree)
            return
        because = f"with this include the configuration has more than {_MOST_STATEMENTS:,} statements"
        if all(reason != because for _, reason in self.unresolved):
            hint = "include fewer files more than once"
            self.problems.append(Problem("unparsable-file", because, directive.span, hint, f"includes {tree.name}"))
        self._unknown(directive, because)
        if not targets:
            del self._targets[id(directive)]

    def _enter(self, tree: NginxTree) -> Iterator[tuple[Directive, NginxTree]]:
        """Takes a file in, and gives each of its includes with each file that it means."""
        self.trees.append(tree)
        self.problems.extend(tree.problems)
        self._sizes[id(tree)] = 1 + tree.file.text.count(";", tree.start, tree.end)
        for directive in tree.includes:
            for target in self._resolve(directive):
                if directive.data:
                    _as_data(target)
                yield directive, target

    def _cut(self, directive: Directive, tree: NginxTree, chain: list[tuple[NginxTree, Directive | None]]) -> None:
        """Reports a circle of includes; the one that closes it gives nothing."""
        begin = next(index for index, (member, _) in enumerate(chain) if member is tree)
        names = [member.name for member, _ in chain[begin:]]
        self._targets.setdefault(id(directive), [])
        self.problems.append(
            Problem(
                "unparsable-file",
                "this include leads back to a file that includes it: " + " → ".join([*names, tree.name]),
                directive.span,
                "remove one include of the circle",
                f"includes {tree.name} again",
                tuple(Label(include.span, "part of the circle") for _, include in chain[begin + 1 :] if include),
            )
        )

    def _resolve(self, directive: Directive) -> list[NginxTree]:
        """The files that an include means; notes a problem or an unresolved one when there is none."""
        pattern = directive.args[0].value
        if directive.templated:
            self._unknown(directive, "its path is filled in by a template")
            return []
        if self._dump:
            return self._in_dump(directive, pattern)
        paths = self._lookup.find(pattern)
        if paths:
            found = [tree for path in paths for tree in self._included(path)]
            if not found:
                self._unknown(directive, f"{pattern} can't be read")
            return found
        name = stock_name(pattern)
        if name is not None:
            return [self.files.stock(name)]
        self._not_found(directive, pattern)
        return []

    def _included(self, path: Path) -> list[NginxTree]:
        finder = self._lookup
        variables = finder.variables if isinstance(finder, InFilesystem) else {}
        trees = self.files.filled(path, variables)[:1]
        if trees and trees[0] is not self.tree:
            self.files.note_included(path)
        return trees

    def _not_found(self, directive: Directive, pattern: str) -> None:
        if self._lookup.empty(pattern):
            self._targets.setdefault(id(directive), [])
        elif pattern.startswith("/") or self._inside:
            self._unknown(directive, f"{pattern} is not among the files")
        elif not self._lookup.certain:
            self._unknown(directive, f"the main file, to whose folder {pattern} is relative, is not known")
        else:
            self._unknown(directive, f"{pattern} does not exist")
            self.problems.append(self._missing(directive, pattern))

    def _missing(self, directive: Directive, pattern: str) -> Problem:
        disk = self.files.disk
        folder = disk.show(self._lookup.folders[0])
        hint = f"create {disk.show(self._lookup.folders[0] / pattern)}, or correct the path"
        beside = disk.absolute(directive.file.path).parent / pattern
        if disk.exists(beside):
            right = os.path.relpath(beside, self._lookup.folders[0])
            hint = f"write {PurePosixPath(right)}: the path counts from the main file's folder, not from this file's"
        what = "is a folder" if os.path.isdir(self._lookup.folders[0] / pattern) else "does not exist"
        return Problem("missing-include", f"{pattern} {what} in {folder}", directive.word_span(0), hint, what)

    def _in_dump(self, directive: Directive, pattern: str) -> list[NginxTree]:
        full = pattern if pattern.startswith("/") else str(PurePosixPath(self.tree.name).parent / pattern)
        if not is_glob(full):
            found = [self._dump[full]] if full in self._dump else []
        else:
            found = [tree for name, tree in sorted(self._dump.items()) if _matches(name, full)]
        if not found and (stock := stock_name(pattern)) is not None:
            found = [self.files.stock(stock)]
        elif not found and not is_glob(full):
            self._unknown(directive, f"{full} is not in the dump")
        elif not found:
            self._targets.setdefault(id(directive), [])
        return found

    def _unknown(self, directive: Directive, because: str) -> None:
        self.unresolved.append((directive, because))


def _matches(name: str, pattern: str) -> bool:
    """Whether glob(3) finds ``name`` by ``pattern``: a star stops at a slash."""
    return name.count("/") == pattern.count("/") and all(
        fnmatchcase(part, wanted) and part.startswith(".") <= wanted.startswith(".")
        for part, wanted in zip(name.split("/"), pattern.split("/"), strict=True)
    )


def _as_data(tree: NginxTree) -> None:
    """What a data block includes are entries, too."""
    for directive in tree.walk():
        directive.data = True
