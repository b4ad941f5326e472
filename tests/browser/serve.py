"""The app's server as a user starts it, which on SIGUSR1 writes down the modules it has loaded.

Run as ``python serve.py APP PORT FILE``.
"""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from types import FrameType

from streamlit.web import cli


def main() -> None:
    app, port, file = sys.argv[1], sys.argv[2], Path(sys.argv[3])

    def tell(number: int, frame: FrameType | None) -> None:
        part = file.with_suffix(".part")
        part.write_text("\n".join(sorted(sys.modules)), encoding="utf-8")
        part.replace(file)

    signal.signal(signal.SIGUSR1, tell)
    sys.argv = ["streamlit", "run", app, "--server.port", port, "--server.headless", "true"]
    cli.main()


if __name__ == "__main__":
    main()
