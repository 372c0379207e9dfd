#!/usr/bin/env python3
"""Makes apps/<application>/classes.lst.gz: the classes of its class-data-sharing archive.

    tools/class_list.py apps/hadoop LIST…

LIST: what programs of the application wrote under -XX:DumpLoadedClassList=FILE (for a whole node:
JDK_JAVA_OPTIONS=-XX:DumpLoadedClassList=/mnt/tmp/classes-%p.lst in its environment). Classes of
other class loaders are left out: an archive of this kind does not hold them.
"""
import gzip
import pathlib
import sys


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    folder, *lists = map(pathlib.Path, sys.argv[1:])
    names, lambdas = set(), set()
    for path in lists:
        for line in path.read_text(errors="replace").splitlines():
            if line.startswith("#") or " source:" in line or not line.strip():
                continue
            (lambdas if line.startswith("@") else names).add(line.split(" id:")[0].strip())
    lines = sorted(names) + sorted(lambdas)
    data = gzip.compress(("\n".join(lines) + "\n").encode(), 9, mtime=0)
    (folder / "classes.lst.gz").write_bytes(data)
    print(f"{folder}/classes.lst.gz: {len(names)} classes, {len(lambdas)} lambda forms, "
          f"{len(data)} bytes")


if __name__ == "__main__":
    main()
