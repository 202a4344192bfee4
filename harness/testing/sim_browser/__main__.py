"""The executable form: `python -m harness.testing.sim_browser FOLDER FLAG…`; `sim_binary` writes the folder, and a
script that calls this."""

import sys
from pathlib import Path

from harness.testing.sim_browser.executable import run

sys.exit(run(Path(sys.argv[1]), sys.argv[2:]))
