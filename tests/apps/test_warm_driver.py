"""Warm drivers (src/warm, runtime/warm) with the real Spark of every release, outside of any node:
what a job in one can do and find must be what it can do and find in a JVM of its own."""
import contextlib
import os
import re
import signal
import subprocess
import textwrap

import pytest

from apps import spark_host
from support.server import ROOT, until

LABELS = ["emr-7.10.0", "emr-6.15.0", "emr-6.8.0"]
pytestmark = [
    pytest.mark.spark,
    pytest.mark.skipif(spark_host.missing() is not None, reason=str(spark_host.missing())),
    pytest.mark.usefixtures("engine"),
]

# What a probe may find different, and why.
MAY_DIFFER = {
    r"(child )?environment HOWDAH_WARM ": "it is what makes the cold one cold",
    r"property (sun\.java\.command|spark\.app\.submitTime|jetty\.git\.hash) ":
        "the command and its time; set by Jetty's class when it is loaded",
    r"(class|unloadable|static) .*\$Proxy\d+": "named by a counter of the JVM",
    r"(class|unloadable|static) .*(ProcfsMetricsGetter|ShuffleBlockPusher|SQLConf\$\$anon\$1)":
        "asks the running SparkEnv, so that it cannot be loaded before there is one",
    r"static .*Logging\$\$log_ ": "a logger, made at first use",
    r"static com\.amazonaws\.": "tables of the SDK, made at first use",
    r"static (com\.fasterxml\.jackson|org\.json4s)\.": "names and types seen, made at first use",
    r"static io\.netty\.": "process id, addresses, counters of thread names, start time",
    r"static org\.sparkproject\.(jetty\.util\.log|guava\.hash)": "loggers, a random seed",
    r"static org\.apache\.hadoop\.(fs\.FsTracer|tracing)": "a tracer that does nothing",
    r"static org\.apache\.hadoop\.security\.(UserGroupInformation|authentication\.util\.Kerberos)":
        "read from the job's configuration at first use, and not yet read here",
    r"static org\.apache\.hadoop\..*\.(BASE|POOLNUMBER|SPAN_ID_COUNTER|CONSTRUCTOR_CACHE)":
        "a random id, numbers of threads and of spans, constructors by reflection",
    r"static org\.apache\.hadoop\.(io\.compress\.CodecPool|util\.DiskValidatorFactory)":
        "compressors and checkers that any configuration shares",
    r"static org\.apache\.logging\.log4j\.util\.PropertySource": "names of properties, split",
    r"static org\.apache\.parquet\..*cachedEncodingSets": "sets of constants",
    r"static .*\.bitmap\$0 ": "which lazy values there are",
    r"static org\.apache\.spark\..*(GarbageCollectionMetrics|KryoSerializer|JsonProtocol|Decimal)":
        "tables of constants, made at first use",
    r"static org\.apache\.spark\..*(storageLevelCache|classInfos|hostPortParseResults"
    r"|DateTimeFormatterHelper)": "a cache whose answers depend on its questions alone",
    r"static org\.apache\.spark\..*(printPythonInfo|EvaluatePython\$\.registered)":
        "said, or registered, once a JVM",
    r"static org\.apache\.spark\..*ResourceProfile\$\.nextProfileId": "null or 0: the next is 0",
    r"static org\.apache\.spark\..*(SparkHadoopUtil\$\.instance|localIpAddress|fallbackConf)":
        "made anew from the job's settings at first use",
    r"static java\.": "addresses and handlers of URLs that were looked up",
    r"thread (broadcast-exchange|QueryStageCreator|subquery|shuffle-exchange|result-query)":
        "pools that Spark makes once a JVM; a setting of their size goes cold",
    r"thread (ForkJoinPool|MutableQuantiles|java-sdk-progress|process reaper|Keep-Alive|Cleaner)":
        "daemons of libraries that are made once a JVM",
    r"thread (netty|ObjectCleaner|org\.apache\.hadoop\.fs\.FileSystem\$Statistics|s3a|Timer)":
        "daemons of libraries that are made once a JVM",
}


class WarmHost(spark_host.SparkHost):
    def __init__(self, folder, label):
        super().__init__(folder, label=label)
        self.programs_of_warm = self.programs / "howdah-warm-driver"

    def job(self, text, name="job.py"):
        path = self.folder / "work" / name
        path.write_text(textwrap.dedent(text))
        return path

    @contextlib.contextmanager
    def warm(self, name="w", heap="1g", arguments=()):
        folder = self.folder / "warm" / name
        driver = subprocess.Popen(
            [self.programs_of_warm, "--name", name, "--heap", heap, *arguments],
            env=self.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, cwd="/")

        def ready():
            assert driver.poll() is None, (folder / "log").read_text()[-3000:]
            return (folder / "ready").exists()

        try:
            until(ready, f"warm driver {name}", timeout=600)
            yield driver
        finally:
            driver.terminate()
            assert driver.communicate(timeout=60)[0] == b""

    def submit(self, *arguments, heap="1g", environment=(), **options):
        options = {"cwd": self.folder / "work", **options}
        if "input" not in options:
            options.setdefault("stdin", subprocess.DEVNULL)
        return subprocess.run(
            [self.programs / "spark-submit", "--driver-memory", heap, *map(str, arguments)],
            env={**self.environment, **dict(environment)}, capture_output=True, timeout=900,
            **options)


