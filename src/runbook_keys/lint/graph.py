"""The decision tree as a graph: what can be reached, what can end, what is true on every path.

Steps are named by label. A label that stands twice means its first step, and an edge to a label that does not exist
leads nowhere: other rules say so, and no analysis here fails over it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from msgspec import Struct

from runbook_keys.model.runbook import Branch, End, Ending, GoTo, HandOff, RollBack, Runbook, Step, Target

Facts = frozenset[str]


class Edge(Struct, frozen=True):
    """One way from a step: by which branch, to a step or an ending, past which roll-back.

    `is_bounded` where a run takes it a limited number of times; `is_overflow` where it is what comes after the limit.
    """

    source: str
    branch: Branch
    leaf: GoTo | End | HandOff
    rolls_back: str | None = None
    is_bounded: bool = False
    is_overflow: bool = False

    @property
    def to(self) -> str | None:
        """The label of the step it leads to, None where the run ends."""
        return self.leaf.label if isinstance(self.leaf, GoTo) else None

    def ends_as(self, ending: Ending) -> bool:
        """True where it ends the run in this way."""
        return isinstance(self.leaf, End) and self.leaf.ending is ending


class Graph(Struct, frozen=True):
    """A runbook's steps by label in the order of the text, its edges, and where a run begins."""

    steps: dict[str, Step]
    edges: tuple[Edge, ...]
    first: str | None
    leaving: dict[str, tuple[Edge, ...]]
    arriving: dict[str, tuple[Edge, ...]]

    @property
    def reachable(self) -> Facts:
        """The labels that a run can come to."""
        return self.reachable_from([self.first] if self.first else [])

    def reachable_from(
        self, labels: Iterable[str], passes: Callable[[Edge], bool] = lambda _edge: True
    ) -> Facts:
        """The given labels and all that can be reached from them over edges that `passes` lets through."""
        seen = {label for label in labels if label in self.steps}
        waiting = list(seen)
        while waiting:
            for edge in self.leaving[waiting.pop()]:
                if edge.to in self.steps and edge.to not in seen and passes(edge):
                    seen.add(edge.to)
                    waiting.append(edge.to)
        return frozenset(seen)

    def able_to_end(self) -> Facts:
        """The labels from which some path ends. Unknown targets and steps without ways out count: others report them."""
        ends = [edge.source for edge in self.edges if edge.to is None or edge.to not in self.steps]
        seen = {*ends, *(label for label in self.steps if not self.leaving[label])}
        waiting = list(seen)
        while waiting:
            for edge in self.arriving[waiting.pop()]:
                if edge.source not in seen:
                    seen.add(edge.source)
                    waiting.append(edge.source)
        return frozenset(seen)

    def endless_edges(self) -> tuple[Edge, ...]:
        """The edges that lead back, in the order of the text, on a cycle that no bound breaks."""
        place = {label: number for number, label in enumerate(self.steps)}
        return tuple(
            edge
            for edge in self.edges
            if edge.to in place
            and place[edge.to] <= place[edge.source]
            and not edge.is_bounded
            and edge.source in self.reachable_from([edge.to], lambda each: not each.is_bounded)
        )

    def known_on_arrival(self, gives: Mapping[str, str]) -> dict[str, Facts]:
        """For each reachable label what every path to it has given; `gives` says what a step gives when it ran."""
        everything = frozenset(gives.values())
        known = dict.fromkeys(self.reachable, everything)
        if self.first is not None:
            known[self.first] = frozenset()
        waiting = list(known)
        while waiting:
            label = waiting.pop()
            after = known[label] | ({gives[label]} if label in gives else frozenset())
            for edge in self.leaving[label]:
                if edge.to in known and not known[edge.to] <= after:
                    known[edge.to] &= after
                    waiting.append(edge.to)
        return known


def graph_of(runbook: Runbook) -> Graph:
    """The graph of a runbook's steps."""
    steps: dict[str, Step] = {}
    for step in runbook.steps:
        steps.setdefault(step.label, step)
    edges = tuple(edge for step in steps.values() for edge in _edges(step))
    first = runbook.first_step
    return Graph(
        steps=steps,
        edges=edges,
        first=first.label if first else None,
        leaving=_grouped(steps, edges, lambda edge: edge.source),
        arriving=_grouped(steps, edges, lambda edge: edge.to),
    )


def _edges(step: Step) -> Iterator[Edge]:
    for branch in step.branches:
        yield _edge(step.label, branch, branch.target, is_bounded=branch.at_most is not None)
        if branch.then is not None:
            yield _edge(step.label, branch, branch.then, is_overflow=True)


def _edge(
    source: str, branch: Branch, target: Target, *, is_bounded: bool = False, is_overflow: bool = False
) -> Edge:
    if isinstance(target, RollBack):
        return Edge(source, branch, target.then, target.label, is_bounded, is_overflow)
    return Edge(source, branch, target, None, is_bounded, is_overflow)


def _grouped(
    steps: Iterable[str], edges: Iterable[Edge], key: Callable[[Edge], str | None]
) -> dict[str, tuple[Edge, ...]]:
    groups: dict[str, list[Edge]] = {label: [] for label in steps}
    for edge in edges:
        groups.get(key(edge) or "", []).append(edge)
    return {label: tuple(group) for label, group in groups.items()}
