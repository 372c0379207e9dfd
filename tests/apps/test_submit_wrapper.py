"""The spark-submit of a node against a Spark that only prints its arguments."""
import os
import subprocess

import pytest

from support.server import ROOT

PROGRAMS = ROOT / "apps/spark/node/usr/bin"
LOCAL = "--master local[*]"
FAKE = """#!/bin/sh
[ -z "$PROBE" ] || echo "$PROBE" >"$HOWDAH_NOTES_FILE.env"
for argument in "$@"; do printf '[%s]\\n' "$argument"; done
"""


@pytest.fixture
def submit(tmp_path):
    fake = tmp_path / "spark/bin"
    fake.mkdir(parents=True)
    for name in ("spark-submit", "spark-sql"):
        (fake / name).write_text(FAKE)
        (fake / name).chmod(0o755)
    # What a node has at /usr/bin.
    shell = (PROGRAMS / "spark-sql").read_text().replace("/usr/bin/spark-submit",
                                                         str(PROGRAMS / "spark-submit"))
    (tmp_path / "spark-sql").write_text(shell)
    (tmp_path / "spark-sql").chmod(0o755)

    def run(*arguments, program=PROGRAMS / "spark-submit"):
        done = subprocess.run([program, *arguments], capture_output=True, text=True, check=True,
                              env={"PATH": os.environ["PATH"],
                                   "SPARK_HOME": str(tmp_path / "spark"),
                                   "HOWDAH_NOTES_FILE": str(tmp_path / "notes")})
        notes = tmp_path / "notes"
        said = notes.read_text() if notes.exists() else ""
        assert said.count("\n") == done.stderr.count("\n")
        passed = done.stdout.split("\n")[:-1]
        return [line[1:-1] for line in passed], said
    run.folder = tmp_path
    return run


@pytest.mark.parametrize("given, passed", [
    ("--master yarn job.py", f"{LOCAL} job.py"),
    ("--master=yarn job.py", "--master=local[*] job.py"),
    ("--master yarn-client job.py", f"{LOCAL} job.py"),
    ("--deploy-mode cluster --master yarn job.py", f"--deploy-mode client {LOCAL} job.py"),
    ("--deploy-mode=cluster job.py", "--deploy-mode=client job.py"),
    ("--conf spark.master=yarn job.py", "--conf spark.master=local[*] job.py"),
    ("-c spark.submit.deployMode=cluster job.py", "-c spark.submit.deployMode=client job.py"),
    ("--conf=spark.master=yarn job.py", "--conf=spark.master=local[*] job.py"),
    ("-v --class a.B --master yarn job.jar", f"-v --class a.B {LOCAL} job.jar"),
])
def test_yarn_becomes_local_and_the_notes_say_so(submit, given, passed):
    arguments, said = submit(*given.split())
    assert arguments == passed.split()
    assert "no core nodes" in said


@pytest.mark.parametrize("given", [
    "job.py --master yarn --deploy-mode cluster",
    "--name --master job.py yarn",
    "--master local[2] job.py",
    "--conf spark.yarn.queue=yarn job.py",
    "--class yarn job.jar cluster",
    "",
])
def test_everything_else_passes_unchanged(submit, given):
    arguments, said = submit(*given.split())
    assert arguments == given.split()
    assert said == ""


def test_blanks_quotes_and_stars_survive(submit):
    given = ["--conf", "spark.x=a  b\t'\"$HOME", "--master", "yarn", "job.py", "", "*", "a\\nb",
             "-n"]
    arguments, _ = submit(*given)
    assert arguments == [*given[:3], "local[*]", *given[4:]]


def test_the_drivers_environment_of_deploy_mode_cluster(submit):
    given = ["--conf", "spark.yarn.appMasterEnv.PROBE=it's a $x", "--conf",
             "spark.yarn.appMasterEnv.a;b=1", "--deploy-mode", "cluster", "job.py"]
    arguments, _ = submit(*given)
    assert arguments == [*given[:5], "client", "job.py"]
    assert (submit.folder / "notes.env").read_text() == "it's a $x\n"
    (submit.folder / "notes.env").unlink()
    (submit.folder / "notes").unlink()
    submit(*given[:4], "job.py")
    assert not (submit.folder / "notes.env").exists(), "in client mode YARN ignores it"


def test_another_program_takes_options_after_its_words(submit):
    arguments, said = submit("-e", "select 1", "--master", "yarn",
                             program=submit.folder / "spark-sql")
    assert arguments == ["-e", "select 1", "--master", "local[*]"]
    assert "no core nodes" in said
