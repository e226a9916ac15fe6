"""What people install: the wheel, built from a clean tree, in an environment that knows nothing of the checkout."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TIMEOUT_S = 110


def run(*command, cwd, env=None, status=0):
    clean = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV", "HWSIM_DIR")}
    done = subprocess.run(
        [str(c) for c in command],
        cwd=cwd,
        env={**clean, "LC_ALL": "C.UTF-8", **(env or {})},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert done.returncode == status, f"{command} = {done.returncode}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Built from the files that git knows, so that nothing comes from an earlier build."""
    tree, out = tmp_path_factory.mktemp("tree"), tmp_path_factory.mktemp("wheel")
    listing = ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    for name in run(*listing, cwd=ROOT).stdout.split("\0"):
        if name and (ROOT / name).is_file():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, tree / name)
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", out, tree, cwd=out)
    (built,) = out.glob("*.whl")
    return built


def install(wheel, folder, *, download):
    """A fresh environment with the wheel; its dependencies are downloaded, or those of the tests are linked in."""
    run(sys.executable, "-m", "venv", folder, cwd=folder.parent)
    python = folder / "bin" / "python"
    options = [] if download else ["--no-deps", "--no-index"]
    run(python, "-m", "pip", "install", "-q", "--disable-pip-version-check", *options, wheel, cwd=folder)
    if not download:
        # Path files inside a linked folder are not read, so the tests' editable install stays out.
        (place,) = (folder / "lib").glob("python*/site-packages")
        (place / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module", params=["linked", pytest.param("downloaded", marks=pytest.mark.deep)])
def place(request, wheel, tmp_path_factory):
    return install(wheel, tmp_path_factory.mktemp("env") / "venv", download=request.param == "downloaded")


def test_everything_that_is_read_at_run_time_is_in_the_wheel(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    wanted = {
        "hwsim/core/libhwcore.so",
        "hwsim/core/hwcore.h",
        "hwsim/vendorlibs/synway/libshpa3.so",
        "hwsim/vendorlibs/synway/layout2007/libshpa3.so",
        "boardd/py.typed",
    }
    for pattern, base in {
        "drivers/*/decl/*.h": ROOT,
        "hwsim/scenarios/*.yaml": ROOT,
        "hwsim/scenarios/*/*.ini": ROOT,
        "hwsim/sounds/*.wav": ROOT,
        "boardd/scheduler/prompts/*/*.wav": ROOT,
        "boardd/locale/*/LC_MESSAGES/*.po": ROOT,
    }.items():
        found = {str(path.relative_to(base)) for path in base.glob(pattern)}
        assert found, pattern
        wanted |= found
    wanted |= {name.removesuffix("po") + "mo" for name in wanted if name.endswith(".po")}
    wanted |= {f"hwsim/scenarios/demo/{path.name}" for path in (ROOT / "config" / "demo").iterdir()}
    assert wanted - names == set()


def test_nothing_else_is_in_the_wheel(wheel):
    tops = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    (info,) = (top for top in tops if top.endswith(".dist-info"))
    assert tops == {"boardd", "drivers", "hwsim", info}
    odd = [n for n in zipfile.ZipFile(wheel).namelist() if n.endswith((".c", ".pyc", ".o")) or "/tests/" in n]
    assert odd == []


def test_commands_and_drivers_are_found(place, tmp_path):
    for command in ("boardd", "boardctl", "hwsim"):
        shown = run(place / "bin" / command, "--version", cwd=tmp_path).stdout
        assert command in shown and "0.1.0" in shown
    code = "import boardd, hwsim; from boardd.host.plugin import find_driver; print(find_driver('synway').__class__, "
    code += "boardd.__file__, hwsim.__file__)"
    shown = run(place / "bin" / "python", "-c", code, cwd=tmp_path).stdout
    assert shown.count(str(place)) == 2 and str(ROOT) not in shown


def test_messages_speak_chinese(place, tmp_path):
    shown = run(place / "bin" / "hwsim", "--lang", "zh_CN", "lib", "nobody", cwd=tmp_path, status=1).stderr
    assert any("\u4e00" <= letter <= "\u9fff" for letter in shown), shown


def test_the_simulated_library_loads_and_links(place, tmp_path):
    path = run(place / "bin" / "hwsim", "lib", "synway", cwd=tmp_path).stdout.strip()
    assert path.startswith(str(place))
    folder = run(place / "bin" / "hwsim", "lib", "synway", "--folder", cwd=tmp_path).stdout.strip()
    (tmp_path / "p.c").write_text("int SsmGetMaxCh(void); int main(void) { return SsmGetMaxCh() == -1 ? 0 : 1; }\n")
    run("gcc", "p.c", "-o", "p", f"-L{folder}", "-lshpa3", cwd=tmp_path)
    run("./p", cwd=tmp_path, env={"LD_LIBRARY_PATH": folder, "HWSIM_DIR": str(tmp_path)})


def test_the_demo_runs_from_an_unrelated_folder(place, tmp_path):
    command = ("demo", "--calls", "2", "--speed", "max", "--plain", "--dir", tmp_path / "d", "--json", tmp_path / "o")
    run(place / "bin" / "hwsim", *command, cwd=tmp_path)
    result = json.loads((tmp_path / "o").read_text(encoding="utf-8"))
    assert len(result["contacts"]) == 2
    assert all(contact["agent"] for contact in result["contacts"])
    assert len(list((tmp_path / "d" / "recordings").rglob("*.wav"))) == 2


@pytest.mark.deep
def test_the_plug_in_in_a_project_of_its_own(place, tmp_path):
    (tmp_path / "test_mine.py").write_text(
        "def test_caller_reaches_an_agent(simulated_site):\n"
        "    done = simulated_site('demo', calls=1).finish()\n"
        "    assert done.settled and len(done.contacts) == 1\n",
        encoding="utf-8",
    )
    if not list(place.glob("lib/python*/site-packages/dependencies.pth")):
        run(
            place / "bin" / "python",
            "-m",
            "pip",
            "install",
            "-q",
            "--disable-pip-version-check",
            "pytest",
            cwd=tmp_path,
        )
    assert "1 passed" in run(place / "bin" / "python", "-m", "pytest", "-q", "test_mine.py", cwd=tmp_path).stdout
