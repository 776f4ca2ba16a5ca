"""A PostgreSQL of the test's own, with the roles that the shipped script makes."""

import contextlib
import glob
import os
import pathlib
import pwd
import subprocess

from started import PROJECT, Started
from tap import eventually

PORT = 5432


def program(name):
    """Debian keeps the server's programs apart, by version."""
    found = sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{name}"))
    return found[-1] if found else name


@contextlib.contextmanager
def postgres(folder):
    """Runs one; gives the URLs of the owner and of the program's own role."""
    user = pwd.getpwnam("postgres")
    data = folder / "postgres"
    data.mkdir(mode=0o700)
    os.chown(data, user.pw_uid, user.pw_gid)
    own = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": [], "cwd": data}
    making = [program("initdb"), "-D", data, "-U", "postgres", "-E", "UTF8", "--auth-local=trust", "--auth-host=scram-sha-256", "--no-sync"]
    subprocess.run(making, check=True, capture_output=True, **own)
    serving = [program("postgres"), "-D", data, "-p", str(PORT), "-k", data, "-c", "listen_addresses=127.0.0.1", "-c", "max_connections=200"]
    server = Started(serving, folder / "postgres.log", **own)
    try:
        asked = ["pg_isready", "-q", "-h", str(data), "-p", str(PORT)]
        if not eventually(lambda: subprocess.run(asked, cwd="/").returncode == 0, 30):
            raise RuntimeError(server.log())
        passwords = {"DESK_OWNER_PASSWORD": "the-owner's", "DESK_APP_PASSWORD": "the program's"}
        known = os.environ | {"PGHOST": str(data), "PGPORT": str(PORT), "POSTGRES_USER": "postgres"} | passwords
        script = pathlib.Path(PROJECT / "docker/postgres/roles.sh")
        subprocess.run([script], env=known, check=True, capture_output=True, cwd="/")
        yield {
            "owner": f"postgres://desk_owner:the-owner's@127.0.0.1:{PORT}/desk",
            "app": f"postgres://desk_app:the%20program's@127.0.0.1:{PORT}/desk",
        }
    finally:
        server.stop()
