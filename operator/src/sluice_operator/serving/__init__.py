"""Engines that run revisions and divide traffic."""
