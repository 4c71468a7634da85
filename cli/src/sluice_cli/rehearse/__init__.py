"""`sluice rehearse`: what a policy would do, before anybody depends on it."""

from sluice_cli.rehearse.command import register

__all__ = ["register"]
