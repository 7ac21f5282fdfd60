"""What ends a command: a sentence, what to do about it, and the exit code."""

from enum import IntEnum


class Exit(IntEnum):
    """The exit codes of `lethe`."""

    OK = 0
    FAILED = 1
    USAGE = 2
    UNREACHABLE = 3
    SOME_FAILED = 4
    UNFINISHED = 5


class CommandError(Exception):
    """Shown as `message`, then `advice` and the API's `request_id` on lines of their own; never with a stack trace."""

    def __init__(self, message: str, *, advice: str = "", request_id: str = "", exit_code: Exit = Exit.FAILED) -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice
        self.request_id = request_id
        self.exit_code = exit_code
