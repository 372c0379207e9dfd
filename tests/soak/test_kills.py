"""Ten kills; `make soak` does two hundred."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from run import soak


def test_ten_kills_lose_nothing_and_run_nothing_twice(request):
    assert soak(10, 7, request.config.getoption("--server")) == []
