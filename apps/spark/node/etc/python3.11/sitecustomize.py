"""What every Python 3.11 of a node runs first.

Before each task PySpark's workers invalidate the caches of all importers. Debian 12's Python then
reads every archive in its path again, once for each package that it took from it: with PySpark's
own archives 0.2 s a task. Python 3.13 reads one when it is next looked at (gh-103200); here only
one that has changed is read.
"""
import os
import sys
import zipimport


def read_only_changed_archives(importer, paths):
    def stamp(archive):
        try:
            seen = os.stat(archive)
        except OSError:
            return None
        return seen.st_mtime_ns, seen.st_size, seen.st_ino

    at_start = {path: stamp(path) for path in paths}
    read_again = importer.invalidate_caches

    def invalidate_caches(self):
        now = stamp(self.archive)
        before = self.__dict__.get("_stamp", at_start.get(self.archive))
        if now is None or now != before:
            read_again(self)
            self._stamp = now  # None, when it is gone: whatever comes back is read

    importer.invalidate_caches = invalidate_caches


if not hasattr(zipimport.zipimporter, "_get_files"):
    read_only_changed_archives(zipimport.zipimporter, sys.path)
