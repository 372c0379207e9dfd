"""EMR's API beside moto_server: the same signed requests, 16 connections, in one run.

    .venv/bin/python bench/api.py [--seconds 5] [--connections 16] [--server build/howdah]

Ours keeps everything on disk (synchronous=FULL) and has the control loop running; moto keeps it
in memory and runs nothing. The load is wrk (Debian), each operation for the same time, ours and
moto in turn. moto is installed into build/bench-venv with pip.
"""

import argparse
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

import boto3
import botocore.auth
import botocore.awsrequest
import botocore.credentials

from support.server import KEYS, Server, until

MOTO = "5.2.1"
CLUSTER = {
    "Name": "bench",
    "ReleaseLabel": "emr-7.10.0",
    "Applications": [{"Name": "Spark"}],
    "ServiceRole": "EMR_DefaultRole",
    "JobFlowRole": "EMR_EC2_DefaultRole",
    "Instances": {
        "InstanceGroups": [
            {"InstanceRole": "MASTER", "InstanceType": "m5.xlarge", "InstanceCount": 1}
        ],
        "KeepJobFlowAliveWhenNoSteps": True,
    },
}
STEP = {
    "Name": "wait",
    "ActionOnFailure": "CONTINUE",
    "HadoopJarStep": {"Jar": "command-runner.jar", "Args": ["true"]},
}


def moto_server(port):
    venv = ROOT / "build" / "bench-venv"
    program = venv / "bin" / "moto_server"
    if not program.exists():
        subprocess.run([sys.executable, "-m", "venv", venv], check=True)
        subprocess.run(
            [venv / "bin" / "pip", "install", "-q", f"moto[server,emr,iam]=={MOTO}"], check=True
        )
    process = subprocess.Popen(
        [program, "-p", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )

    def answers():
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    until(answers, "moto_server answers", 60)
    return process


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def signed(endpoint, operation, body):
    """The request as a wrk script. Its signature is good for 15 minutes."""
    data = json.dumps(body).encode()
    request = botocore.awsrequest.AWSRequest(
        method="POST",
        url=endpoint + "/",
        data=data,
        headers={
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": f"ElasticMapReduce.{operation}",
        },
    )
    keys = botocore.credentials.Credentials(*KEYS.values())
    botocore.auth.SigV4Auth(keys, "elasticmapreduce", "us-east-1").add_auth(request)
    lines = ['wrk.method = "POST"', f"wrk.body = [=[{data.decode()}]=]"]
    lines += [f'wrk.headers["{name}"] = "{value}"' for name, value in request.headers.items()]
    return "\n".join(lines) + "\n"


def load(endpoint, operation, body, seconds, connections, folder):
    script = folder / "request.lua"
    script.write_text(signed(endpoint, operation, body))
    done = subprocess.run(
        [
            "wrk",
            "-t1",
            f"-c{connections}",
            f"-d{seconds}s",
            "--latency",
            "--timeout",
            "30s",
            "-s",
            script,
            endpoint + "/",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    text = done.stdout

    def millis(percent):
        value, unit = re.search(rf"{percent}%\s+([\d.]+)(us|ms|s)", text).groups()
        return float(value) * {"us": 0.001, "ms": 1, "s": 1000}[unit]

    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    return {
        "rate": float(re.search(r"Requests/sec:\s+([\d.]+)", text).group(1)),
        "p50": millis(50),
        "p99": millis(99),
        "bad": int(bad.group(1)) if bad else 0,
    }


def prepare(endpoint):
    """Twenty clusters, one with fifty steps; answers its id."""
    emr = boto3.client(
        "emr",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    first = emr.run_job_flow(**CLUSTER)["JobFlowId"]
    emr.add_job_flow_steps(JobFlowId=first, Steps=[STEP] * 50)
    for _ in range(19):
        emr.run_job_flow(**CLUSTER)
    return emr, first


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--server", default=str(ROOT / "build" / "howdah"))
    given = parser.parse_args()
    if not shutil.which("wrk"):
        sys.exit("bench/api.py needs wrk: apt-get install wrk")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="howdah-bench-"))
    port = free_port()
    moto = moto_server(port)
    rows = []
    try:
        with Server(folder / "data", given.server, arguments=["--log-level", "warn"]) as server:
            places = {"howdah": server.endpoint, "moto": f"http://127.0.0.1:{port}"}
            prepared = {name: prepare(endpoint) for name, endpoint in places.items()}
            emr, first = prepared["howdah"]
            until(
                lambda: not emr.list_steps(ClusterId=first, StepStates=["PENDING", "RUNNING"])[
                    "Steps"
                ],
                "the steps end",
                120,
                0.2,
            )
            for operation in ("DescribeCluster", "ListClusters", "ListSteps", "RunJobFlow"):
                row = {}
                for name, endpoint in places.items():
                    body = {
                        "DescribeCluster": {"ClusterId": prepared[name][1]},
                        "ListClusters": {},
                        "ListSteps": {"ClusterId": prepared[name][1]},
                        "RunJobFlow": CLUSTER,
                    }[operation]
                    row[name] = load(
                        endpoint, operation, body, given.seconds, given.connections, folder
                    )
                rows.append((operation, row))
    finally:
        moto.kill()
        moto.wait()
        shutil.rmtree(folder, ignore_errors=True)
    cores, busy = os.cpu_count(), os.getloadavg()[0]
    print(
        f"{given.connections} connections, {given.seconds} s each, moto {MOTO}, {cores} cores, "
        f"load average {busy:.1f}\n"
    )
    print(
        "| operation | Howdah | moto | ratio | p50, p99 Howdah | p50, p99 moto |\n"
        "|---|---|---|---|---|---|"
    )
    for operation, row in rows:
        ours, theirs = row["howdah"], row["moto"]
        print(
            f"| {operation} | {ours['rate']:.0f}/s | {theirs['rate']:.0f}/s | "
            f"{ours['rate'] / theirs['rate']:.1f}x | "
            f"{ours['p50']:.1f}, {ours['p99']:.1f} ms | "
            f"{theirs['p50']:.1f}, {theirs['p99']:.1f} ms |"
        )
        if ours["bad"] or theirs["bad"]:
            print(f"  not 2xx: {ours['bad']} of ours, {theirs['bad']} of moto's")


if __name__ == "__main__":
    main()
