#!/usr/bin/env python3
"""The second half of `make demo`: build and download side by side, then the tutorial.

It follows AWS's "Getting started with Amazon EMR": a script and data in S3, a cluster, a step, the
result. Every command is printed as one would type it. The AWS CLI is the one of .venv, always with
--endpoint-url and in an environment that holds nothing of the user's AWS settings.
"""
import argparse
import csv
import datetime
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
HOWDAH = ROOT / "build" / "howdah"
RELEASE = "emr-7.10.0"
BUCKET = "s3://howdah-demo"
NAME = "howdah-demo"
COLUMNS = ["name", "inspection_result", "inspection_closed_business", "violation_type",
           "violation_points"]
TERMINAL = sys.stdout.isatty()


def minutes(seconds):
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def bold(text):
    return f"\033[1m{text}\033[0m" if TERMINAL and not os.environ.get("NO_COLOR") else text


def give_up(message, log=None, next_command=None):
    if log and pathlib.Path(log).exists():
        lines = pathlib.Path(log).read_text(errors="replace").splitlines()[-25:]
        print(f"--- the end of {log}", *lines, "---", sep="\n", file=sys.stderr)
    print(f"demo: {message}", file=sys.stderr)
    if next_command:
        print(f"next: {next_command}", file=sys.stderr)
    sys.exit(1)


class Work(threading.Thread):
    """A command that runs beside others: its output in a log, its last progress as one line."""

    def __init__(self, title, argv, log, environment=None):
        super().__init__(daemon=True)
        self.title, self.argv, self.log = title, argv, log
        self.environment = {**os.environ, **(environment or {})}
        self.begin = time.monotonic()
        self.end = None
        self.line, self.done, self.total = "", 0, 0
        self.code = None

    def run(self):
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with open(self.log, "w", encoding="utf-8") as log:
            process = subprocess.Popen(self.argv, cwd=ROOT, env=self.environment, text=True,
                                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                       stdin=subprocess.DEVNULL, errors="replace")
            for line in process.stdout:
                log.write(line)
                log.flush()
                self.take(line.strip())
            self.end = time.monotonic()
            self.code = process.wait()

    def take(self, line):
        found = re.search(r"\[(\d+)/(\d+)\]", line) or re.search(r"(\d+) of (\d+) MB", line)
        if found:
            self.done, self.total = int(found.group(1)), int(found.group(2))
        if line:
            self.line = line

    def text(self):
        passed = (self.end or time.monotonic()) - self.begin
        if self.code == 0:
            return f"{self.title}: done in {minutes(passed)}"
        text = f"{self.title}: {minutes(passed)}"
        if self.total and self.done:
            left = passed / self.done * (self.total - self.done)
            text += f", {self.done} of {self.total}, about {minutes(left)} left"
        return text


class Download(Work):
    """`howdah-install`, whose progress is in a file that it replaces every 250 ms."""

    def __init__(self, title, argv, log, progress_file):
        super().__init__(title, argv, log)
        self.progress_file = progress_file

    def text(self):
        try:
            told = json.loads(self.progress_file.read_text())
            self.done = told.get("done_bytes", 0) // 1000000
            self.total = told.get("total_bytes", 0) // 1000000
        except (OSError, ValueError):
            pass
        return super().text()


def follow(works):
    """Shows them on one line until all are done; a failed one ends the demo with its log."""
    told = set()
    while True:
        for work in works:
            if work.code not in (None, 0):
                print()
                give_up(f"{work.title} failed with exit code {work.code}", work.log,
                        " ".join(map(shlex.quote, map(str, work.argv))))
            if work.code == 0 and work not in told:
                told.add(work)
                print(("\r\033[K" if TERMINAL else "") + work.text(), flush=True)
        if len(told) == len(works):
            return
        if TERMINAL:
            rest = " | ".join(work.text() for work in works if work not in told)
            print("\r\033[K" + rest[:os.get_terminal_size().columns - 1], end="", flush=True)
        time.sleep(0.2)


