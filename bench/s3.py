#!/usr/bin/env python3
"""S3 bodies and small objects, Howdah beside versitygw, in one run on one disk.

    bench/s3.py [--server build/howdah] [--versitygw PATH] [--mib 1024] [--objects 4000]

Both get the same signed requests from the same client: one PUT and one GET of a large body over one
connection, then objects of 4 KiB over 16 connections. The rounds alternate between the two and the
median counts. Without versitygw (`go install github.com/versity/versitygw/cmd/versitygw@latest`)
only Howdah is measured. Prints a Markdown table; also how often each called fsync for 100 PUTs, if
strace is there, because a PUT that does not sync is another thing than one that does.
"""
import argparse
import hashlib
import os
import pathlib
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

import botocore.auth
import botocore.awsrequest
import botocore.credentials

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))
from support.server import Server, until  # noqa: E402

MIB = 1024 * 1024
SMALL = 4096
CONNECTIONS = 16


class Peer:
    """A running S3 server and how to sign for it."""

    def __init__(self, name, port, pid, access, secret):
        self.name, self.port, self.pid = name, port, pid
        self.credentials = botocore.credentials.Credentials(access, secret)

    def head(self, method, path, length=0, payload="UNSIGNED-PAYLOAD"):
        """The bytes of a signed request's head."""
        request = botocore.awsrequest.AWSRequest(
            method=method, url=f"http://127.0.0.1:{self.port}{path}",
            headers={"X-Amz-Content-SHA256": payload})
        request.context["payload_signing_enabled"] = False
        auth = botocore.auth.S3SigV4Auth(self.credentials, "s3", "us-east-1")
        auth.payload = lambda _: payload
        auth.add_auth(request)
        fields = {**dict(request.headers), "Host": f"127.0.0.1:{self.port}"}
        if method == "PUT":
            fields["Content-Length"] = str(length)
        lines = [f"{method} {path} HTTP/1.1"] + [f"{k}: {v}" for k, v in fields.items()]
        return ("\r\n".join(lines) + "\r\n\r\n").encode()

    def connect(self):
        connection = socket.create_connection(("127.0.0.1", self.port))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection


def answer(connection, sink):
    """Reads one answer; its body goes through `sink`. Returns (status, length of the body)."""
    got = b""
    while b"\r\n\r\n" not in got:
        piece = connection.recv(65536)
        if not piece:
            raise ConnectionError(f"closed after {got!r}")
        got += piece
    head, rest = got.split(b"\r\n\r\n", 1)
    status = int(head.split()[1])
    field = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
    length = int(field.group(1)) if field else 0
    left = length - len(rest)
    while left > 0:
        count = connection.recv_into(sink, min(left, len(sink)))
        if count == 0:
            raise ConnectionError("the body is cut short")
        left -= count
    if status not in (200, 204):
        raise RuntimeError(f"{head.decode()}\n{rest.decode(errors='replace')}")
    return status, length


def call(peer, method, path, connection=None, payload=hashlib.sha256(b"").hexdigest()):
    with connection or peer.connect() as own:
        own.sendall(peer.head(method, path, 0, payload))
        return answer(own, bytearray(65536))


def large(peer, source, size):
    """Seconds of a PUT and of a GET of `source`."""
    sink = bytearray(MIB)
    with peer.connect() as connection:
        begin = time.monotonic()
        connection.sendall(peer.head("PUT", "/bench/large", size))
        with open(source, "rb") as file:
            sent = 0
            while sent < size:
                sent += os.sendfile(connection.fileno(), file.fileno(), sent, size - sent)
        answer(connection, sink)
        put = time.monotonic() - begin
    with peer.connect() as connection:
        begin = time.monotonic()
        connection.sendall(peer.head("GET", "/bench/large"))
        _, length = answer(connection, sink)
        assert length == size
        return put, time.monotonic() - begin