def java_of(driver):
    """The JVM of a warm driver."""
    return int(subprocess.check_output(["pgrep", "-P", str(driver.pid)], text=True).split()[0])


def way(done):
    return done.stderr.decode().splitlines()[0]


@pytest.fixture(params=LABELS)
def host(request, install, tmp_path):
    install(request.param)
    return WarmHost(tmp_path, request.param)


@pytest.fixture
def newest(tmp_path):
    return WarmHost(tmp_path, spark_host.LABEL)


@pytest.fixture(scope="module")
def probe_jar(tmp_path_factory):
    folder = tmp_path_factory.mktemp("probe")
    subprocess.run(["javac", "-XDignore.symbol.file", "-Xlint:none", "-d", folder / "classes",
                    ROOT / "tests/apps/probe/Probe.java"], check=True, capture_output=True)
    subprocess.run(["jar", "--create", "--file", folder / "probe.jar", "-C", folder / "classes",
                    "."], check=True)
    return folder / "probe.jar"


def facts(path):
    """Lines of the probe, without numbers of descriptors, processes and sockets."""
    out = set()
    for line in path.read_text(errors="surrogateescape").splitlines():
        line = re.sub(r"/proc/\d+", "/proc/N", line)
        line = re.sub(r"socket:\[\d+\]", "socket", line)
        out.add(re.sub(r"^descriptor ([3-9]|\d\d+) =", "descriptor =", line))
    return out


def test_a_job_finds_nothing_of_the_throwaway_job(host, probe_jar):
    names = host.folder / "names.txt"
    listed = subprocess.check_output(["zcat", ROOT / "apps/spark/classes.lst.gz"], text=True)
    wanted = re.compile(r"(org/apache/(spark|hadoop|logging|parquet)|com/amazonaws|com/fasterxml"
                        r"|io/netty|scala|py4j|org/sparkproject|org/slf4j|com/codahale"
                        r"|org/json4s)/")
    names.write_text("\n".join(line.replace("/", ".") for line in listed.splitlines()
                               if wanted.match(line)))
    (host.folder / "work/here.txt").write_text("")
    with host.warm():
        done = host.submit("--class", "Probe", probe_jar, host.folder / "warm.out", names,
                           input=b"asked")
    assert done.returncode == 0, done.stderr.decode()
    assert "warm driver w" in way(done)
    loaded = host.folder / "loaded.txt"
    warm = facts(host.folder / "warm.out")
    loaded.write_text("\n".join(line.split()[1] for line in sorted(warm)
                                if line.startswith("class ")))
    done = host.submit("--class", "Probe", probe_jar, host.folder / "cold.out", names, loaded,
                       input=b"asked", environment={"HOWDAH_WARM": "off"})
    assert done.returncode == 0, done.stderr.decode()
    cold = facts(host.folder / "cold.out")
    assert "process stdin = asked" in warm & cold
    assert len(cold) > 10000 and len(warm) > 10000
    allowed = re.compile("|".join(f"(?:{pattern})" for pattern in MAY_DIFFER))

    def odd(lines):
        return sorted(line for line in lines if not allowed.match(line)
                      and "class loader" not in line and not line.startswith("class ")
                      and "probe" not in line and "/random" not in line
                      and not re.match(r"descriptor [012]? ?=", line))

    assert "\n".join(odd(warm - cold)) == ""
    # Threads and beans of classes that the list above has initialised are there in the cold one.
    assert "\n".join(line for line in odd(cold - warm)
                     if not line.startswith(("thread", "bean"))) == ""


def test_the_job_has_its_own_streams_folder_environment_arguments_and_exit_code(host):
    job = host.job("""
        import os, subprocess, sys
        from pyspark.sql import SparkSession
        from pyspark import SparkContext
        print("args", sys.argv[1:])
        print("cwd", os.getcwd())
        print("env", os.environ["PROBE"], os.environ.get("GONE"))
        spark = (SparkSession.builder.config("spark.sql.warehouse.dir", os.getcwd() + "/wh")
                 .getOrCreate())
        sc = spark.sparkContext
        java = sc._jvm.java
        print("jvm", java.lang.System.getenv("PROBE"), java.io.File("x").getAbsolutePath())
        print("app", sc.appName, sc._conf.get("spark.driver.memory"))
        print("warehouse", spark.conf.get("spark.sql.warehouse.dir"))
        print("rdd", sc.parallelize([1, 2]).id(), spark.range(3)._jdf.queryExecution().analyzed())
        seen = sc.parallelize(range(4), 2).map(lambda x: os.environ["PROBE"]).distinct()
        print("workers", seen.collect())
        print("umask", subprocess.check_output(["sh", "-c", "umask"], text=True).strip())
        print("to stderr", file=sys.stderr)
        sys.exit(3)
        """, "a job.py")
    outputs = {}
    for kind in ("warm", "off"):
        with contextlib.ExitStack() as stack:
            if kind == "warm":
                stack.enter_context(host.warm())
            done = host.submit(job.name, "a b", "ü'\"", "", umask=0o027,
                               environment={"PROBE": "é x=y", "HOWDAH_WARM": kind})
        assert done.returncode == 3, done.stderr.decode()
        assert ("warm driver" in way(done)) == (kind == "warm"), way(done)
        outputs[kind] = done.stdout.decode()
    assert outputs["warm"] == outputs["off"]
    assert "to stderr" in outputs["warm"]  # where Spark sends what Python says
    assert "args ['a b', 'ü\\'\"', '']" in outputs["warm"]
    assert "workers ['é x=y']" in outputs["warm"]


