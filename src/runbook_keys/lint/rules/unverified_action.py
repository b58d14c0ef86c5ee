"""After an action a run can end RESOLVED without a verification."""

from __future__ import annotations

from collections.abc import Iterator

from runbook_keys.lint.fault import Fault
from runbook_keys.lint.graph import Edge, Graph
from runbook_keys.lint.material import Material
from runbook_keys.model.finding import Level
from runbook_keys.model.runbook import Ending, StepKind

NAME = "unverified-action"
LEVEL = Level.ERROR


def find(material: Material) -> Iterator[Fault]:
    """Each way out that ends RESOLVED and can be reached from an action past every verification."""
    graph = material.graph
    actions = [label for label, step in graph.steps.items() if step.kind.is_changing]
    reached = {
        label: graph.reachable_from([label], lambda edge: not _verifies(graph, edge)) for label in actions
    }
    for edge in graph.edges:
        before = [label for label in actions if edge.source in reached[label]]
        if (
            edge.ends_as(Ending.RESOLVED)
            and before
            and graph.steps[edge.source].kind is not StepKind.VERIFICATION
        ):
            reason = f'In step {edge.source}, "{edge.branch.words}" ends RESOLVED, and {_listed(before)} was not verified.'
            yield Fault(edge.branch.line, reason, "Lead it to a verification in section 7.")


def _verifies(graph: Graph, edge: Edge) -> bool:
    step = graph.steps.get(edge.to or "")
    return step is not None and step.kind is StepKind.VERIFICATION


def _listed(labels: list[str]) -> str:
    return labels[0] if len(labels) == 1 else f"{', '.join(labels[:-1])} or {labels[-1]}"
