"""What the command says to someone who does not know it yet. No server is needed."""
import json
import os
import socket
import stat
import subprocess

from support.server import ROOT

COMMANDS = ["up", "down", "status", "env", "aws", "demo", "install", "releases", "logs", "wait",
            "doctor", "version", "serve"]


def test_help_lists_every_command(howdah):
    text = howdah("--help")
    for command in COMMANDS:
        assert f"\n  {command} " in text


def test_without_a_command_it_shows_the_help_and_fails(howdah):
    done = howdah.run()
    assert done.returncode == 2
    assert "howdah up" in done.stdout


def test_a_mistyped_command_is_met_with_the_right_one(howdah):
    done = howdah.run("stauts")
    assert done.returncode == 2
    assert "did you mean: status" in done.stderr


def test_a_mistyped_option_is_met_with_the_right_one(howdah):
    done = howdah.run("logs", "s-1", "--folow")
    assert done.returncode == 2
    assert "did you mean: --follow" in done.stderr


def test_a_listen_address_that_is_none_is_a_usage_error(howdah):
    done = howdah.run("up", "--listen", "127.0.0.1:99999")
    assert done.returncode == 2
    assert "0 to 65535" in done.stderr


def test_version_is_one_line(howdah):
    assert howdah("version").startswith("howdah ")
    assert howdah.json("version")["Version"]


def test_what_needs_a_server_says_how_to_start_one(howdah):
    for arguments in (["status"], ["env"], ["aws", "s3", "ls"], ["logs", "s-1"], ["wait", "s-1"]):
        done = howdah.run(*arguments)
        assert done.returncode == 1, arguments
        assert "no server runs" in done.stderr
        assert " up\n" in done.stderr, "the next command is named"


def test_errors_are_json_when_asked_for(howdah):
    done = howdah.run("status", "--json")
    assert json.loads(done.stderr)["Error"]["Next"].endswith(" up")


def test_down_when_down_is_no_failure(howdah):
    assert "is down" in howdah("down")


def test_releases_say_what_runs(howdah):
    rows = {row.split()[0]: row.split() for row in howdah("releases").splitlines()[1:]}
    assert rows["emr-7.10.0"][1:3] == ["3.5.5", "yes"]
    runnable = [r for r in howdah.json("releases")["Releases"] if r["Runnable"]]
    assert {r["Label"] for r in runnable} == {
        "emr-7.10.0", "emr-7.9.0", "emr-6.15.0", "emr-6.8.0", "emr-6.5.0"}


def test_an_unknown_label_is_met_with_the_known(howdah):
    done = howdah.run("install", "emr-7.10.O")
    assert done.returncode == 3
    assert "emr-7.10.0" in done.stderr


def test_offline_without_a_cache_names_what_is_missing(howdah, tmp_path):
    done = howdah.run("install", "emr-7.10.0", "--offline", "--engines", tmp_path / "engines")
    assert done.returncode == 1
    assert "Spark 3.5.5" in done.stderr
    assert "--cache" in done.stderr


def test_no_colours_in_a_pipe(howdah):
    assert "\033[" not in howdah("releases", NO_COLOR="", TERM="xterm")


def test_bash_completion_is_a_script_that_bash_accepts(howdah):
    done = subprocess.run(["bash", "-n"], input=howdah("completion"), text=True)
    assert done.returncode == 0


def old_aws(folder, version):
    folder.mkdir()
    script = folder / "aws"
    script.write_text(f"#!/bin/sh\necho aws-cli/{version} Python/3.9.1\n")
    script.chmod(script.stat().st_mode | stat.S_IEXEC)
    return f"{folder}:{os.environ['PATH']}"


def checks(howdah, **environment):
    done = howdah.run("doctor", "--json", "--listen", "127.0.0.1:1", **environment)
    answer = json.loads(done.stdout)
    assert (done.returncode == 0) == answer["Healthy"]
    return {check["Name"]: check for check in answer["Checks"]}


def test_doctor_fails_on_an_aws_cli_that_would_reach_the_real_aws(howdah, tmp_path):
    path = old_aws(tmp_path / "old", "1.28.85")
    found = checks(howdah, PATH=path)["aws"]
    assert found["Verdict"] == "fail"
    assert "AWS_ENDPOINT_URL" in found["Found"]
    assert "1.29" in found["Fix"]


def test_doctor_accepts_one_that_honours_the_variable(howdah, tmp_path):
    assert checks(howdah, PATH=old_aws(tmp_path / "new", "2.13.0"))["aws"]["Verdict"] == "ok"


def test_doctor_looks_at_everything_and_names_a_fix_for_each_finding(howdah):
    found = checks(howdah)
    assert {"namespaces", "overlayfs", "cgroups", "disk", "memory", "clock", "locale", "java",
            "python3", "aws", "engine", "endpoint"} <= set(found)
    for check in found.values():
        assert check["Verdict"] == "ok" or check["Fix"], check


def test_a_taken_port_is_told_with_its_holder(howdah):
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        done = howdah.run("up", "--listen", f"127.0.0.1:{port}")
    assert done.returncode == 1
    assert f"held by pid {os.getpid()}" in done.stderr
    assert "--listen 127.0.0.1:0" in done.stderr


def test_setup_is_quick_when_all_is_there():
    done = subprocess.run([ROOT / "setup", "--check"], timeout=5)
    assert done.returncode == 0
