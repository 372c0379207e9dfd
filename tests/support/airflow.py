"""An Airflow of its own, beside the repository's .venv: installed once, then found again."""
import fcntl
import os
import pathlib
import shutil
import subprocess
import sys

from support.server import ROOT

WANTED = ("apache-airflow==2.10.5", "apache-airflow-providers-amazon==9.2.0")
# Airflow pins little itself: what it was released with is what it works with.
NEWEST = "2025-02-20"
SECONDS = 180


def airflow_python():
    """The interpreter of the environment with Airflow. RuntimeError, with the installer's last
    words, when it cannot be had."""
    folder = ROOT / "build" / "airflow-2.10.5"
    folder.parent.mkdir(exist_ok=True)
    with open(folder.with_suffix(".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "complete").exists():
            shutil.rmtree(folder, ignore_errors=True)
            _install(folder)
            (folder / "complete").touch()
    return folder / "airflow" / "bin" / "python"


def _install(folder):
    environment = {**os.environ, "UV_SYSTEM_CERTS": "1"}
    for command in (
            [sys.executable, "-m", "venv", folder / "uv"],
            [folder / "uv/bin/pip", "install", "--quiet", "uv"],
            [folder / "uv/bin/uv", "venv", "--quiet", "--python", sys.executable,
             folder / "airflow"],
            [folder / "uv/bin/uv", "pip", "install", "--quiet", "--python",
             folder / "airflow/bin/python", "--exclude-newer", NEWEST, *WANTED]):
        try:
            done = subprocess.run(command, env=environment, capture_output=True, text=True,
                                  timeout=SECONDS)
        except subprocess.TimeoutExpired:
            raise RuntimeError(f"{pathlib.Path(command[0]).name}: not within {SECONDS} s") from None
        if done.returncode != 0:
            raise RuntimeError((done.stderr or done.stdout).strip()[-500:])
