"""Messages of click that a technician may see, so that our catalogue has them (`language.use` sends click there).

Both wordings are listed where click's versions differ. Nothing here is called.
"""

from __future__ import annotations

from boardd.contract.text import N_


def both(one: str, many: str) -> tuple[str, str]:
    """Mark singular and plural for the catalogue."""
    return one, many


TEXTS = (
    N_("Usage:"),
    N_("Options"),
    N_("Commands"),
    N_("Positional arguments"),
    N_("Error: {message}"),
    N_("Try '{command} {option}' for help."),
    N_("Show this message and exit."),
    N_("Show the version and exit."),
    N_("default: {default}"),
    N_("env var: {var}"),
    N_("required"),
    N_("Missing command."),
    N_("Missing argument"),
    N_("Missing option"),
    N_("Missing {param_type}"),
    N_("No such option {name!r}."),
    N_("No such option: {name}"),
    N_("No such command {name!r}."),
    N_("Invalid value: {message}"),
    N_("Invalid value for {param_hint}: {message}"),
    N_("Option {name!r} does not take a value."),
    N_("{value} is not in the range {range}."),
    N_("{value!r} is not a valid {number_type}."),
    N_("{name} {filename!r} is a directory."),
    N_("{name} {filename!r} does not exist."),
    N_("Could not open file {filename!r}: {message}"),
    N_("Aborted!"),
)

PLURAL_TEXTS = (
    both("Did you mean {possibility}?", "(Did you mean one of: {possibilities}?)"),
    both("(Possible options: {possibilities})", "(Possible options: {possibilities})"),
    both("Got unexpected extra argument ({args})", "Got unexpected extra arguments ({args})"),
    both("Option {name!r} requires an argument.", "Option {name!r} requires {nargs} arguments."),
    both("{value!r} is not {choice}.", "{value!r} is not one of {choices}."),
)
