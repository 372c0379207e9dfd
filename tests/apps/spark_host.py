"""The Spark of a release on this host, outside of any node, with a node's settings and programs.

A node shows the engine at /usr/lib/spark and its own /mnt; here both are folders of the test, so
the rendered files are pointed at them.
"""
import json
import os
import pathlib
import subprocess

from support.server import ROOT

LABEL = "emr-7.10.0"


def apps_show():
    """The newest build of src/apps/show, or None."""
    found = sorted(ROOT.glob("build/*/src/apps/apps_show"), key=lambda path: path.stat().st_mtime)
    return found[-1] if found else None


def engines():
    if os.environ.get("HOWDAH_ENGINES"):
        return pathlib.Path(os.environ["HOWDAH_ENGINES"])
    if os.geteuid() == 0 and not os.environ.get("XDG_DATA_HOME"):
        return pathlib.Path("/var/lib/howdah/engines")
    data = os.environ.get("XDG_DATA_HOME") or pathlib.Path.home() / ".local/share"
    return pathlib.Path(data) / "howdah/engines"


class SparkHost:
    def __init__(self, folder, endpoint="http://127.0.0.1:1", configurations=(), label=LABEL):
        self.folder = folder
        view = folder / "view"
        done = subprocess.run(
            [apps_show(), "view", ROOT / "apps", label, engines(), view, "--endpoint", endpoint,
             "--configurations", json.dumps(list(configurations))],
            capture_output=True, text=True)
        if done.returncode:
            raise FileNotFoundError(done.stderr.strip())
        shown = json.loads((view / "view.json").read_text())
        self.notes = shown["notes"]
        self.home = pathlib.Path(shown["mounts"]["/usr/lib/spark"])
        self.python = shown["mounts"]["/opt/howdah/python"]
        self.programs = view / "usr/bin"
        moved = {"/usr/lib/spark": str(self.home), "/mnt/": f"{folder}/mnt/",
                 "/usr/bin/howdah-submit": f"{self.programs}/howdah-submit"}
        warm = shown["mounts"].get("/usr/lib/howdah-warm")
        if warm:
            moved["/usr/lib/howdah-warm"] = warm
        for path in [*view.glob("etc/**/*"), *self.programs.iterdir()]:
            if path.is_file():
                text = path.read_text()
                for inside, here in moved.items():
                    text = text.replace(inside, here)
                path.write_text(text.replace(". /usr/bin/", f". {self.programs}/"))
        for name in ("mnt/tmp", "mnt/var/log/spark/apps", "home", "work"):
            (folder / name).mkdir(parents=True)
        self.environment = {
            **shown["environment"],
            "PATH": f"{self.programs}:/usr/bin:/bin",
            "HOME": str(folder / "home"),
            "SPARK_HOME": str(self.home),
            "SPARK_CONF_DIR": str(view / "etc/spark/conf"),
            "HADOOP_CONF_DIR": str(view / "etc/hadoop/conf"),
            "PYTHONPATH": self.python,
            "HOWDAH_NOTES_FILE": str(folder / "notes"),
            "HOWDAH_SPARK_START": str(view / "etc/howdah/spark-start.json"),
            "HOWDAH_WARM_FOLDER": str(folder / "warm"),
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "LANG": "C.UTF-8",
        }

    def run(self, *arguments, timeout=600):
        return subprocess.run([str(part) for part in arguments], env=self.environment, text=True,
                              capture_output=True, timeout=timeout, cwd=self.folder / "work")

    def said(self):
        path = self.folder / "notes"
        return path.read_text() if path.exists() else ""


def missing():
    """Why Spark cannot run here, or None."""
    return "src/apps/show is not built" if apps_show() is None else None


