"""The command line: which command, which exit status, whose fault it was.

Exit status: 0 done; 1 the input is wrong, or a run failed or mismatched; 2 the command line
is wrong; 70 kcc is wrong (sysexits' EX_SOFTWARE); 130 interrupted. Kept light: a cache hit
must not pay for the compiler.
"""

from __future__ import annotations

import os
import sys

from . import __version__
from .options import Options, UsageError, parse_options, usage

EXIT_FAILED, EXIT_USAGE, EXIT_INTERNAL, EXIT_INTERRUPTED = 1, 2, 70, 130


def run_command(argv: list[str]) -> int:
    """Run one `kcc` command line; returns its exit status. Nothing is raised."""
    try:
        status = _dispatch(argv)
        sys.stdout.flush()
        return status
    except UsageError as e:
        print(f"kcc: error: {e}", file=sys.stderr)
        return EXIT_USAGE
    except KeyboardInterrupt:
        print("kcc: interrupted", file=sys.stderr)
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # The reader went away (`kcc disasm x.elf | head`): not ours to complain about.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_FAILED
    except OSError as e:
        print(f"kcc: error: {describe_os_error(e)}", file=sys.stderr)
        return EXIT_FAILED
    except Exception as e:
        return _other_failure(e, argv)


def describe_os_error(e: OSError) -> str:
    name = f"'{e.filename}': " if e.filename is not None else ""
    return f"{name}{e.strerror or e}"


def _dispatch(argv: list[str]) -> int:
    match argv[:1]:
        case ["run"]:
            from .runcmd import run_main

            return run_main(argv[1:])
        case ["info"]:
            from .inspect import info_main

            return info_main(argv[1:])
        case ["disasm"]:
            from .inspect import disasm_main

            return disasm_main(argv[1:])
        case ["cmdbuf"]:
            from .cmdbuf import cmdbuf_main

            return cmdbuf_main(argv[1:])
        case _:
            return _compile(parse_options(argv))


def _compile(options: Options) -> int:
    if options.help:
        print(usage())
        return 0
    if options.version:
        print(f"kcc {__version__}")
        return 0
    if not options.inputs:
        raise UsageError("no input files")
    from .compilecache import compile_cached

    return compile_cached(options)


def _colour(argv: list[str]) -> bool:
    """Whether errors are shown in colour; the last of the two flags decides."""
    from . import config

    wanted = [w for w in argv if w in ("-fcolor-diagnostics", "-fno-color-diagnostics")]
    return wanted[-1] == "-fcolor-diagnostics" if wanted else config.colour(sys.stderr.isatty())


def _other_failure(e: Exception, argv: list[str]) -> int:
    """Sort out what is left: the user's program, the run, or kcc itself."""
    from kcc.frontend.diag import CompileError

    if isinstance(e, CompileError):
        from kcc.frontend.diag_formats import report

        flag = "-fdiagnostics-format="
        form = next((w.removeprefix(flag) for w in reversed(argv) if w.startswith(flag)), "text")
        sys.stderr.write(report(e.diagnostics, form, _colour(argv), __version__))
        return EXIT_FAILED
    from .errors import DeviceError

    if isinstance(e, DeviceError):
        print(f"kcc: error: {e}", file=sys.stderr)
        return EXIT_FAILED
    import traceback

    traceback.print_exc()
    print(
        f"kcc: internal error: {type(e).__name__}: {e}\n"
        f"This is a mistake in kcc {__version__}, not in your program. Please report the lines "
        f"above,\nthe input, and the command: kcc {' '.join(argv)}",
        file=sys.stderr,
    )
    return EXIT_INTERNAL
