"""Runs one command in the guest: what it may use goes in as a tar, what it leaves in `out` comes back."""

import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path

import vm_image as image
import vm_kernel as kernel

MEMORY_MB = 1024
RESULT_MB = 16
BOOT_S = 120
QEMU = ["qemu-system-x86_64", "-M", "q35", "-accel", "tcg", "-cpu", "max", "-smp", "1", "-m", str(MEMORY_MB)]
BARE = ["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-net", "none", "-serial", "stdio"]
OWN_TIME = ["-icount", "shift=0,sleep=off"]
"""One nanosecond an instruction, and not less: boardd and its far ends together are too slow for their sound so."""
OWN_CLOCK = "tsc_early_khz=4000000"
"""The guest is told that its counter, which counts those nanoseconds, has 4 GHz: its seconds are four times as long, it
does four instructions in each of its nanoseconds. Timers of other counters come early; the kernel sets them again."""
COMMAND_LINE = "console=ttyS0 quiet panic=-1 mitigations=off random.trust_cpu=on tsc=reliable"


@dataclass
class Result:
    """What a run left: exit status, what it printed, everything in `out` by name, the machine's console."""

    status: int
    stdout: str
    stderr: str
    files: dict
    console: str


def run(folder, command, files, limit_s=240, *, own_time=False, host_limit_s=None):
    """Boot, unpack `files` (name → path or bytes), run `command` there with sh, `limit_s` at most, bring `out` back.

    `own_time`: the guest's clock counts instructions, so nothing is late there however slow and busy this machine is;
    idle time passes at once. `limit_s` is then the guest's, `host_limit_s` ours.
    """
    folder = Path(folder)
    job, result = folder / "job.tar", folder / "result.img"
    with tarfile.open(job, "w") as tar:
        script = {"command": f"set -e\n{command}\n".encode(), "run": f"timeout -k 5 {limit_s} sh ./command\n".encode()}
        for name, source in {**files, **script}.items():
            path = folder / "part"
            if isinstance(source, bytes):
                path.write_bytes(source)
                source = path
            tar.add(source, arcname=name)
    with job.open("ab") as file:
        file.truncate((job.stat().st_size + 511) // 512 * 512)
    with result.open("wb") as file:
        file.truncate(RESULT_MB << 20)
    made = kernel.kernel()
    drives = [
        f"file={image.image() / 'root.img'},format=raw,if=virtio,snapshot=on",
        f"file={job},format=raw,if=virtio,readonly=on",
        f"file={result},format=raw,if=virtio",
    ]
    line = f"{COMMAND_LINE} {OWN_CLOCK}" if own_time else COMMAND_LINE
    boot = ["-kernel", str(made / "vmlinuz"), "-initrd", str(made / "initrd.cpio"), "-append", line]
    qemu = [*QEMU, *BARE, *boot, *(part for drive in drives for part in ("-drive", drive))]
    if own_time:
        qemu += OWN_TIME
    return _read(result, _boot(qemu, folder / "console", host_limit_s or limit_s + BOOT_S))


def _boot(qemu, file, most_s):
    """Until the guest has ended; what was on its console."""
    try:
        with file.open("wb") as console:
            subprocess.run(
                qemu, stdin=subprocess.DEVNULL, stdout=console, stderr=subprocess.STDOUT, timeout=most_s, check=False
            )
    except subprocess.TimeoutExpired:
        raise RuntimeError(f"the guest did not end within {most_s} s; its console:\n{_text(file)[-3000:]}") from None
    return _text(file)


def _text(file):
    return file.read_bytes().decode("utf-8", "replace")


def _read(path, console):
    try:
        with tarfile.open(path) as tar:
            members = [member for member in tar if member.isfile()]
            files = {member.name.removeprefix("./"): tar.extractfile(member).read() for member in members}
    except tarfile.TarError as error:
        raise RuntimeError(f"the guest left nothing; its console:\n{console[-3000:]}") from error
    texts = {name: files.pop(name, b"").decode("utf-8", "replace") for name in ("stdout", "stderr", "status")}
    return Result(int(texts["status"] or -1), texts["stdout"], texts["stderr"], files, console)
