"""Applications and job runs of EMR Serverless: made, waited for, their logs read."""
import gzip
import json
import textwrap

from support.server import until

LABEL = "emr-7.10.0"
OVER = {"SUCCESS", "FAILED", "CANCELLED"}
# What the word count of the EMR samples is run with.
SMALL = ("--conf spark.executor.cores=1 --conf spark.executor.memory=4g "
         "--conf spark.driver.cores=1 --conf spark.driver.memory=4g "
         "--conf spark.executor.instances=1")
TRUST = json.dumps({"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"Service": "emr-serverless.amazonaws.com"},
     "Action": "sts:AssumeRole"}]})
S3_ONLY = json.dumps({"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]})


def job_role(iam, name="JobRunRole"):
    """The ARN of a role that job runs may take, with S3 and nothing else."""
    try:
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    except iam.exceptions.EntityAlreadyExistsException:
        arn = iam.get_role(RoleName=name)["Role"]["Arn"]
    iam.put_role_policy(RoleName=name, PolicyName="s3", PolicyDocument=S3_ONLY)
    return arn


class Application:
    def __init__(self, serverless, s3, role, bucket, label=LABEL, **options):
        self.serverless, self.s3, self.role, self.bucket = serverless, s3, role, bucket
        self.id = serverless.create_application(
            releaseLabel=label, type="SPARK", **options)["applicationId"]

    def state(self):
        return self.serverless.get_application(applicationId=self.id)["application"]["state"]

    def put(self, key, text):
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=text)
        return f"s3://{self.bucket}/{key}"

    def script(self, name, text):
        return self.put(f"scripts/{name}.py", textwrap.dedent(text))

    def submit(self, entry_point, *arguments, parameters=SMALL, **options):
        overrides = options.pop("overrides", {})
        overrides.setdefault("monitoringConfiguration", {
            "s3MonitoringConfiguration": {"logUri": f"s3://{self.bucket}/logs/"}})
        return self.serverless.start_job_run(
            applicationId=self.id, executionRoleArn=self.role,
            jobDriver={"sparkSubmit": {
                "entryPoint": entry_point, "entryPointArguments": [str(a) for a in arguments],
                "sparkSubmitParameters": parameters}},
            configurationOverrides=overrides, **options)["jobRunId"]

    def get(self, run):
        return self.serverless.get_job_run(applicationId=self.id, jobRunId=run)["jobRun"]

    def wait(self, run, *states, timeout=300):
        wanted = set(states) or OVER

        def there():
            found = self.get(run)
            if found["state"] in wanted:
                return found
            assert found["state"] not in OVER, found
            return None
        return until(there, f"job run {run} is {' or '.join(sorted(wanted))}", timeout, every=0.1)

    def run(self, entry_point, *arguments, timeout=300, **options):
        return self.wait(self.submit(entry_point, *arguments, **options), timeout=timeout)

    def log(self, run, name="stdout", attempt=None):
        """Of the driver, as it lies in S3."""
        part = f"attempts/{attempt}/" if attempt else ""
        key = f"logs/applications/{self.id}/jobs/{run}/{part}SPARK_DRIVER/{name}.gz"
        return gzip.decompress(self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()
                               ).decode()

    def end(self):
        for run in self.serverless.list_job_runs(applicationId=self.id)["jobRuns"]:
            if run["state"] not in OVER:
                self.serverless.cancel_job_run(applicationId=self.id, jobRunId=run["id"])
                self.wait(run["id"])
        until(lambda: self.state() != "STARTING", f"{self.id} has started", 120, every=0.05)
        if self.state() == "STARTED":
            self.serverless.stop_application(applicationId=self.id)
        until(lambda: self.state() in ("CREATED", "STOPPED", "TERMINATED"),
              f"{self.id} stops", 60, every=0.05)
        if self.state() != "TERMINATED":
            self.serverless.delete_application(applicationId=self.id)