def engines_folder():
    if os.environ.get("HOWDAH_ENGINES"):
        return pathlib.Path(os.environ["HOWDAH_ENGINES"])
    if os.geteuid() == 0:
        return pathlib.Path("/var/lib/howdah/engines")
    data = os.environ.get("XDG_DATA_HOME") or pathlib.Path.home() / ".local/share"
    return pathlib.Path(data) / "howdah/engines"


def build_and_download():
    """The installer is a small program: built first, it fetches Spark while the rest is built."""
    logs = ROOT / "build" / "demo"
    started = []
    if not list(engines_folder().glob("spark-*/installed.json")):
        installer = Work("installer", ["make", "--no-print-directory", "installer"],
                         logs / "installer.log")
        installer.start()
        follow([installer])
        started.append(Download(
            f"Spark for {RELEASE}",
            [ROOT / "build/howdah-install", RELEASE, engines_folder()], logs / "download.log",
            engines_folder() / f".progress-{RELEASE}.json"))
    started.append(Work("build", ["make", "--no-print-directory", "build"], logs / "build.log"))
    for work in started:
        work.start()
    follow(started)


class Tutorial:
    def __init__(self, endpoint):
        self.endpoint = endpoint
        self.environment = {
            "PATH": f"{ROOT}/.venv/bin:/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8",
            "HOME": "/nonexistent", "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null", "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1", "AWS_PAGER": "", "AWS_ENDPOINT_URL": endpoint}

    def aws(self, *arguments, may_fail=False, shown=True):
        """Prints it as typed, runs it, returns its stdout."""
        if shown:
            print(bold("$ aws " + " ".join(quoted(a) for a in arguments)), flush=True)
        argv = [ROOT / ".venv/bin/aws", "--endpoint-url", self.endpoint, *arguments]
        done = subprocess.run(argv, env=self.environment, cwd=ROOT, text=True, capture_output=True,
                              stdin=subprocess.DEVNULL)
        if shown:
            print(done.stdout.rstrip("\n"), end="\n" if done.stdout.strip() else "", flush=True)
        if done.returncode and not may_fail:
            print(done.stderr.strip(), file=sys.stderr)
            give_up(f"aws {arguments[0]} {arguments[1]}: exit code {done.returncode}",
                    next_command=f"{HOWDAH.relative_to(ROOT)} doctor")
        return done.stdout.strip()

    def end_earlier_cluster(self):
        ids = self.aws("emr", "list-clusters", "--active", "--query",
                       f"Clusters[?Name=='{NAME}'].Id", "--output", "text", shown=False)
        if ids:
            print("The cluster of an earlier demo makes room:")
            self.aws("emr", "terminate-clusters", "--cluster-ids", *ids.split())

    def run(self, data):
        bucket = BUCKET[len("s3://"):]
        if not self.has_bucket(bucket):
            self.aws("s3", "mb", BUCKET)
        self.aws("s3", "cp", "--no-progress", "apps/demo/health_violations.py", f"{BUCKET}/")
        self.aws("s3", "cp", "--no-progress", shorter(data), f"{BUCKET}/inspections.csv")
        cluster = self.aws(
            "emr", "create-cluster", "--name", NAME, "--release-label", RELEASE,
            "--applications", "Name=Spark", "--use-default-roles", "--log-uri", f"{BUCKET}/logs/",
            "--instance-type", "m5.xlarge", "--instance-count", "1",
            "--query", "ClusterId", "--output", "text")
        self.aws("emr", "wait", "cluster-running", "--cluster-id", cluster)
        output = f"{BUCKET}/{cluster}/red-violations"
        step = self.aws(
            "emr", "add-steps", "--cluster-id", cluster, "--steps",
            "Type=Spark,Name=Red-violations,ActionOnFailure=CONTINUE,"
            f"Args=[{BUCKET}/health_violations.py,--data_source,{BUCKET}/inspections.csv,"
            f"--output_uri,{output}]", "--query", "StepIds[0]", "--output", "text")
        print(f"The Spark UI, while the step runs: {SPARK_UI}")
        begin = time.monotonic()
        self.aws("emr", "wait", "step-complete", "--cluster-id", cluster, "--step-id", step,
                 may_fail=True)
        state = self.aws("emr", "describe-step", "--cluster-id", cluster, "--step-id", step,
                         "--query", "Step.Status.State", "--output", "text", shown=False)
        if state != "COMPLETED":
            subprocess.run([HOWDAH, "logs", step, "--file", "stderr", "-n", "25"])
            give_up(f"the step {step} is {state}",
                    next_command=f"build/howdah logs {step} --file controller")
        print(f"The step took {time.monotonic() - begin:.1f} s.")
        return cluster, step, output

    def has_bucket(self, bucket):
        argv = [ROOT / ".venv/bin/aws", "--endpoint-url", self.endpoint, "s3api", "head-bucket",
                "--bucket", bucket]
        return subprocess.run(argv, env=self.environment, capture_output=True).returncode == 0

    def show_result(self, output):
        folder = ROOT / "build/demo" / output.split("/")[-2]
        self.aws("s3", "cp", "--no-progress", "--recursive", output, shorter(folder))
        rows = []
        for part in sorted(folder.glob("part-*.csv")):
            with open(part, newline="", encoding="utf-8") as file:
                lines = list(csv.reader(file))
                rows += lines if not rows else lines[1:]
        if not rows:
            give_up(f"there is no result in {output}")
        widths = [max(len(cell) for cell in column) for column in zip(*rows)]
        print()
        for number, row in enumerate(rows):
            numbers = [cell.rjust(width) for cell, width in zip(row[1:], widths[1:])]
            line = "   ".join([row[0].ljust(widths[0]), *numbers])
            print("  " + (bold(line) if number == 0 else line))
        print()


