"""What a node's Python runs first
(apps/spark/node/etc/python3.11/sitecustomize.py), outside of any node."""
import os
import subprocess
import sys
import zipfile
import zipimport

import pytest

from support.server import ROOT

SITE = ROOT / "apps/spark/node/etc/python3.11"
pytestmark = pytest.mark.skipif(hasattr(zipimport.zipimporter, "_get_files"),
                                reason="this Python reads an archive when it is next looked at")

# Reads of an archive are counted where zipimport does them; then the archive changes.
JOB = """
import importlib, os, sys, zipfile, zipimport
import one
reads = []
read = zipimport._read_directory
zipimport._read_directory = lambda archive: reads.append(archive) or read(archive)
for _ in range(3):
    importlib.invalidate_caches()
    assert importlib.util.find_spec("two") is None
print("unchanged:", len(reads))
with zipfile.ZipFile(sys.argv[1], "a") as archive:
    archive.writestr("two.py", "answer = 2")
importlib.invalidate_caches()
import two
print("changed:", len(reads), two.answer)
os.remove(sys.argv[1])
importlib.invalidate_caches()
assert importlib.util.find_spec("three") is None
"""


def test_an_archive_is_read_again_when_it_has_changed_and_only_then(tmp_path):
    archive = tmp_path / "modules.zip"
    with zipfile.ZipFile(archive, "w") as out:
        out.writestr("one.py", "")
    done = subprocess.run([sys.executable, "-c", JOB, archive], capture_output=True, text=True,
                          env={**os.environ, "PYTHONPATH": f"{SITE}:{archive}"})
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["unchanged: 0", "changed: 1 2"]
