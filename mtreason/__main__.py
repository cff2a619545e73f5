"""The command, `mtreason` or `python -m mtreason`, from its first moment."""

from __future__ import annotations

import signal


def main() -> None:
    """Run the command line; an interrupt ends the process without a traceback, also while modules are imported."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from mtreason import cli

    cli.main()


if __name__ == "__main__":
    main()