def small(peer, method, count, prefix):
    """Requests a second and the 50th and 99th percentile in ms, for `count` objects of 4 KiB."""
    body = os.urandom(SMALL)
    requests = [[] for _ in range(CONNECTIONS)]
    for number in range(count):
        path = f"/bench/{prefix}/{number % 100}/{number}"
        head = peer.head(method, path, SMALL if method == "PUT" else 0)
        requests[number % CONNECTIONS].append(head + (body if method == "PUT" else b""))
    times = []

    def work(share):
        sink = bytearray(65536)
        own = []
        with peer.connect() as connection:
            for request in share:
                begin = time.monotonic()
                connection.sendall(request)
                answer(connection, sink)
                own.append(time.monotonic() - begin)
        times.extend(own)

    threads = [threading.Thread(target=work, args=(share,)) for share in requests]
    begin = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.monotonic() - begin
    if len(times) != count:
        raise RuntimeError(f"{peer.name}: {count - len(times)} requests failed")
    times.sort()
    return count / seconds, times[count // 2] * 1000, times[count * 99 // 100] * 1000


def syncs(peer, count=100):
    """How many calls of fsync and its kin `count` PUTs make; None without strace."""
    if not shutil.which("strace"):
        return None
    with tempfile.NamedTemporaryFile() as out:
        tracer = subprocess.Popen(
            ["strace", "-f", "-c", "-e", "trace=fsync,fdatasync,syncfs,msync", "-o", out.name,
             "-p", str(peer.pid)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(1.0)  # strace has no way to say that it is attached
        small(peer, "PUT", count, "traced")
        tracer.terminate()
        tracer.wait()
        text = pathlib.Path(out.name).read_text(encoding="utf-8")
    calls = re.findall(r"^ *[\d.]+ +[\d.]+ +\d+ +(\d+) .*(?:sync)", text, re.MULTILINE)
    return sum(int(number) for number in calls)


def start_versitygw(binary, folder):
    folder.mkdir()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [binary, "--access", "test", "--secret", "test", "--port", f"127.0.0.1:{port}", "--quiet",
         "--keep-alive", "posix", str(folder)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def answers():
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return True
        except OSError:
            return False
    until(answers, "versitygw listens", 20)
    return process, Peer("versitygw", port, process.pid, "test", "test")


def measure(peers, source, size, objects, rounds):
    results = {peer.name: {"put": [], "get": [], "puts": [], "gets": []} for peer in peers}
    for turn in range(rounds):
        for peer in peers:
            row = results[peer.name]
            put, get = large(peer, source, size)
            row["put"].append(put)
            row["get"].append(get)
            row["puts"].append(small(peer, "PUT", objects, f"r{turn}"))
            row["gets"].append(small(peer, "GET", objects, f"r{turn}"))
    return results


def report(peers, results, size, traced):
    lines = [f"| | {' | '.join(peer.name for peer in peers)} | ratio |",
             "|---|" + "---|" * len(peers) + "---|"]

    def ratio(values, more_is_better):
        if len(values) < 2 or not all(values):
            return "-"
        return f"{(values[0] / values[1] if more_is_better else values[1] / values[0]):.2f}x"

    for key, what in (("put", "PUT"), ("get", "GET")):
        seconds = [statistics.median(results[peer.name][key]) for peer in peers]
        cells = [f"{s:.2f} s ({size / MIB / s:.0f} MiB/s)" for s in seconds]
        lines.append(f"| {what} of {size // MIB} MiB, one connection | {' | '.join(cells)} "
                     f"| {ratio(seconds, False)} |")
    for key, what in (("puts", "PUT"), ("gets", "GET")):
        rows = [[statistics.median(column) for column in zip(*results[peer.name][key])]
                for peer in peers]
        cells = [f"{rate:.0f}/s, p50 {p50:.1f} ms, p99 {p99:.1f} ms" for rate, p50, p99 in rows]
        lines.append(f"| {what} of 4 KiB, {CONNECTIONS} connections | {' | '.join(cells)} "
                     f"| {ratio([row[0] for row in rows], True)} |")
    if any(count is not None for count in traced):
        lines.append(f"| sync calls of 100 such PUTs | {' | '.join(map(str, traced))} | |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", default=str(ROOT / "build" / "howdah"))
    parser.add_argument("--versitygw", default=shutil.which("versitygw"))
    parser.add_argument("--mib", type=int, default=1024)
    parser.add_argument("--objects", type=int, default=4000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", default=None, help="where both keep their data")
    options = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="howdah-bench-", dir=options.folder))
    size = options.mib * MIB
    source = folder / "source"
    with open(source, "wb") as file:
        for _ in range(options.mib):
            file.write(os.urandom(MIB))
    other = None
    server = Server(folder / "howdah", options.server).start()
    try:
        port = int(server.endpoint.rsplit(":", 1)[1].strip("/"))
        peers = [Peer("Howdah", port, server.process.pid, "test", "test")]
        if options.versitygw:
            other, peer = start_versitygw(options.versitygw, folder / "versitygw")
            peers.append(peer)
        else:
            print("versitygw is not there: only Howdah is measured", file=sys.stderr)
        for peer in peers:
            call(peer, "PUT", "/bench")
        print(f"load average at the start: {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores\n")
        results = measure(peers, source, size, options.objects, options.rounds)
        traced = [syncs(peer) for peer in peers]
        print(report(peers, results, size, traced))
    finally:
        server.shut_down()
        if other:
            other.terminate()
            other.wait()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
