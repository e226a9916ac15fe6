"""Typed configuration: one strict YAML loader, one schema, defaults in one place."""
