"""The child of `config.apart`: reads a file set from standard input, checks it, and writes its verdict.

It plays chains on the engine as `tocsin check` does, so that both say the same of the same files: 0.6 s with 1,000
devices. Without a chain it builds the engine all the same: a plan that is too large for the limits is to be found here
and not in the daemon.
"""

import contextlib
import gc
import os
import signal
import sys
from pathlib import Path

ALONE_S = 120  # it ends by itself when nobody is left to end it

EXPENDABLE = "1000"  # of two processes in a box without memory, this one goes


def main() -> None:
    """Ends the process: with NO_MEMORY when the limits are too small."""
    signal.alarm(ALONE_S)
    gc.disable()  # it ends before garbage could matter, and to look for it costs a fifth of the time
    with contextlib.suppress(OSError):
        os.nice(5)
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(EXPENDABLE)
    try:
        sys.stdout.buffer.write(_verdict(sys.stdin.buffer.read()))
        sys.stdout.buffer.flush()
        os._exit(0)  # to take apart what was built takes as long as a story
    except MemoryError:
        from config.apart import NO_MEMORY

        os._exit(NO_MEMORY)


def _verdict(question: bytes) -> bytes:
    import msgspec

    from config.apart import PROBLEMS_TOLD, Finding, Verdict
    from config.files import FileSet
    from config.load import load_files
    from config.problem import ConfigError
    from config.safety.proof import prove
    from rules.engine import Engine

    found = msgspec.msgpack.decode(question, type=FileSet)
    verdict = Verdict(found.digest, [], 0)
    try:
        plan = load_files(found).plan
        proof = prove(plan)
        if not proof.played:
            Engine(plan)
        if proof.problems:
            raise ConfigError(proof.problems)
    except ConfigError as error:
        told = error.problems[:PROBLEMS_TOLD]
        findings = [Finding(one.file, one.line, one.col, one.text, one.hint) for one in told]
        verdict = Verdict(found.digest, findings, error.count)
    return msgspec.json.encode(verdict)


if __name__ == "__main__":
    main()
