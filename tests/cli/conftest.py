"""The `howdah` command, run as a user runs it."""
import json
import subprocess

import pytest

from support.server import server_environment


class Howdah:
    def __init__(self, binary, data):
        self.binary = binary
        self.data = data
        self.environment = {**server_environment(), "HOWDAH_DATA": str(data)}

    def run(self, *arguments, timeout=120, stdin="", **environment):
        """The finished process; never raises for an exit code."""
        return subprocess.run([self.binary, *map(str, arguments)], text=True, capture_output=True,
                              env={**self.environment, **environment}, timeout=timeout,
                              input=stdin)

    def __call__(self, *arguments, **options):
        done = self.run(*arguments, **options)
        assert done.returncode == 0, f"{arguments}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    def json(self, *arguments, **options):
        return json.loads(self(*arguments, "--json", **options))


@pytest.fixture
def howdah(request, tmp_path):
    """A command with a data directory of its own; no server runs yet. Taken down at the end."""
    command = Howdah(request.config.getoption("--server"), tmp_path / "data")
    yield command
    command.run("down", "--yes")


@pytest.fixture
def up(howdah):
    """The same, with a server on a free port."""
    howdah("up", "--listen", "127.0.0.1:0")
    return howdah


@pytest.fixture
def shared(request, server):
    """The command against the session's server."""
    return Howdah(request.config.getoption("--server"), server.data)
