"""The heartbeat timeout of this installation, in place of the one workflows name (workflows.policies.HEARTBEAT).

Workflows read no settings: in the sandbox they could not, and two workers might read different ones. The timeout is no
part of what a replay compares, so it may differ between workers and change while workflows run.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.worker import (
    Interceptor,
    StartActivityInput,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
    WorkflowOutboundInterceptor,
)


@dataclass(frozen=True)
class HeartbeatTimeout(Interceptor):
    """Gives it to every activity that has one."""

    timeout: timedelta

    def workflow_interceptor_class(self, input: WorkflowInterceptorClassInput) -> type[WorkflowInboundInterceptor]:
        timeout = self.timeout

        class Outbound(WorkflowOutboundInterceptor):
            def start_activity(self, input: StartActivityInput) -> workflow.ActivityHandle[Any]:
                if input.heartbeat_timeout is not None:
                    input.heartbeat_timeout = timeout
                return super().start_activity(input)

        class Inbound(WorkflowInboundInterceptor):
            def init(self, outbound: WorkflowOutboundInterceptor) -> None:
                super().init(Outbound(outbound))

        return Inbound
