"""`lethe doctor`."""

from cli.errors import Exit
from cli.output import Output
from cli.stack.checks import Check, Level, run_all, summary
from lethe.settings import load_settings


def doctor(output: Output) -> Exit:
    """Print every check; FAILED if one of them fails. Settings that cannot be read are a failed check too."""
    try:
        checks = list(run_all(load_settings()))
    except ValueError as error:
        checks = [Check("settings", Level.FAIL, str(error), "correct them in the environment or in .env")]
    failed = any(check.level is Level.FAIL for check in checks)
    output.show({"healthy": not failed, "checks": [check.as_json() for check in checks]}, summary(checks))
    return Exit.FAILED if failed else Exit.OK
