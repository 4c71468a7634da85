"""`sluice demo`: three candidates, one stream of users, and who earned what."""

from sluice_cli.demo.command import register

__all__ = ["register"]
