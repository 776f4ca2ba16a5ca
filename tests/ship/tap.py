"""One line for each thing that was looked at: `ok` or `not ok` with why."""

import time
import traceback


class Checks:
    """Counts what holds and what does not."""

    def __init__(self, part):
        self.part, self.passed, self.failed = part, 0, 0

    def that(self, holds, what, why=""):
        """Notes whether it holds; `why` is printed where it does not."""
        if holds:
            self.passed += 1
            print(f"ok {self.part}: {what}", flush=True)
        else:
            self.failed += 1
            print(f"not ok {self.part}: {what}\n    " + str(why).strip().replace("\n", "\n    "), flush=True)
        return bool(holds)

    def equal(self, found, expected, what):
        return self.that(found == expected, what, f"found {found!r}, expected {expected!r}")

    def succeeds(self, done, what):
        """A finished process that ended with 0."""
        return self.that(done.returncode == 0, what, f"ended with {done.returncode}: {done.stdout}{done.stderr}")

    def run(self, function, *arguments):
        """One test; what it raises is a failure."""
        try:
            return function(self, *arguments)
        except Exception:  # noqa: BLE001 - whatever went wrong is told, and the next test runs
            self.that(False, function.__name__.replace("_", " "), traceback.format_exc())
            return None


def eventually(question, seconds, pause=0.05):
    """Asks until the answer is yes; answers the last answer."""
    until = time.monotonic() + seconds
    while not (answer := question()) and time.monotonic() < until:
        time.sleep(pause)
    return answer
