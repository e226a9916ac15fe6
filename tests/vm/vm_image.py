"""The guest that the real DAHDI modules run in: Debian's Python and the telephony libraries, on an ext4 image.

Made once and kept beside the kernel; runs do not change it.
"""

import shutil

import vm_kernel as kernel

PACKAGES = "python3,python3-cffi,kmod,libpri1.4,libopenr2-3,libspandsp2"
SIZE = "700M"


def image():
    """The folder with root.img, made when it is not there yet (two minutes)."""
    name = f"vm-guest-{kernel.SUITE}-{kernel.stamp('vm_image.py', 'init', 'vm_kernel.py', 'probe.c')}"
    return kernel.made(name, _make)


def _make(new):
    tree = new / "tree"
    kernel.debootstrap(tree, PACKAGES, "minbase")
    modules = tree / "lib/modules"
    modules.mkdir(parents=True, exist_ok=True)
    kernel.run("tar", "xf", str(kernel.kernel() / "modules"), "-C", str(modules))
    kernel.run("depmod", "-b", str(tree), next(modules.iterdir()).name)
    (tree / "vm").mkdir()
    shutil.copy(kernel.HERE / "init", tree / "vm/init")
    (tree / "vm/init").chmod(0o755)
    for folder in ("var/cache/apt", "var/lib/apt/lists"):
        shutil.rmtree(tree / folder, ignore_errors=True)
    options = ["-q", "-t", "ext4", "-O", "^has_journal", "-m", "0"]
    kernel.run("mke2fs", *options, "-d", str(tree), str(new / "root.img"), SIZE)