def test_a_warm_driver_serves_one_job_and_others_go_cold_with_the_reason(newest):
    job = newest.job("print('ran')")
    with newest.warm() as driver:
        for arguments, heap, reason in [
                (["--jars", "/nothing.jar"], "1g", "--jars changes the class path"),
                (["--conf", "spark.jars.packages=a:b:1"], "1g", "spark.jars.packages"),
                (["--driver-java-options", "-Da=b"], "1g", "the JVM's options are '-Da=b'"),
                ([], "2g", "driver memory is 2048 MiB, the warm driver has 1024 MiB"),
                (["--driver-class-path", "/nothing"], "1g", "spark.driver.extraClassPath is set")]:
            done = newest.submit(*arguments, job, heap=heap)
            assert way(done) == f"howdah: cold start: {reason}" or reason in way(done)
        done = newest.submit(job, environment={"HOWDAH_JIT": "c2"})
        assert way(done) == "howdah: cold start: c2 is wanted, the warm driver has c1"
        assert driver.poll() is None
        both = [newest.submit(job), newest.submit(job)]
        assert [done.stdout for done in both] == [b"ran\n"] * 2
        assert "warm driver w, ready for" in way(both[0])
        assert way(both[1]) == "howdah: cold start: no warm driver is ready"
        assert driver.wait(60) == 0


def test_two_launchers_never_get_the_same_driver(newest):
    job = newest.job("print('ran')")
    with newest.warm():
        command = [newest.programs / "spark-submit", "--driver-memory", "1g", job]
        running = [subprocess.Popen(command, env=newest.environment, stdin=subprocess.DEVNULL,
                                    stdout=subprocess.PIPE, stderr=subprocess.PIPE)
                   for _ in range(3)]
        ends = [process.communicate(timeout=900) for process in running]
    assert [out for out, _ in ends] == [b"ran\n"] * 3
    assert sorted(b"warm driver w" in err for _, err in ends) == [False, False, True]


WAITING = """
    import time
    from pyspark import SparkContext
    sc = SparkContext()
    print("waiting", flush=True)
    time.sleep(600)
    """


@contextlib.contextmanager
def waiting_job(host):
    job = host.job(WAITING)
    process = subprocess.Popen([host.programs / "spark-submit", "--driver-memory", "1g", job],
                               env=host.environment, stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        assert process.stdout.readline() == b"waiting\n"
        yield process
    finally:
        process.kill()
        process.wait()
        # In a node it ends with its driver's process; here nobody else ends it.
        subprocess.run(["pkill", "-9", "-f", f"^[^ ]*python3 {job}$"], check=False)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_reaches_the_job(newest, number):
    with newest.warm() as driver, waiting_job(newest) as process:
        process.send_signal(number)
        assert process.wait(120) == 128 + number
        assert driver.wait(60) == 0


def test_a_jvm_killed_during_the_job_is_exit_code_137(newest):
    with newest.warm() as driver, waiting_job(newest) as process:
        os.kill(java_of(driver), signal.SIGKILL)
        assert process.wait(120) == 137


def test_a_jvm_killed_before_the_job_serves_nobody(newest):
    job = newest.job("print('ran')")
    with newest.warm() as driver:
        os.kill(java_of(driver), signal.SIGKILL)
        done = newest.submit(job)
        assert way(done) == "howdah: cold start: no warm driver is ready"
        assert done.stdout == b"ran\n"
        assert driver.wait(60) != 0


def test_a_driver_leaves_when_it_is_asked_unless_a_job_has_it(newest):
    def ask(name):
        subprocess.run([newest.programs_of_warm, "--end", name], env=newest.environment,
                       check=True, timeout=60)
    with newest.warm("a") as driver:
        with waiting_job(newest) as process:
            ask("a")
            assert driver.poll() is None and process.poll() is None
        assert driver.wait(60) == 0
    with newest.warm("b") as driver:
        ask("b")
        assert driver.wait(60) == 0
        assert "no warm driver is ready" in way(newest.submit(newest.job("print('ran')")))


def test_a_killed_launcher_ends_the_job(newest):
    with newest.warm() as driver, waiting_job(newest) as process:
        java = java_of(driver)
        process.kill()
        assert driver.wait(60) == 0
        until(lambda: not os.path.exists(f"/proc/{java}"), "the job's end")
