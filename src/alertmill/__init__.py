"""Alertmill: a Wazuh-4-compatible log analysis daemon, built for AWS logs first."""

__version__ = "0.1.0"
