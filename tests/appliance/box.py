"""A Debian machine in a container: systemd as its first process, the built wheel installed, a simulated site beside it.

The base system is made once with mmdebstrap and kept under $XDG_CACHE_HOME (or ~/.cache)/boardd-tests.
"""

import contextlib
import os
import shlex
import shutil
import signal
import subprocess
import sys
import threading
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
SUITE = {(3, 11): "bookworm", (3, 13): "trixie"}
PACKAGES = "systemd,systemd-sysv,dbus,python3"
BASE_VERSION = 1
VENV = "opt/boardd"
OWN_ROOTS = ("sys", "proc", "dev")

SIMULATOR_UNIT = """\
[Unit]
Description=simulated cards, lines and people
# Cards are there before anybody looks for them.
Before=boardd-host@synway.service

[Service]
ExecStart=/usr/local/bin/hwsim serve /etc/boardd/site.yaml --dir /run/hwsim --seed 7
ExecStartPost=/bin/sh -c 'until test -S /run/hwsim/synway.sock; do sleep 0.05; done'
User=boardd
RuntimeDirectory=hwsim
Restart=always

[Install]
WantedBy=multi-user.target
"""

LAUNCHER = """\
#!/{venv}/bin/python3
import sys
from {module} import main
sys.exit(main())
"""


def suite():
    """The Debian release whose Python has the ABI of the packages that are installed here, or None."""
    return SUITE.get(sys.version_info[:2])


def base_image():
    """The tar of the base system, made when it is not there yet."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "boardd-tests"
    cache.mkdir(parents=True, exist_ok=True)
    image = cache / f"appliance-{suite()}-{BASE_VERSION}.tar"
    if not image.exists():
        new = image.with_suffix(".new.tar")
        command = ["mmdebstrap", "--quiet", "--variant=minbase", f"--include={PACKAGES}", suite(), str(new)]
        subprocess.run(command, check=True, timeout=600, capture_output=True)
        new.replace(image)
    return image


def closure(name):
    """The installed distributions that a distribution needs, itself left out."""
    found, pending = {}, [name]
    while pending:
        distribution = metadata.distribution(pending.pop())
        for text in distribution.requires or ():
            need = Requirement(text)
            key = need.name.lower().replace("_", "-")
            if key in found or (need.marker is not None and not need.marker.evaluate({"extra": ""})):
                continue
            found[key] = metadata.distribution(need.name)
            pending.append(need.name)
    return list(found.values())


def project_requirements():
    """Distributions that boardd needs, from pyproject.toml; boardd itself need not be installed."""
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    found = {}
    for text in project["dependencies"]:
        name = Requirement(text).name
        found[name] = metadata.distribution(name)
        found.update({need.metadata["Name"]: need for need in closure(name)})
    return list(found.values())


def install_venv(root, folder):
    """A virtual environment with the built wheel and its dependencies, as `pip install` would leave it."""
    venv = root / VENV
    site = venv / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"
    site.mkdir(parents=True)
    (venv / "bin").mkdir()
    (venv / "bin" / "python3").symlink_to("/usr/bin/python3")
    (venv / "pyvenv.cfg").write_text("home = /usr/bin\ninclude-system-site-packages = false\n")
    for distribution in project_requirements():
        for file in distribution.files or ():
            if ".." not in file.parts and file.suffix != ".pyc":
                target = site / file
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(distribution.locate_file(file), target)
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    build = [*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(ROOT)]
    subprocess.run(build, check=True, timeout=300, capture_output=True)
    (wheel,) = folder.glob("boardd-*.whl")
    shutil.unpack_archive(wheel, site, format="zip")
    for command, module in (
        ("boardd", "boardd.__main__"),
        ("boardctl", "boardd.cli.main"),
        ("hwsim", "hwsim.cli.main"),
    ):
        script = root / "usr" / "local" / "bin" / command
        script.write_text(LAUNCHER.format(venv=VENV, module=module))
        script.chmod(0o755)
    return site


def install_site(root, site):
    """Units, users, the demo's configuration at its place on an appliance, the simulator as one more unit."""
    units = root / "etc" / "systemd" / "system"
    for path in (ROOT / "systemd").glob("*.service"):
        shutil.copy(path, units)
    shutil.copy(ROOT / "systemd" / "boardd.target", units)
    shutil.copy(ROOT / "systemd" / "boardd.sysusers", root / "usr" / "lib" / "sysusers.d" / "boardd.conf")
    shutil.copy(ROOT / "systemd" / "boardd.tmpfiles", root / "usr" / "lib" / "tmpfiles.d" / "boardd.conf")
    (units / "hwsim.service").write_text(SIMULATOR_UNIT)
    etc = root / "etc" / "boardd"
    etc.mkdir()
    library = "/" + str((site / "hwsim/vendorlibs/synway/libshpa3.so").relative_to(root))
    text = (ROOT / "config" / "demo" / "boardd.yaml").read_text()
    for old, new in (
        ("${BOARDD_DEMO}/run", "/run/boardd"),
        ("${BOARDD_DEMO}/state", "/var/lib/boardd"),
        ("${BOARDD_DEMO}/recordings", "/var/lib/boardd/recordings"),
        ("${BOARDD_DEMO_LIBRARY}", library),
        ("${BOARDD_DEMO}", "/etc/boardd"),
    ):
        text = text.replace(old, new)
    (etc / "boardd.yaml").write_text(text)
    for name in ("scheduler.yaml", "ShConfig.ini", "ShIndex.ini"):
        shutil.copy(ROOT / "config" / "demo" / name, etc / name)
    scenario = (ROOT / "hwsim" / "scenarios" / "demo.yaml").read_text()
    (etc / "site.yaml").write_text(scenario)
    wanted = units / "multi-user.target.wants"
    wanted.mkdir(exist_ok=True)
    for unit, file in (
        ("hwsim.service", "hwsim.service"),
        ("boardd.target", "boardd.target"),
        ("boardd.service", "boardd.service"),
        ("boardd-scheduler.service", "boardd-scheduler.service"),
        ("boardd-host@synway.service", "boardd-host@.service"),
    ):
        (wanted / unit).symlink_to(f"/etc/systemd/system/{file}")


