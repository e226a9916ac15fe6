"""What the tests in a virtual machine need. Only `--deep` runs them: what is missing is a failure that names it."""

import os
import shutil

import pytest
import vm_python

TOOLS = ("qemu-system-x86_64", "mmdebstrap", "mke2fs", "cpio", "gcc")


@pytest.fixture(scope="session")
def tools():
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    missing += ["busybox"] if not os.path.exists("/bin/busybox") else []
    missing += ["root"] if os.geteuid() != 0 else []
    missing += ["Python 3.11"] if not vm_python.fits() else []
    if missing:
        pytest.fail(f"needs {', '.join(missing)}")
