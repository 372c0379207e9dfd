"""The unmodified AWS CLI, as tests call it."""
import json
import subprocess

from support.server import ROOT

REGION = "us-east-1"


class AwsCli:
    """The unmodified AWS CLI of the venv, in an environment that knows only our endpoint."""

    def __init__(self, environment):
        self.environment = environment

    def run(self, *arguments, timeout=300, stdin=None):
        """The finished process; never raises for an exit code."""
        return subprocess.run([str(ROOT / ".venv/bin/aws"), *map(str, arguments)], text=True,
                              capture_output=True, env=self.environment, timeout=timeout,
                              input=stdin)

    def __call__(self, *arguments, **options):
        """Its output: parsed when it is JSON, else the text. A failure raises with its stderr."""
        done = self.run(*arguments, **options)
        if done.returncode != 0:
            raise AssertionError(f"aws {' '.join(map(str, arguments))}: exit {done.returncode}\n"
                                 f"{done.stdout}{done.stderr}")
        text = done.stdout.strip()
        return json.loads(text) if text[:1] in ("{", "[") else text
