"""The core: standards and rules, pure. No clock, no disk, no network, no settings."""
