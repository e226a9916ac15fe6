"""What boardd.yaml needs for the DAHDI cards of a scenario: a domain of their own, names, groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from boardd.config.yamlfile import ConfigProblemsError
from hwsim.vendorlibs.dahdi.cards import CardPlan, CardSignalling
from hwsim.vendorlibs.dahdi.models import model
from hwsim.vendorlibs.dahdi.site import card_plan

if TYPE_CHECKING:
    from hwsim.scenario.file import Scenario

LIBRARY = "${BOARDD_DEMO_DAHDI}"
KINDS = {CardSignalling.PRI_USER: "pri_cpe", CardSignalling.PRI_NET: "pri_net", CardSignalling.R2: "r2"}
"""The driver's words for an E1's signalling."""


def dahdi_cards(scenario: Scenario) -> list[CardPlan]:
    """The scenario's cards of this family, in order."""
    found = []
    for number, node in enumerate(scenario.cards):
        entry = node.plain()
        known = model(str(entry.get("model", ""))) if isinstance(entry, dict) else None
        if known is None:
            continue
        try:
            found.append(card_plan(node, known, number))
        except ConfigProblemsError:
            continue  # building the machine refuses it, with file and line
    return found


def dahdi_domain(cards: list[CardPlan]) -> dict[str, Any]:
    """The section of the domain."""
    spans = [
        f"{card.name}/{number}={KINDS[span.signalling]}" for card in cards for number, span in enumerate(card.spans, 1)
    ]
    return {"driver": "dahdi", "settings": {"library": LIBRARY, **({"spans": ", ".join(spans)} if spans else {})}}
