"""Three jobs with a kill each; make soak runs fifty (tests/soak/jobs.py)."""
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "soak"))

import jobs as soak


@pytest.mark.spark
@pytest.mark.slow
def test_jobs_survive_the_loss_of_what_runs_them(request, tmp_path):
    assert soak.run(3, 20261121, request.config.getoption("--server"), tmp_path) == []
