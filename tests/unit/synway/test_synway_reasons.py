"""Reasons and causes, quirks, parts of digit strings, the descriptor."""

import importlib
import subprocess
import sys
from importlib.metadata import entry_points

import pytest

from boardd.contract.causes import TEXTS
from boardd.contract.driver import CONTRACT_VERSION
from boardd.contract.errors import ConfigurationError
from drivers.synway import DESCRIPTOR
from drivers.synway._errors import device_error, dial_failure, pending_reason, refusing_kb
from drivers.synway.media import split_digits
from drivers.synway.quirks import Quirks


@pytest.mark.parametrize("pending", range(78))
def test_every_pending_reason_has_a_known_cause_and_keeps_the_code(pending: int) -> None:
    reason = pending_reason(pending)
    assert reason.cause in TEXTS and reason.code == f"pending {pending}" and reason.text
    assert reason.origin in ("far", "card", "line")


def test_the_far_ends_cause_refines_a_far_release_only() -> None:
    assert pending_reason(12, 34).cause == 34 and "34" in pending_reason(12, 34).code
    assert pending_reason(12, 0).cause == 16
    assert pending_reason(16, 34).cause == 38
    assert pending_reason(12, 45).cause == 47  # not in Q.850: the class


@pytest.mark.parametrize(
    ("failure", "pending", "release", "cause"),
    [
        (117, 13, 0, 17),
        (101, 13, 0, 1),
        (66, 13, 21, 21),
        (66, 13, 0, 31),
        (50, 13, 0, 17),
        (26, 13, 0, 44),
        (0, 3, 0, 19),
        (0, 13, 28, 28),
        (44, 13, 0, 111),
        (999, 1, 0, 17),
    ],
)
def test_dial_failures(failure: int, pending: int, release: int, cause: int) -> None:
    assert dial_failure(failure, pending, release).cause == cause


def test_dual_seizure_is_glare() -> None:
    assert dial_failure(26, 13).origin == "glare"


@pytest.mark.parametrize(("cause", "kb"), [(17, 2), (21, 2), (1, 5), (28, 5), (42, 4), (34, 4), (99, 4), (127, 4)])
def test_refusing_kb(cause: int, kb: int) -> None:
    assert refusing_kb(cause) == kb


def test_device_errors_carry_the_makers_words() -> None:
    error = device_error("SsmPickup", -1, 14, "")
    assert error.data == {"function": "SsmPickup", "vendor_code": 14, "vendor_text": "", "result": -1}
    assert "operation failed" in error.message
    assert "another process" in device_error("SsmStartCti", -2, 0, "loaded").message


def test_quirks_are_parsed_and_checked() -> None:
    quirks = Quirks.parse("reconcile_ms=500, fxs_hangup=yes,conference=links")
    assert (quirks.reconcile_ms, quirks.fxs_hangup, quirks.conference) == (500, True, "links")
    assert Quirks.parse("") == Quirks()
    for bad in ("nothing=1", "reconcile_ms=soon", "fxs_hangup=maybe"):
        with pytest.raises(ConfigurationError):
            Quirks.parse(bad)


def test_digits_are_cut_at_pauses_and_limits() -> None:
    assert split_digits("12,34", 50) == ["12", ",", "34"]
    assert split_digits(",,1", 50) == [",", ",", "1"]
    assert split_digits("12345", 2) == ["12", "34", "5"]


def test_the_descriptor_is_found_and_loads_nothing() -> None:
    assert DESCRIPTOR.contract_version == CONTRACT_VERSION
    assert "drivers.synway:DESCRIPTOR" in {e.value for e in entry_points(group="boardd.drivers")}
    module, _, name = DESCRIPTOR.factory.partition(":")
    assert callable(getattr(importlib.import_module(module), name))
    code = "import sys, drivers.synway; sys.exit('cffi' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
