"""Child workflows, started the way their dispatch would start them."""

from collections.abc import Awaitable, Callable
from typing import Any, TypedDict, TypeVar

from temporalio import workflow
from temporalio.common import Priority, TypedSearchAttributes
from temporalio.exceptions import ChildWorkflowError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from lethe.model.operations import DispatchKind
    from lethe.model.workflow_ids import dispatch_id

from workflows import policies
from workflows.attributes import started

Input = TypeVar("Input")
Output = TypeVar("Output")

Run = Callable[[Any, Input], Awaitable[Output]]
"""A workflow, as the run method of its class."""


class ChildOptions(TypedDict):
    """What Temporal is told of a child besides its input."""

    id: str
    search_attributes: TypedSearchAttributes
    static_summary: str
    priority: Priority


def child_options(kind: DispatchKind, tenant_id: str, ref: str) -> ChildOptions:
    """The id, attributes and priority that every workflow of a kind has."""
    return ChildOptions(
        id=dispatch_id(kind, tenant_id, ref),
        search_attributes=started(tenant_id, kind.value, ref),
        static_summary=f"{kind.value} {ref}",
        priority=policies.priority_of(kind, tenant_id),
    )


async def run_alone(run: Run[Input, Output], value: Input, options: ChildOptions) -> None:
    """Run a child that fails alone: what comes after it comes all the same."""
    try:
        await workflow.execute_child_workflow(run, value, **options)
    except ChildWorkflowError as error:
        if is_cancelled_exception(error):
            raise
        workflow.logger.warning("a child workflow failed", extra={"workflow": options["id"]})
