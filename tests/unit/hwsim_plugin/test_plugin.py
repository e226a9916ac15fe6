"""The pytest plug-in as another project uses it: tests within a test."""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]

OPTIONS = ("-p", "no:cacheprovider", "-p", "no:randomly")


@pytest.fixture
def outside(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A project of somebody else; the plug-in comes by its entry point, or by name in a tree that is not installed."""
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    return pytester


def run(outside: pytest.Pytester, text: str) -> pytest.RunResult:
    outside.makepyfile(text)
    listed = outside.runpytest_subprocess("--fixtures", "-q")
    by_name = () if "simulated_site" in listed.stdout.str() else ("-p", "hwsim.pytest_plugin")
    return outside.runpytest_subprocess(*OPTIONS, *by_name)


def test_a_whole_site_in_one_line(outside: pytest.Pytester) -> None:
    done = run(
        outside,
        """
        def test_site(simulated_site):
            site = simulated_site("demo", calls=2, faults=[{"at_s": 1, "what": "noise", "where": "ana/1"}])
            done = site.finish()
            assert done.settled
            assert [c["records"] for c in done.contacts] == [1, 1]
            assert site.truth("fault", kind="noise") and done.of("call_answer")
            assert any(e["type"] == "call_connected" for e in done.events)
        """,
    )
    done.assert_outcomes(passed=1)


def test_only_the_machine_for_programs_of_ones_own(outside: pytest.Pytester) -> None:
    done = run(
        outside,
        """
        import subprocess, sys

        PROGRAM = (
            "import ctypes; lib = ctypes.CDLL('libshpa3.so'); "
            "assert lib.SsmStartCti(b'ShConfig.ini', b'ShIndex.ini') == 0; print(lib.SsmGetMaxCh()); lib.SsmCloseCti()"
        )

        def test_machine(simulated_site):
            site = {"machine": {"cards": [{"name": "ana", "model": "SHT-16D-CT/PCIe", "serial": 1, "ports": "OS"}]}}
            machine = simulated_site(site, boardd=False)
            done = subprocess.run(
                [sys.executable, "-c", PROGRAM],
                cwd=machine.config, env=machine.environment, capture_output=True, text=True, check=True,
            )
            assert done.stdout.strip() == "16"
            assert machine.ask("status")["now_us"] > 0
            assert machine.truth("library_attached")
            number = machine.fault("cut_pair", "ana/1")
            assert machine.truth("pair", line="ana/1")
            machine.ask("fault_end", fault=number)
        """,
    )
    done.assert_outcomes(passed=1)


def test_logs_of_a_failed_test_are_in_its_report(outside: pytest.Pytester) -> None:
    done = run(
        outside,
        """
        def test_fails(simulated_site):
            simulated_site("demo", calls=1)
            assert False
        """,
    )
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(["*simulated site in *", "*boardd.log*"])


def test_a_machine_alone_has_no_end(outside: pytest.Pytester) -> None:
    done = run(
        outside,
        """
        import pytest
        from boardd.contract.errors import ConfigurationError

        def test_refused(simulated_site):
            with pytest.raises(ConfigurationError, match="needs boardd"):
                simulated_site({"machine": {"cards": []}}, boardd=False).finish()
        """,
    )
    done.assert_outcomes(passed=1)
