"""The command line: ``policynlp score | analyze | digest | report | review | train | theme …``.

What the commands need is imported where Ctrl-C is heard: here nothing is.
"""

TYPE_CHECKING = False  # as type checkers know it, without the import of typing
if TYPE_CHECKING:
    from collections.abc import Sequence


def start(argv: "Sequence[str] | None" = None) -> int:
    """Run the command line in a process of its own, which Ctrl-C may end at any moment.

    While modules load, and when all is done, there is nothing to tidy up, and the signal ends the
    process by itself; so does a second one, while the first is heeded.
    """
    code = 1
    try:
        import atexit
        import gc
        import signal

        def end_at_once() -> None:
            signal.signal(signal.SIGINT, signal.SIG_DFL)

        def interrupt(*_: object) -> None:
            end_at_once()
            raise KeyboardInterrupt

        heeded = signal.getsignal(signal.SIGINT) is signal.default_int_handler
        if heeded:
            end_at_once()
        # What is left when Python ends need not be searched: 25 ms, twice as much with jobs.
        atexit.register(gc.freeze)
        from policynlp.cli.program import main

        if heeded:
            signal.signal(signal.SIGINT, interrupt)
        code = main(argv)
        if heeded:
            end_at_once()
    except KeyboardInterrupt:  # Before or behind all that can tell it.
        pass
    return code


def main(argv: "Sequence[str] | None" = None) -> int:
    """Run the command line and return its exit code."""
    from policynlp.cli.program import main

    return main(argv)
