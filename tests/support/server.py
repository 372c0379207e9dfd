"""A real `howdah serve` that can be started, killed, restarted and looked into.

    with Server(data) as server:
        boto3.client("emr", endpoint_url=server.endpoint, ...)
"""
import json
import os
import pathlib
import signal
import subprocess
import time
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


def clean_environment(endpoint=None, home="/nonexistent"):
    """What a client of ours sees: nothing of the host's AWS settings, the venv's programs first."""
    environment = {
        "PATH": f"{ROOT}/.venv/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_PAGER": "",
        "NO_COLOR": "1",
        **KEYS,
    }
    if endpoint:
        environment["AWS_ENDPOINT_URL"] = endpoint
    return environment


def server_environment():
    """What the server sees: the user's home (engines are shared there) and the site's mirrors, but
    neither keys nor a region."""
    kept = {name: value for name, value in os.environ.items()
            if name in ("HOME", "XDG_DATA_HOME", "ASAN_OPTIONS", "TSAN_OPTIONS", "JAVA_HOME")
            or name.startswith(("PIP_", "MAVEN_", "HOWDAH_")) or name.lower().endswith("_proxy")}
    base = clean_environment()
    return {**{name: base[name] for name in ("PATH", "LANG", "NO_COLOR")}, **kept}


def until(condition, what, timeout=30.0, every=0.02):
    """Polls `condition` until it gives something true, and returns that."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {timeout:.0f} s")
        time.sleep(every)


class Server:
    def __init__(self, data, binary=None, listen="127.0.0.1:0", arguments=(), environment=None):
        self.data = pathlib.Path(data)
        self.binary = pathlib.Path(binary or ROOT / "build" / "howdah")
        self.listen = listen
        self.arguments = list(arguments)
        self.environment = environment or {}
        self.process = None
        self.endpoint = None
        self.log_path = self.data.parent / (self.data.name + ".log")

    # -- life -----------------------------------------------------------------------------------
    def start(self, timeout=30.0):
        """Returns once the server has said where it answers: the first line of its stdout."""
        self.data.mkdir(parents=True, exist_ok=True)
        environment = {**server_environment(), **self.environment}
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [self.binary, "serve", "--data", self.data, "--listen", self.listen,
                 *self.arguments],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, env=environment)
        os.set_blocking(self.process.stdout.fileno(), False)
        line = b""

        def answered():
            nonlocal line
            line += self.process.stdout.read() or b""
            if self.process.poll() is not None:
                raise RuntimeError(f"the server ended with {self.process.returncode}\n"
                                   + self.log_tail())
            return b"\n" in line

        until(answered, "howdah serve: the first line of its output", timeout)
        first = line.split(b"\n")[0].decode()
        self.endpoint = next(word for word in first.split() if word.startswith("http"))
        # From now on the same port: a restarted server is found again by its clients.
        self.listen = urllib.parse.urlsplit(self.endpoint).netloc.replace("localhost", "127.0.0.1")
        return self

    def kill(self):
        """As a power cut would: no word to the server. Nodes and jobs go on."""
        self.process.kill()
        self.process.wait()

    def terminate(self, timeout=30.0):
        """The server alone; nodes and jobs go on."""
        self.process.terminate()
        self.process.wait(timeout)

    def shut_down(self, timeout=60.0):
        """The server, every node, every job: what `howdah down` does."""
        if self.process is None:
            return
        if self.process.poll() is None:
            try:
                self.call("POST", "/_howdah/shutdown", {"Drain": True}, timeout=timeout)
                self.process.wait(timeout)
            except Exception as error:  # the tests' verdict does not depend on how it went down
                print(f"shutdown: {error}; terminating")
                self.process.terminate()
                try:
                    self.process.wait(10)
                except subprocess.TimeoutExpired:
                    self.process.kill()
                    self.process.wait()
        self.process.stdout.close()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.shut_down()
        for pid in self.left_processes():
            os.kill(pid, signal.SIGKILL)

    # -- looking in -----------------------------------------------------------------------------
    def call(self, method, path, body=None, timeout=30.0):
        """A signed request of our own API, below /_howdah/."""
        import botocore.auth
        import botocore.awsrequest
        import botocore.credentials
        import botocore.httpsession
        data = json.dumps(body).encode() if body is not None else b""
        request = botocore.awsrequest.AWSRequest(
            method=method, url=self.endpoint + path, data=data,
            headers={"Content-Type": "application/json"})
        keys = botocore.credentials.Credentials(*KEYS.values())
        botocore.auth.SigV4Auth(keys, "howdah", "us-east-1").add_auth(request)
        answer = botocore.httpsession.URLLib3Session(timeout=timeout).send(request.prepare())
        if answer.status_code >= 300:
            raise RuntimeError(f"{method} {path}: {answer.status_code} {answer.text[:500]}")
        return json.loads(answer.text) if answer.text.strip() else {}

    def log_tail(self, lines=40):
        if not self.log_path.exists():
            return ""
        with open(self.log_path, "rb") as log:
            log.seek(max(0, self.log_path.stat().st_size - 64 * 1024))
            return b"\n".join(log.read().splitlines()[-lines:]).decode(errors="replace")

    def node_init(self, cluster, instance):
        """The pid of a node's init; every process of the node is below it."""
        saved = json.loads((self.data / f"nodes/{cluster}~{instance}/init").read_text())
        return saved["init"]["pid"]

    def kill_node(self, cluster, instance):
        """As if somebody pulled its plug."""
        os.kill(self.node_init(cluster, instance), signal.SIGKILL)

    def processes_of_node(self, cluster, instance):
        """Pid and command line of each process of the node: what has its folder mounted. Steps and
        daemons have PID namespaces of their own."""
        folder = os.fsencode(f"{self.data}/nodes/{cluster}~{instance}/")
        own = os.stat("/proc/self/ns/mnt").st_ino
        found = {}
        for entry in pathlib.Path("/proc").iterdir():
            try:
                if (entry.name.isdigit() and os.stat(entry / "ns/mnt").st_ino != own
                        and folder in (entry / "mountinfo").read_bytes()):
                    command = (entry / "cmdline").read_bytes().replace(b"\0", b" ")
                    found[int(entry.name)] = command.decode(errors="replace")
            except OSError:  # it ended
                continue
        return found

    def left_processes(self):
        """Pids that belong to this data directory: by their command line, or by their mounts."""
        data = os.fsencode(str(self.data))
        own = os.stat("/proc/self/ns/mnt").st_ino
        left = []
        for entry in pathlib.Path("/proc").iterdir():
            if not entry.name.isdigit() or int(entry.name) == os.getpid():
                continue
            try:
                mine = data in (entry / "cmdline").read_bytes()
                if not mine and os.stat(entry / "ns/mnt").st_ino != own:
                    mine = data in (entry / "mountinfo").read_bytes()
                state = (entry / "stat").read_text().rsplit(")", 1)[1].split()[0]
            except OSError:
                continue
            if mine and state != "Z":
                left.append(int(entry.name))
        return left

    def left_mounts(self):
        return [line.split()[4] for line in pathlib.Path("/proc/self/mountinfo").read_text()
                .splitlines() if str(self.data) in line]
