"""The Django site that puts the rooms together: settings, addresses and the ASGI entry."""

__version__ = "0.1.0"
