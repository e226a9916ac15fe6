"""Finds the driver of a domain among the installed ones (entry points `boardd.drivers`) and makes it."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from importlib.metadata import entry_points
from typing import Any, cast

from boardd.config.site import Site
from boardd.contract.driver import CONTRACT_VERSION, BoardNaming, DomainDriver, DriverDescriptor, EventSink
from boardd.contract.errors import ConfigurationError
from boardd.contract.text import _

ENTRY_POINTS = "boardd.drivers"
Factory = Callable[[Mapping[str, str], BoardNaming, EventSink, Mapping[str, Any]], DomainDriver]


def find_driver(name: str) -> DriverDescriptor:
    """The descriptor of driver `name`. Raises ConfigurationError: not installed, cannot be read, wrong contract."""
    found = {entry.name: entry for entry in entry_points(group=ENTRY_POINTS)}
    entry = found.get(name)
    if entry is None:
        known = ", ".join(sorted(found)) or "-"
        raise ConfigurationError(
            _("no driver {name} is installed; there are: {known}").format(name=name, known=known), driver=name
        )
    try:
        descriptor = entry.load()
    except Exception as error:
        raise ConfigurationError(
            _("driver {name} ({where}) cannot be read: {error}").format(name=name, where=entry.value, error=error),
            driver=name,
        ) from error
    if not isinstance(descriptor, DriverDescriptor) or descriptor.contract_version != CONTRACT_VERSION:
        theirs = getattr(descriptor, "contract_version", "?")
        text = _("driver {name} ({where}) is made for contract version {theirs}; this is {ours}")
        raise ConfigurationError(
            text.format(name=name, where=entry.value, theirs=theirs, ours=CONTRACT_VERSION), driver=name
        )
    return descriptor


def make_driver(descriptor: DriverDescriptor, domain: str, site: Site, sink: EventSink) -> DomainDriver:
    """The driver of a domain, not started. Raises ConfigurationError: unknown settings, factory missing."""
    settings = site.domains[domain].settings
    unknown = sorted(set(settings) - set(descriptor.settings_schema))
    if unknown:
        known = ", ".join(sorted(descriptor.settings_schema)) or "-"
        text = _("domains.{domain}.settings: driver {name} does not know {unknown}; it knows {known}")
        raise ConfigurationError(
            text.format(domain=domain, name=descriptor.name, unknown=", ".join(unknown), known=known), domain=domain
        )
    module, _colon, attribute = descriptor.factory.partition(":")
    try:
        factory = cast(Factory, getattr(importlib.import_module(module), attribute))
    except (ImportError, AttributeError) as error:
        text = _("driver {name}: {factory} cannot be imported: {error}")
        raise ConfigurationError(
            text.format(name=descriptor.name, factory=descriptor.factory, error=error), driver=descriptor.name
        ) from error
    usual = {key: value for key, value in _deadlines(site, domain).items() if key in descriptor.settings_schema}
    naming = BoardNaming(site.board_names(domain), elsewhere=site.boards_elsewhere(domain))
    return factory({**usual, **settings}, naming, sink, site.channels)


def _deadlines(site: Site, domain: str) -> dict[str, str]:
    """The domain's deadlines as settings; a driver takes those it declares, its own settings win."""
    deadlines = site.domains[domain].deadlines
    return {
        "command_ms": str(deadlines.command_ms),
        "file_ms": str(deadlines.file_ms),
        "start_stop_ms": str(deadlines.start_stop_ms),
    }
