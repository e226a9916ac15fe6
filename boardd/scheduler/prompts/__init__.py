"""Sound files that ship with the scheduler: `zh_CN/`, `en/` (same names) and `common/` (music). See ORIGIN.md."""

from pathlib import Path

FOLDER = Path(__file__).resolve().parent
