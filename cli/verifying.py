"""`lethe verify-erasure`: the verifier takes its arguments itself, as it does where nothing of ours is installed."""

import typer


def add_to(app: typer.Typer) -> None:
    @app.command(
        "verify-erasure",
        context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
        add_help_option=False,
    )
    def verify_erasure(given: typer.Context) -> None:
        """Check a certificate of erasure, offline: FILE --log-key KEY; --help says more."""
        from cli import verify_erasure as verifier  # noqa: PLC0415 - as all commands: `lethe --help` comes at once

        raise typer.Exit(verifier.main(given.args))