_PAUSE = threading.Event()


def _children(pid):
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return []


class Box:
    """The machine. `boot`, then `run` commands in it; `cut_power` ends it without a word."""

    def __init__(self, root):
        self.root = root
        self._container = None
        self._leader = None

    @classmethod
    def install(cls, folder):
        """A machine on disk under `folder`."""
        root = folder / "root"
        root.mkdir()
        skipped = [f"--exclude=./{name}/*" for name in OWN_ROOTS]
        subprocess.run(["tar", "-C", str(root), *skipped, "-xf", str(base_image())], check=True, timeout=300)
        site = install_venv(root, folder)
        install_site(root, site)
        return cls(root)

    def boot(self):
        """Start it, and wait until every job of the start is done."""
        command = ["systemd-nspawn", "--register=no", "--keep-unit", "--quiet", "-D", str(self.root)]
        with (self.root.parent / "console.log").open("ab") as console:
            self._container = subprocess.Popen(
                [*command, "--boot", "--console=pipe"],
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        while (leader := self._first_process()) is None:
            if self._container.poll() is not None:
                raise RuntimeError((self.root.parent / "console.log").read_text())
            _PAUSE.wait(0.02)
        self._leader = leader
        self.until("systemctl is-system-running | grep -Eq 'running|degraded'")

    def _first_process(self):
        """The container's process 1, once its systemd listens; None before that."""
        for pid in _children(self._container.pid):
            with contextlib.suppress(OSError):
                inner = Path(f"/proc/{pid}/status").read_text().split("NSpid:")[1].split("\n")[0].split()[-1]
                if inner == "1" and Path(f"/proc/{pid}/root/run/systemd/private").is_socket():
                    return pid
        return None

    def run(self, command, *, check=True, timeout=60):
        """A shell command inside; the finished process."""
        enter = [
            "nsenter",
            "--target",
            self._leader,
            "--all",
            "--wdns=/",
            "env",
            "-i",
            "PATH=/usr/local/bin:/usr/bin:/bin",
        ]
        done = subprocess.run([*enter, "sh", "-c", command], capture_output=True, text=True, timeout=timeout)
        if check and done.returncode:
            raise AssertionError(f"{command}: {done.returncode}\n{done.stdout}{done.stderr}\n{self.journal_tail()}")
        return done

    def until(self, condition, limit_s=45):
        """Wait inside until a shell condition holds."""
        loop = f"until {condition} >/dev/null 2>&1; do sleep 0.05; done"
        self.run(f"timeout {limit_s} sh -c {shlex.quote(loop)}", timeout=limit_s + 15)

    def show(self, unit, *names):
        """Properties of a unit, as systemd tells them."""
        out = self.run(f"systemctl show -p {','.join(names)} '{unit}'").stdout
        return dict(line.split("=", 1) for line in out.splitlines())

    def journal_tail(self):
        """What the machine said last."""
        enter = ["nsenter", "--target", self._leader, "--all", "journalctl", "--no-pager", "-n", "40"]
        return subprocess.run(enter, capture_output=True, text=True, timeout=20, check=False).stdout

    def cut_power(self):
        """Everything inside is gone at once."""
        if self._container is not None and self._container.poll() is None:
            for pid in _children(self._container.pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(pid), signal.SIGKILL)
            self._container.wait(20)
        self._container = None
