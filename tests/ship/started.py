"""Programs that tests start, and that end with them."""

import os
import pathlib
import signal
import subprocess
import time

PROJECT = pathlib.Path(__file__).resolve().parents[2]
READY = "desk is ready: "


class Started:
    """A process, with what it prints in a file."""

    def __init__(self, command, log, owner=None, **more):
        self.log_file = pathlib.Path(log)
        with self.log_file.open("wb") as out:
            if owner is not None:
                # Whoever opens /dev/stdout anew needs the right to.
                os.fchown(out.fileno(), owner, owner)
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, **more)

    def log(self):
        return self.log_file.read_text(errors="replace")

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self, seconds=30):
        """Asks it to end; answers how it ended, None where it had to be killed."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            return None


def environment(**settings):
    """This one's, without settings of a desk but these."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DESK_")}
    return kept | settings


def desk(program, folder, **settings):
    """A desk that is ready."""
    folder.mkdir(parents=True, exist_ok=True)
    settings = {"DESK_DATA_DIR": str(folder / "data"), "DESK_CHAT_RATE_PER_MINUTE": "0", "DESK_RATE_PER_SECOND": "0"} | settings
    started = Started([program], folder / "log", env=environment(**settings))
    until = time.monotonic() + 60
    while READY not in started.log():
        if time.monotonic() > until or started.process.poll() is not None:
            started.kill()
            raise RuntimeError(f"desk did not start:\n{started.log()}")
        time.sleep(0.02)
    return started