def quoted(argument):
    """As one would type it: quotes only where the shell needs them."""
    return shlex.quote(str(argument))


def shorter(path):
    path = pathlib.Path(path)
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


def check_columns(path):
    with open(path, newline="", encoding="utf-8", errors="replace") as file:
        header = next(csv.reader(file), [])
    missing = [name for name in ("name", "violation_type") if name not in header]
    if missing:
        give_up(f"{path} has no column {' nor '.join(missing)}; its first line must be like "
                + ",".join(COLUMNS))


def sample():
    """The same rows every time: seeded."""
    path = ROOT / "build/demo/inspections.csv"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run([sys.executable, ROOT / "tools/make_inspections.py", path], check=True,
                       stdout=subprocess.DEVNULL)
    return path


def endpoint_of_server():
    done = subprocess.run([HOWDAH, "up", "--json"], text=True, capture_output=True, cwd=ROOT)
    if done.returncode:
        print(done.stderr.strip(), file=sys.stderr)
        give_up("the server does not start", next_command="build/howdah doctor")
    return json.loads(done.stdout)["Endpoint"]


# The driver runs on the primary node, which shares this host's network: Spark's own port it is.
SPARK_UI = "http://localhost:4040"


def say_goodbye(cluster, step):
    print("The server and the WAITING cluster stay up. This shell, pointed at them:\n")
    print('  eval "$(build/howdah env)"\n')
    print(f"The Spark UI, while a step runs: {SPARK_UI}\n")
    print("Three commands to try next:\n")
    print(f"  aws emr list-steps --cluster-id {cluster} --output table")
    print(f"  build/howdah logs {step} --file controller")
    print(f"  aws s3 ls --recursive {BUCKET}/logs/{cluster}/\n")
    print("When you are done: build/howdah down")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=pathlib.Path)
    parser.add_argument("--begin", type=float, default=time.time())
    options = parser.parse_args()
    if options.data:
        check_columns(options.data)
    build_and_download()
    data = options.data or sample()
    endpoint = endpoint_of_server()
    print(f"\nThe server answers at {endpoint}. From here on it is the AWS tutorial:\n")
    print(bold(f"$ alias aws='.venv/bin/aws --endpoint-url {endpoint}'"))
    tutorial = Tutorial(endpoint)
    tutorial.end_earlier_cluster()
    cluster, step, output = tutorial.run(data)
    tutorial.show_result(output)
    say_goodbye(cluster, step)
    took = datetime.timedelta(seconds=int(time.time() - options.begin))
    print(f"All of it took {took}.")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        print("\ndemo: interrupted; `build/howdah down` stops what runs", file=sys.stderr)
        sys.exit(130)
