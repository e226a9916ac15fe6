"""Debian's cloud kernel with the real DAHDI core and local spans, built from its headers and `dahdi-source`.

Made once and kept under the cache of the tests, in a folder named by what it was made from:

    vmlinuz       the kernel
    initrd.cpio   busybox and the drivers of the disk, nothing else
    modules       /lib/modules of this kernel with DAHDI in it, as a tar
    layout.json   request numbers, sizes and offsets by the header that belongs to the modules (`probe.c`)
"""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent
SUITE = "bookworm"
PACKAGES = "linux-image-cloud-amd64,linux-headers-cloud-amd64,dahdi-source,gcc,libc6-dev,make,bzip2,xz-utils,kmod,cpio"
MODULES = "dahdi.ko dahdi_dynamic.ko dahdi_dynamic_loc.ko dahdi_echocan_mg2.ko"
DISK_MODULES = ("virtio_ring", "virtio", "virtio_pci_modern_dev", "virtio_pci_legacy_dev", "virtio_pci", "virtio_blk")
"""In the order in which they are loaded; ext4 is built into the kernel."""
KEPT = ("kernel/drivers/virtio", "kernel/drivers/block/virtio_blk.ko", "kernel/lib", "kernel/net", "dahdi")

FIRST_INIT = """\
#!/bin/busybox sh
/bin/busybox mount -t devtmpfs dev /dev
for module in {modules}; do /bin/busybox insmod /$module.ko; done
while ! [ -b /dev/vda ]; do /bin/busybox usleep 10000; done
/bin/busybox mount -t ext4 /dev/vda /root
/bin/busybox mount -o move /dev /root/dev
exec /bin/busybox switch_root /root /vm/init
"""


def cache():
    """Where images are kept."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "boardd-tests"


def stamp(*files):
    """A name for what these files make."""
    return hashlib.sha256(b"".join((HERE / name).read_bytes() for name in files)).hexdigest()[:12]


def kernel():
    """The folder with kernel and modules, made when it is not there yet (two minutes, a gigabyte meanwhile)."""
    return made(f"vm-kernel-{SUITE}-{stamp('vm_kernel.py', 'probe.c')}", _make)


def made(name, make):
    """The folder `name` of the cache; `make(folder)` fills it when it is new."""
    folder, new = cache() / name, cache() / f"{name}.new"
    cache().mkdir(parents=True, exist_ok=True)
    with (cache() / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if folder.exists():
            return folder
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir()
        try:
            make(new)
        finally:
            shutil.rmtree(new / "tree", ignore_errors=True)
        new.rename(folder)
    return folder


def debootstrap(tree, packages, variant):
    """A Debian system with these packages, without papers."""
    lean = [f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in ("doc", "man", "locale", "info")]
    run("mmdebstrap", "--quiet", f"--variant={variant}", *lean, f"--include={packages}", SUITE, str(tree))


def run(*command, **more):
    """Run a command; what it said is in the error."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=1800, check=False, **more)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command[:3])} …: {done.stderr[-3000:]}")
    return done.stdout


def _make(new):
    tree = new / "tree"
    debootstrap(tree, PACKAGES, "apt")
    version = next((tree / "lib/modules").iterdir()).name
    _build_modules(tree, version)
    shutil.copy(tree / f"boot/vmlinuz-{version}", new / "vmlinuz")
    (new / "layout.json").write_text(_probe(tree))
    json.loads((new / "layout.json").read_text())
    modules = tree / "lib/modules" / version
    _initrd(new, tree, modules)
    kept = [name for name in (*KEPT, "modules.order", "modules.builtin") if (modules / name).exists()]
    run("tar", "cf", str(new / "modules"), "-C", str(tree / "lib/modules"), *(f"{version}/{name}" for name in kept))


def _build_modules(tree, version):
    """The core of DAHDI and its local spans, built as `make` of the source package does, cards left out."""
    script = f"""
        set -e
        cd /usr/src && tar xf dahdi.tar.bz2 && cd modules/dahdi
        [ -e include/dahdi/version.h ] || make include/dahdi/version.h
        make -j2 -C /lib/modules/{version}/build M=$PWD/drivers/dahdi DAHDI_INCLUDE=$PWD/include \
             DAHDI_MODULES_EXTRA=" " HOTPLUG_FIRMWARE=yes DAHDI_BUILD_ALL=m {MODULES}
        mkdir -p /lib/modules/{version}/dahdi
        cp drivers/dahdi/*.ko /lib/modules/{version}/dahdi/
    """
    run("chroot", str(tree), "/bin/sh", "-c", script)


def _probe(tree):
    shutil.copy(HERE / "probe.c", tree / "tmp/probe.c")
    include = "/usr/src/modules/dahdi/include"
    run("chroot", str(tree), "gcc", "-I", include, "-o", "/tmp/probe", "/tmp/probe.c")
    return run("chroot", str(tree), "/tmp/probe")


def _initrd(new, tree, modules):
    first = tree / "first"
    for folder in ("bin", "dev", "root"):
        (first / folder).mkdir(parents=True)
    shutil.copy("/bin/busybox", first / "bin/busybox")
    for name in DISK_MODULES:
        found = sorted(modules.rglob(f"{name}.ko"))
        if found:  # Else it is built into this kernel.
            shutil.copy(found[0], first / f"{name}.ko")
    here = [name for name in DISK_MODULES if (first / f"{name}.ko").exists()]
    (first / "init").write_text(FIRST_INIT.format(modules=" ".join(here)))
    (first / "init").chmod(0o755)
    names = "\n".join(sorted(str(path.relative_to(first)) for path in first.rglob("*")))
    with (new / "initrd.cpio").open("wb") as file:
        subprocess.run(
            ["cpio", "--quiet", "-o", "-H", "newc"], cwd=first, input=names.encode(), stdout=file, check=True
        )
