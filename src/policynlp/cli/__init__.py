"""The command line: ``policynlp score | analyze | digest | report | review | train | theme …``.

What the commands need is imported where Ctrl-C is heard: here nothing is.
"""

TYPE_CHECKING = False  # as type checkers know it, without the import of typing
if TYPE_CHECKING:
    from collections.abc import Sequence


def start(argv: "Sequence[str] | None" = None) -> int:
    """Run the command line in a process of its own, which Ctrl-C may end at any moment."""
    code = 1
    try:
        import atexit
        import gc
        import signal

        interruptible = signal.getsignal(signal.SIGINT) is signal.default_int_handler
        if interruptible:  # While modules load there is nothing to tidy up, nor to say.
            signal.signal(signal.SIGINT, signal.SIG_DFL)
        # What is left when Python ends need not be searched: 25 ms, twice as much with jobs.
        atexit.register(gc.freeze)
        from policynlp.cli.program import main

        if interruptible:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        code = main(argv)
        if interruptible:  # All is done; what Python does at its end must not be told of.
            signal.signal(signal.SIGINT, signal.SIG_DFL)
    except KeyboardInterrupt:  # Again, while the first was told.
        pass
    return code


def main(argv: "Sequence[str] | None" = None) -> int:
    """Run the command line and return its exit code."""
    from policynlp.cli.program import main

    return main(argv)
