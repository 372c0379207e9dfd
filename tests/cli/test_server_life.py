"""up, status, env, aws, down: a server's life as its user sees it."""
import os
import re
import signal
import subprocess

from support.server import ROOT, until


def test_up_answers_and_down_leaves_nothing(howdah):
    first = howdah("up", "--listen", "127.0.0.1:0")
    assert re.search(r"up at .*http://localhost:\d+", first)
    assert "env)\"" in first
    pid = howdah.json("status")["Pid"]
    os.kill(pid, 0)
    howdah("down")
    until(lambda: not os.path.exists(f"/proc/{pid}"), "the server is gone", 10)
    assert "is down" in howdah("down")


def test_up_twice_is_the_same_server(up):
    before = up.json("status")["Pid"]
    assert "already up" in up("up")
    assert up.json("status")["Pid"] == before


def test_a_killed_server_is_told_and_started_again(up):
    pid = up.json("status")["Pid"]
    os.kill(pid, signal.SIGKILL)
    until(lambda: not os.path.exists(f"/proc/{pid}") or "Z (" in
          open(f"/proc/{pid}/status", encoding="utf-8").read(), "it is gone", 10)
    done = up.run("status")
    assert done.returncode == 1
    up("up", "--listen", "127.0.0.1:0")
    assert up.json("status")["Up"]


def test_status_shows_endpoint_engines_and_clusters(up):
    text = up("status")
    assert "endpoint   http://localhost:" in text
    assert str(up.data) in text
    assert "clusters   none" in text


def test_env_points_a_shell_here_and_away_from_the_users_profile(up):
    script = 'eval "$(%s env)"; env' % up.binary
    done = subprocess.run(["bash", "-c", script], text=True, capture_output=True, env={
        **up.environment, "AWS_PROFILE": "production", "AWS_SESSION_TOKEN": "real"})
    found = dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)
    assert found["AWS_ENDPOINT_URL"] == up.json("status")["Endpoint"]
    assert (found["AWS_ACCESS_KEY_ID"], found["AWS_SECRET_ACCESS_KEY"]) == ("test", "test")
    assert found["AWS_DEFAULT_REGION"] == "us-east-1"
    assert found["AWS_PAGER"] == ""
    assert "AWS_PROFILE" not in found and "AWS_SESSION_TOKEN" not in found


def test_env_speaks_fish(up):
    text = up("env", "--shell", "fish")
    assert "set -gx AWS_ENDPOINT_URL 'http://localhost:" in text
    assert "set -e AWS_PROFILE;" in text


def test_aws_is_the_unmodified_cli_pointed_here(up):
    answer = up("aws", "sts", "get-caller-identity", "--output", "text", "--query", "Account",
                AWS_PROFILE="production", AWS_CONFIG_FILE="/dev/null")
    assert answer.strip() == "000000000000"


def test_aws_keeps_its_own_options_and_exit_code(up):
    assert up("aws", "--version").startswith("aws-cli/")
    assert up.run("aws", "emr", "describe-cluster", "--cluster-id", "j-NOPE").returncode != 0


def test_serve_prints_its_endpoint_first(own_server):
    server = own_server()
    assert re.fullmatch(r"http://localhost:\d+", server.endpoint)


def test_a_second_server_on_one_data_directory_refuses(own_server):
    server = own_server()
    done = subprocess.run([server.binary, "serve", "--data", server.data, "--listen",
                           "127.0.0.1:0"], capture_output=True, text=True, timeout=30)
    assert done.returncode != 0
    assert str(server.process.pid) in done.stderr + done.stdout


def test_unknown_ids_are_not_found(shared):
    for arguments in (["wait", "j-NOSUCHCLUSTER1"], ["wait", "s-NOSUCHSTEP1"],
                      ["logs", "s-NOSUCHSTEP1"], ["wait", "nonsense"]):
        assert shared.run(*arguments).returncode == 3, arguments


def test_wait_gives_up_in_time_with_its_own_exit_code(shared, waiting_cluster, emr):
    step = {"Name": "sleep", "ActionOnFailure": "CONTINUE", "HadoopJarStep": {
        "Jar": "command-runner.jar", "Args": ["bash", "-c", "sleep 30"]}}
    step_id = emr.add_job_flow_steps(JobFlowId=waiting_cluster, Steps=[step])["StepIds"][0]
    done = shared.run("wait", step_id, "--timeout", "1")
    assert done.returncode == 5
    emr.cancel_steps(ClusterId=waiting_cluster, StepIds=[step_id],
                     StepCancellationOption="TERMINATE_PROCESS")
    assert shared.run("wait", step_id).returncode == 1


def test_logs_follow_a_step_live_and_end_with_it(shared, waiting_cluster, emr):
    script = "for i in 1 2 3; do echo line $i; sleep 0.5; done"
    step = {"Name": "talk", "ActionOnFailure": "CONTINUE", "HadoopJarStep": {
        "Jar": "command-runner.jar", "Args": ["bash", "-c", script]}}
    step_id = emr.add_job_flow_steps(JobFlowId=waiting_cluster, Steps=[step])["StepIds"][0]
    assert shared("logs", "-f", step_id, timeout=60) == "line 1\nline 2\nline 3\n"
    assert "COMPLETED" in shared("wait", step_id)
    assert shared("logs", step_id, "-n", "1") == "line 3\n"
    assert "startExec" in shared("logs", step_id, "--file", "controller")
    assert shared("logs", waiting_cluster) == shared("logs", step_id)


def test_a_failed_step_ends_wait_with_its_last_words(shared, waiting_cluster, emr):
    step = {"Name": "fail", "ActionOnFailure": "CONTINUE", "HadoopJarStep": {
        "Jar": "command-runner.jar", "Args": ["bash", "-c", "echo no such table >&2; exit 3"]}}
    step_id = emr.add_job_flow_steps(JobFlowId=waiting_cluster, Steps=[step])["StepIds"][0]
    done = shared.run("wait", step_id)
    assert done.returncode == 1
    assert "no such table" in done.stderr
    assert f"logs {step_id}" in done.stderr


def test_down_asks_while_a_step_runs(howdah, client, engine):
    howdah("up", "--listen", "127.0.0.1:0")
    cli = [ROOT / ".venv/bin/aws", "--endpoint-url", howdah.json("status")["Endpoint"], "emr"]
    environment = {**howdah.environment, "AWS_ACCESS_KEY_ID": "test",
                   "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}
    cluster = subprocess.run(
        [*cli, "create-cluster", "--release-label", "emr-7.10.0", "--applications", "Name=Spark",
         "--use-default-roles", "--instance-type", "m5.xlarge", "--instance-count", "1",
         "--query", "ClusterId", "--output", "text", "--steps",
         "Type=CUSTOM_JAR,Jar=command-runner.jar,Args=[sleep,300],Name=long,"
         "ActionOnFailure=CONTINUE"], env=environment, text=True, capture_output=True, check=True)
    done = howdah.run("down")
    assert done.returncode == 1
    assert cluster.stdout.strip() in done.stderr
    assert "down --yes" in done.stderr
    assert howdah.json("status")["Up"]
    howdah("down", "--yes")
