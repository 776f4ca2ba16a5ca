"""Schemathesis against a really started `desk`, as everybody who may call it. README.md says how to repeat what it finds."""

import argparse
import concurrent.futures
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree as xml

import fixture

HERE = pathlib.Path(__file__).resolve().parent
# Examples for each operation and caller: in every run, and in a long one.
EXAMPLES = (10, 300)
# The same requests in every run: whoever changes something is told of that change alone. A long run makes others.
SEED = 1
# Nobody's run may hang the whole; it takes minutes.
LIMIT_S = (900, 3600)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--desk", required=True, help="the program")
    parser.add_argument("--caller", choices=fixture.CALLERS, action="append", help="only as this one; may be repeated")
    parser.add_argument("--seed", type=int, default=seed())
    parser.add_argument("--examples", type=int)
    parser.add_argument("more", nargs="*", help="passed on to `st run`, like `-- --include-path /api/chat`")
    return parser.parse_args()


def seed():
    told = os.environ.get("DESK_TEST_SEED")
    return int(told) if told else random.randrange(1 << 32) if is_long() else SEED


def is_long():
    return os.environ.get("DESK_TEST_LONG") == "1"


# They meet what all of staff meets, and what nobody of them may do is in their way: fewer borders of every value.
LIKE_ADMIN = ("agent", "supervisor", "auditor", "analyst")


def phases(caller):
    if is_long():
        return "coverage,fuzzing,stateful"
    return "fuzzing" if caller in LIKE_ADMIN else "coverage,fuzzing"


def run(caller, options):
    """One caller's run; answers the tests, those that failed, and how each operation answered."""
    folder, desk, known = fixture.start(options.desk, caller)
    with folder:
        for name in ("hooks.py", "fixture.py", "hand_off.py"):
            shutil.copy(HERE / name, desk.folder / name)
        (desk.folder / "schemathesis.toml").write_text(configuration(known["there_is"]))
        command = [
            str(pathlib.Path(sys.executable).parent / "st"), "run", f"{desk.url}/openapi.json",
            "--phases", phases(caller),
            "--max-examples", str(options.examples or EXAMPLES[is_long()]),
            "--seed", str(options.seed), "--no-color", "--generation-database", "none",
            "--report", "junit", "--report-junit-path", "junit.xml", *options.more,
        ]  # fmt: skip
        environment = os.environ | {"DESK_HOUSE": json.dumps(known), "PYTHONPATH": str(desk.folder)}
        began = time.monotonic()
        done = subprocess.run(
            command, cwd=desk.folder, env=environment, capture_output=True, text=True, timeout=LIMIT_S[is_long()]
        )
        wrong = desk.stop()
        tests, failed = count(desk.folder / "junit.xml")
        answered = json.loads((desk.folder / "answered.json").read_text())
        took = time.monotonic() - began
        said = done.stdout + done.stderr
    if done.returncode or wrong or failed:
        print(f"\nnot ok as {caller}\n{said}")
        print("\n".join(f"error: {line}" for line in wrong))
        failed = max(failed, 1)
    cases = next((line.strip() for line in said.splitlines() if " generated" in line), "nothing generated")
    print(f"as {caller}: {tests} operations, {failed} failed; {cases}; {took:.0f} s", flush=True)
    return tests, failed, answered


def configuration(there_is):
    """A list of texts and numbers is the same in JSON and TOML."""
    lists = (f"{name} = {{ values = {json.dumps(values)} }}\n" for name, values in there_is.items())
    return (HERE / "schemathesis.toml").read_text() + "\n[dictionaries]\n" + "".join(lists)


def count(junit):
    """Tests and failures of a report; none there is one failure."""
    if not junit.exists():
        return 0, 1
    cases = xml.parse(junit).getroot().iter("testcase")
    outcomes = [any(child.tag in ("failure", "error") for child in case) for case in cases]
    return len(outcomes), sum(outcomes)


def never_done(everybodys):
    """Operations that did for nobody what they are there for: then nothing of their answers was looked at."""
    operations = {operation for answered in everybodys for operation in answered}
    done = {
        operation
        for answered in everybodys
        for operation, statuses in answered.items()
        if any(status.startswith("2") for status in statuses)
    }
    return sorted(operations - done)


def main():
    options = arguments()
    print(f"schemathesis: DESK_TEST_SEED={options.seed}", flush=True)
    callers = options.caller or fixture.CALLERS
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        outcomes = list(pool.map(lambda caller: run(caller, options), callers))
    tests, failed = (sum(column) for column in list(zip(*outcomes))[:2])
    if set(callers) == set(fixture.CALLERS) and not options.more:
        never = never_done([answered for _, _, answered in outcomes])
        print("".join(f"error: nobody was ever answered by {operation}\n" for operation in never), end="")
        tests, failed = tests + 1, failed + bool(never)
    print(f"# pass {tests - failed}\n# fail {failed}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
