"""`sluice doctor`: what of an installation is missing or ill, and the command that comes next."""

from sluice_cli.doctor.command import register

__all__ = ["register"]
