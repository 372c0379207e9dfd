"""Dashboards of job runs as whoever has the link sees them: without credentials, with a cookie jar
and nothing else."""
import gzip
import http.cookiejar
import json
import os
import urllib.error
import urllib.parse
import urllib.request

import pytest

from support.serverless import Application
from support.server import until


@pytest.fixture(scope="module")
def app(engine, client, s3, role):
    bucket = "howdah-" + os.urandom(6).hex()
    s3.create_bucket(Bucket=bucket)
    made = Application(client("emr-serverless"), s3, role, bucket, name="dashboards")
    yield made
    made.end()


class Browser:
    """Status, text and where it ended up, of what a link leads to."""
    def __init__(self):
        self.opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))

    def get(self, url, headers=None):
        try:
            with self.opener.open(urllib.request.Request(url, headers=headers or {}),
                                  timeout=30) as answer:
                return answer.status, answer.read(), answer.url
        except urllib.error.HTTPError as error:
            return error.code, error.read(), error.url


def link_of(app, run, **options):
    return app.serverless.get_dashboard_for_job_run(
        applicationId=app.id, jobRunId=run, **options)["url"]


def with_path(link, path):
    """As Airflow's EmrServerlessLogsLink does it."""
    return urllib.parse.urlparse(link)._replace(path=path).geturl()


@pytest.fixture(scope="module")
def ended(app):
    script = app.script("sum", """
        from pyspark.sql import SparkSession
        spark = SparkSession.builder.getOrCreate()
        print("sum", spark.range(101).selectExpr("sum(id)").first()[0])
        """)
    run = app.run(script, name="adding up")
    assert run["state"] == "SUCCESS", run
    return run["jobRunId"]


def test_a_running_job_shows_its_live_spark_interface(app):
    script = app.script("live", """
        import sys, time, boto3
        from pyspark.sql import SparkSession
        spark = SparkSession.builder.getOrCreate()
        spark.sparkContext.setJobDescription("a count to be seen")
        spark.range(10).count()
        s3 = boto3.client("s3")
        while not s3.list_objects_v2(Bucket=sys.argv[1], Prefix="go-on").get("KeyCount"):
            time.sleep(0.2)
        """)
    run = app.submit(script, app.bucket, name="seen live")
    app.wait(run, "RUNNING")
    browser, link = Browser(), link_of(app, run)

    def shown():
        status, text, at = browser.get(link)
        assert status == 200, (status, text)
        found = app.get(run)
        assert found["state"] == "RUNNING", found
        return (text.decode(), at) if b"a count to be seen" in text else None
    page, at = until(shown, "the live interface shows the job", 120, every=0.5)
    assert "seen live" in page and "authToken" not in at
    base = urllib.parse.urlparse(at).path.split("/jobs")[0]
    assert f"{base}/static/" in page, "links lead through the proxy"
    applications = json.loads(browser.get(urllib.parse.urljoin(link, "api/v1/applications"))[1])
    assert [one["name"] for one in applications] == ["seen live"]
    log = until(lambda: browser.get(with_path(link, "/logs/SPARK_DRIVER/stderr.gz"))[0] == 200,
                "the log of the running job is there", 60, every=0.5)
    assert log
    app.s3.put_object(Bucket=app.bucket, Key="go-on", Body=b"")
    assert app.wait(run)["state"] == "SUCCESS"


def test_an_ended_job_shows_its_history(app, ended):
    browser, link = Browser(), link_of(app, ended, attempt=1)

    def shown():
        status, text, at = browser.get(link)
        assert status == 200, (status, text)
        return (text.decode(), at) if "/history/" in at else None
    page, at = until(shown, "the history server shows the run", 120, every=0.5)
    assert "adding up" in page and "Completed Jobs" in page
    base = at.split("/history/")[0]
    applications = json.loads(browser.get(base + "/api/v1/applications")[1])
    assert [one["name"] for one in applications] == ["adding up"], "no other run's"
    assert browser.get(base + "/static/webui.js")[0] == 200


def test_the_logs_are_beside_it_for_whoever_has_the_link(app, ended):
    link = link_of(app, ended)
    for url in (with_path(link, "/logs/SPARK_DRIVER/stdout.gz"),
                link.replace("?", "logs/SPARK_DRIVER/stdout.gz?")):
        status, body, _ = Browser().get(url)
        assert status == 200 and gzip.decompress(body) == b"sum 5050\n"
    assert Browser().get(with_path(link, "/logs/SPARK_DRIVER/nothing.gz"))[0] == 404
    assert Browser().get(with_path(link, "/logs/../../secret"))[0] in (400, 404)


def test_a_link_works_from_another_sites_page(app, ended):
    status, text, _ = Browser().get(link_of(app, ended), {"Sec-Fetch-Site": "cross-site"})
    assert status == 200 and b"dashboard opens" in text
    path = link_of(app, ended).split("?")[0]
    assert Browser().get(path, {"Sec-Fetch-Site": "cross-site"})[0] == 403, "without a token"


def test_without_a_valid_token_nothing_is_shown(app, ended):
    link = link_of(app, ended)
    token = urllib.parse.parse_qs(urllib.parse.urlparse(link).query)["authToken"][0]
    application, run, attempt, seconds, region, signature = token.split(".")
    forged = [
        "x",
        ".".join([application, run, attempt, str(int(seconds) + 3600), region, signature]),
        ".".join([application, run, attempt, "1", region, signature]),
        ".".join([application, run, "2", seconds, region, signature]),
        token[:-1] + ("0" if token[-1] != "0" else "1"),
    ]
    for bad in forged:
        for path in (urllib.parse.urlparse(link).path, "/logs/SPARK_DRIVER/stdout.gz"):
            url = with_path(link, path).replace(token, bad)
            assert Browser().get(url)[0] == 401, url
    assert Browser().get(link.split("?")[0])[0] == 401
    other = link.replace(f"/{ended}/", "/00aaaaaaaaaaaaaa/")
    assert Browser().get(other)[0] == 401, "a token is for one run"
