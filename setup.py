"""Builds what ships inside the wheel beside the Python packages: plain shared libraries (no Python ABI), catalogues."""

from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.command.build_py import build_py

HERE = Path(__file__).parent


def compile_catalogues():
    """Every boardd/locale/LANGUAGE/LC_MESSAGES/boardd.po into the .mo beside it."""
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    for source in sorted((HERE / "boardd" / "locale").glob("*/LC_MESSAGES/*.po")):
        with source.open("rb") as file:
            catalogue = read_po(file, locale=source.parent.parent.name, abort_invalid=True)
        compiled = source.with_suffix(".mo.new")
        with compiled.open("wb") as file:
            write_mo(file, catalogue)
        compiled.replace(source.with_suffix(".mo"))


class BuildTexts(build_py):
    """Compiles the catalogues before package data is collected; a wheel also gets the demo's configuration."""

    def run(self):
        compile_catalogues()
        super().run()
        if not self.editable_mode:
            # A checkout has it in config/demo, where people edit it.
            self.copy_tree(str(HERE / "config" / "demo"), f"{self.build_lib}/hwsim/scenarios/demo")


class PlainLib(Extension):
    """A shared library with a C ABI and no PyInit; its file name carries no interpreter tag."""


class BuildPlain(build_ext):
    """Names PlainLib outputs NAME.so; everything else as setuptools does. Builds in place have their catalogues too."""

    def run(self):
        compile_catalogues()
        super().run()

    def get_ext_filename(self, ext_name):
        ext = self.ext_map.get(ext_name)
        if isinstance(ext, PlainLib):
            return ext_name.replace(".", "/") + ".so"
        return super().get_ext_filename(ext_name)

    def copy_extensions_to_source(self):
        for ext in self.extensions:
            Path(self.get_ext_fullpath(ext.name)).parent.mkdir(parents=True, exist_ok=True)
            (HERE / self.get_ext_filename(ext.name)).parent.mkdir(parents=True, exist_ok=True)
        super().copy_extensions_to_source()

    def get_export_symbols(self, ext):
        return ext.export_symbols or []


def sources(folder, *skip):
    """All C files of a folder, sorted, as paths relative to this file."""
    return sorted(str(p.relative_to(HERE)) for p in (HERE / folder).glob("*.c") if p.name not in skip)


def headers(*folders):
    """All headers of folders, so that a changed header rebuilds the library."""
    return sorted(str(p.relative_to(HERE)) for f in folders for p in (HERE / f).glob("*.h"))


CFLAGS = ["-std=gnu11", "-O2", "-g", "-Wall", "-Wextra", "-Werror", "-fvisibility=hidden"]

LIBRARIES = [
    # Engine and detectors of cards that leave sound to the host.
    PlainLib(
        "boardd.media.libmedia",
        sources("boardd/media/native"),
        depends=headers("boardd/media/native"),
        extra_compile_args=[*CFLAGS, "-O3", "-pthread"],
        extra_link_args=["-pthread"],
        libraries=["m"],
    ),
    # Registers of MFC-R2.
    PlainLib(
        "boardd.signalling.libmfcr2",
        [
            "boardd/signalling/native/mfcr2_register.c",
            "boardd/signalling/native/mfcr2_tones.c",
            "boardd/media/native/codec.c",
        ],
        depends=headers("boardd/signalling/native", "boardd/media/native"),
        extra_compile_args=[*CFLAGS, "-O3"],
        libraries=["m"],
    ),
    PlainLib(
        "hwsim.core.libhwcore",
        sources("hwsim/core"),
        depends=headers("hwsim/core"),
        extra_compile_args=[*CFLAGS, "-O3"],
        libraries=["m"],
    ),
    # Between the maker's memory functions and the engine, for ties to other domains.
    PlainLib(
        "drivers.synway.libsynwaypump",
        sources("drivers/synway/native"),
        depends=headers("drivers/synway/native"),
        extra_compile_args=CFLAGS,
        extra_link_args=["-pthread"],
    ),
    PlainLib(
        "hwsim.vendorlibs.synway.libshpa3",
        sources("hwsim/vendorlibs/synway") + sources("hwsim/vendorlibs/shim"),
        depends=headers("hwsim/vendorlibs/synway", "hwsim/vendorlibs/shim", "drivers/synway/decl"),
        include_dirs=["drivers/synway/decl", "hwsim/vendorlibs/shim"],
        extra_compile_args=CFLAGS,
        extra_link_args=["-Wl,-soname,libshpa3.so", "-pthread"],
    ),
    PlainLib(
        "hwsim.vendorlibs.synway.layout2007.libshpa3",
        sources("hwsim/vendorlibs/synway") + sources("hwsim/vendorlibs/shim"),
        depends=headers("hwsim/vendorlibs/synway", "hwsim/vendorlibs/shim", "drivers/synway/decl"),
        include_dirs=["drivers/synway/decl", "hwsim/vendorlibs/shim"],
        define_macros=[("SHPA3_LAYOUT_2007", "1")],
        extra_compile_args=CFLAGS,
        extra_link_args=["-Wl,-soname,libshpa3.so", "-pthread"],
    ),
    # One library in two builds with the same functions and soname: system calls, and hwsim.
    PlainLib(
        "drivers.dahdi.libdahdiio",
        sources("drivers/dahdi/io"),
        depends=headers("drivers/dahdi/decl"),
        include_dirs=["drivers/dahdi/decl"],
        extra_compile_args=CFLAGS,
        extra_link_args=["-Wl,-soname,libdahdiio.so"],
    ),
    PlainLib(
        "hwsim.vendorlibs.dahdi.libdahdiio",
        sources("hwsim/vendorlibs/dahdi") + sources("hwsim/vendorlibs/shim"),
        depends=headers("hwsim/vendorlibs/dahdi", "hwsim/vendorlibs/shim", "drivers/dahdi/decl"),
        include_dirs=["drivers/dahdi/decl", "hwsim/vendorlibs/shim"],
        extra_compile_args=CFLAGS,
        extra_link_args=["-Wl,-soname,libdahdiio.so", "-pthread"],
    ),
    # Filters: they name the library that they front at load time; it need not be there to build.
    PlainLib(
        "boardd.signalling.libq931",
        [f"boardd/signalling/native/q931_{part}.c" for part in ("link", "guard", "event", "call")],
        depends=headers("boardd/signalling/native"),
        extra_compile_args=CFLAGS,
        extra_link_args=["-Wl,--filter,libpri.so.1.4"],
    ),
    PlainLib(
        "boardd.signalling.libisup",
        [f"boardd/signalling/native/isup_{part}.c" for part in ("link", "call")],
        depends=headers("boardd/signalling/native"),
        extra_compile_args=CFLAGS,
        extra_link_args=["-Wl,--filter,libss7.so.2.0"],
    ),
    PlainLib(
        "hwsim.signalling.libhwpri",
        ["hwsim/signalling/native/pri_door.c"],
        extra_compile_args=CFLAGS,
        extra_link_args=["-Wl,--filter,libpri.so.1.4"],
    ),
    PlainLib(
        "hwsim.signalling.libhwr2",
        ["hwsim/signalling/native/r2_door.c"],
        extra_compile_args=CFLAGS,
        extra_link_args=["-Wl,--filter,libopenr2.so.3"],
    ),
]

setup(ext_modules=[lib for lib in LIBRARIES if lib.sources], cmdclass={"build_ext": BuildPlain, "build_py": BuildTexts})
