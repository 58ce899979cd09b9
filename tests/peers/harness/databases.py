"""PostgreSQL and Redis as Debian ships them: started on a free loopback port with a folder of their own, as a user that they accept."""

import os
import pwd
import shutil
import subprocess
import sys
from pathlib import Path

from .server import Server, free_port


def postgres_program(name):
    """The newest installed program of PostgreSQL's of that name; None where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return str(found[-1]) if found else shutil.which(name)


#: Why tests that need them are skipped here; empty where both are there.
MISSING = ", ".join(
    package
    for package, program in (("postgresql", postgres_program("postgres")), ("redis-server", shutil.which("redis-server")), ("redis-tools", shutil.which("redis-cli")))
    if not program
)


class Database(Server):
    """A server of Debian's that root may not run."""

    #: The user that runs it where root runs the tests.
    user = None
    #: Password of everybody who may come in.
    password = "peer-horse-7"

    def __init__(self):
        super().__init__()
        self.port = free_port()
        self.folder = Path(self._home.name)

    def words(self, *command):
        """A command as the server's user."""
        return ["setpriv", f"--reuid={self.user}", f"--regid={self.user}", "--clear-groups", *command] if os.geteuid() == 0 else list(command)

    def own(self, path):
        """Gives a path to the server's user."""
        if os.geteuid() == 0:
            entry = pwd.getpwnam(self.user)
            os.chown(path, entry.pw_uid, entry.pw_gid)

    def file(self, name, text):
        """A file that the server's user alone may read."""
        path = self.folder / name
        path.write_text(text)
        path.chmod(0o600)
        self.own(path)
        return path

    def prepare(self):
        """What has to be done before the first start."""

    def start(self):
        self.own(self.folder)
        self.prepare()
        return super().start()


class Redis(Database):
    """Redis with a password, 32 MB, and a slow log that takes everything."""

    name = "Redis 7.0 (Debian)"
    user = "redis"

    def prepare(self):
        self.file(
            "redis.conf",
            f"bind 127.0.0.1\nport {self.port}\nrequirepass {self.password}\nsave \"\"\ndir {self.folder}\nmaxmemory 32mb\n"
            "maxmemory-policy allkeys-lru\nslowlog-log-slower-than 0\n",
        )

    def command(self):
        return self.words("redis-server", str(self.folder / "redis.conf"))

    def is_ready(self):
        return self.cli("PING").strip() == "PONG"

    def cli(self, *words):
        """Runs a command with redis-cli; what it printed."""
        keys = {**os.environ, "REDISCLI_AUTH": self.password}
        return subprocess.run(["redis-cli", "-p", str(self.port), *words], capture_output=True, text=True, timeout=20, env=keys).stdout

    @property
    def url(self):
        """As the configuration takes it."""
        return f"redis://localhost:{self.port}"


class Postgres(Database):
    """PostgreSQL with the role `admin`, the database `laser`, and pg_stat_statements."""

    name = "PostgreSQL 15 (Debian)"
    user = "postgres"

    def prepare(self):
        password = self.file("password", self.password)
        made = subprocess.run(
            self.words(
                postgres_program("initdb"), "-D", str(self.folder / "data"), "-U", "admin", "-A", "scram-sha-256", "-N", "-E", "UTF8",
                f"--pwfile={password}", "--no-instructions",
            ),
            capture_output=True, text=True, timeout=120, cwd=self.folder,
        )
        if made.returncode:
            raise RuntimeError(f"initdb: {made.stderr}")
        self.file(
            "data/postgresql.conf",
            f"listen_addresses = '127.0.0.1'\nport = {self.port}\nunix_socket_directories = ''\nfsync = off\nmax_connections = 20\n"
            "shared_preload_libraries = 'pg_stat_statements'\n",
        )

    def command(self):
        return self.words(postgres_program("postgres"), "-D", str(self.folder / "data"))

    def is_ready(self):
        ready = subprocess.run([postgres_program("pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)], timeout=20)
        return ready.returncode == 0

    def psql(self, sql, database="laser"):
        """Runs statements with psql; what it printed."""
        done = subprocess.run(self.client(database) + ["-c", sql], capture_output=True, text=True, timeout=60, env=self.keys())
        if done.returncode:
            raise RuntimeError(f"{sql}: {done.stderr}")
        return done.stdout.strip()

    def session(self, sql):
        """A psql that stays open after its statements; the caller ends it."""
        process = subprocess.Popen(
            self.client("laser"), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=sys.stderr, text=True, env=self.keys()
        )
        process.stdin.write(sql + "\n")
        process.stdin.flush()
        return process

    def client(self, database):
        """The words of psql."""
        return ["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", str(self.port), "-U", "admin", "-d", database]

    def keys(self):
        """psql's environment."""
        return {**os.environ, "PGPASSWORD": self.password}

    @property
    def url(self):
        """As the configuration takes it."""
        return f"postgres://admin@localhost:{self.port}/laser"
