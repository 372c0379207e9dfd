"""How fast a Spark driver starts: the same small word count by spark-submit of PySpark as pip
installs it, by howdah-submit without a warm driver, and with one.

    .venv/bin/python bench/driver_start.py [--rounds 5] [--label emr-7.10.0]

All on this host, outside any node, with the same heap and master. A round runs each once; the
figures are medians, and the ratios are of them. A warm driver is made before its run and is not in
the figure; what it costs stands beside it.
"""

import argparse
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))
sys.path.insert(0, str(ROOT / "tests" / "apps"))

from spark_host import SparkHost

from support.server import until

JOB = """
import sys, time
print("first", time.time(), flush=True)
from pyspark.sql import SparkSession
spark = SparkSession.builder.appName("wordcount").getOrCreate()
lines = spark.read.text(sys.argv[1]).rdd.map(lambda row: row[0])
counts = lines.flatMap(lambda x: x.split(" ")).map(lambda x: (x, 1)).reduceByKey(lambda a, b: a + b)
print("words", len(counts.collect()))
spark.stop()
"""
HEAP = ["--master", "local[2]", "--driver-memory", "4g"]


def bare_environment(host, folder):
    """PySpark as pip leaves it: no settings, no class archive, its modules not compiled."""
    home = folder / "bare"
    shutil.copytree(host.home, home, symlinks=True, ignore=shutil.ignore_patterns("lib", "conf"))
    (home / "conf").mkdir()
    (home / "python/lib").mkdir()
    for zipped in (host.home / "python/lib").glob("*.zip"):
        without_bytecode(zipped, home / "python/lib" / zipped.name)
    return {"PATH": "/usr/bin:/bin", "SPARK_HOME": str(home), "HOME": str(folder),
            "JAVA_HOME": host.environment["JAVA_HOME"], "LANG": "C.UTF-8",
            "PYSPARK_PYTHON": "/usr/bin/python3", "SPARK_LOCAL_IP": "127.0.0.1"}


def without_bytecode(source, target):
    import zipfile

    with zipfile.ZipFile(source) as old, \
            zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            if not entry.filename.endswith(".pyc"):
                new.writestr(entry, old.read(entry))


def run(argv, environment, folder, expected):
    """Seconds to the first line of user code, and in all."""
    began = time.time()
    done = subprocess.run(argv, env=environment, cwd=folder, capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, check=False)
    took = time.time() - began
    if done.returncode or "words 5003" not in done.stdout or expected not in done.stderr:
        sys.exit(f"{argv[0]} ended with {done.returncode}:\n{done.stdout}\n{done.stderr[-3000:]}")
    return float(done.stdout.split()[1]) - began, took


def warm_driver(host):
    """A driver that is ready; its process and the seconds that it took."""
    began = time.monotonic()
    driver = subprocess.Popen([host.programs / "howdah-warm-driver", "--name", "bench", "--heap",
                               "4g"], env=host.environment, stdin=subprocess.DEVNULL)
    ready = host.folder / "warm/bench/ready"
    until(lambda: ready.exists() or driver.poll() is not None, "a warm driver", timeout=600)
    return driver, time.monotonic() - began


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--label", default="emr-7.10.0")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        host = SparkHost(folder / "host", label=options.label)
        (folder / "job.py").write_text(JOB)
        (folder / "words.txt").write_text("".join(f"word{i} a b c\n" for i in range(5000)))
        job = [*HEAP, folder / "job.py", folder / "words.txt"]
        bare = bare_environment(host, folder)
        seen = {"bare": [], "cold": [], "warm": []}
        made = []
        for _ in range(options.rounds):
            seen["bare"].append(
                run([f"{bare['SPARK_HOME']}/bin/spark-submit", *job], bare, folder, ""))
            seen["cold"].append(run([host.programs / "spark-submit", *job],
                                    {**host.environment, "HOWDAH_WARM": "off"}, folder,
                                    "howdah: cold start"))
            driver, seconds = warm_driver(host)
            made.append(seconds)
            seen["warm"].append(run([host.programs / "spark-submit", *job], host.environment,
                                    folder, "howdah: warm driver"))
            driver.wait(60)
        report(seen, made)


def report(seen, made):
    median = {name: [statistics.median(column) for column in zip(*runs)]
              for name, runs in seen.items()}
    print(f"load average {os.getloadavg()[0]:.1f}, {len(made)} rounds, medians")
    print("| | first user line | total | of bare |\n|---|---|---|---|")
    for name, title in [("bare", "spark-submit of PySpark"), ("cold", "howdah-submit, cold"),
                        ("warm", "howdah-submit, warm")]:
        first, total = median[name]
        print(f"| {title} | {first * 1000:.0f} ms | {total:.2f} s | "
              f"{total / median['bare'][1]:.2f}x |")
    print(f"making a warm driver: {statistics.median(made):.1f} s")


if __name__ == "__main__":
    main()
