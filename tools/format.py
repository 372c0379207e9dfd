#!/usr/bin/env python3
"""Holds the C++ files that changed against .clang-format; exits 1 and names what mends them.

    tools/format.py           files that differ from HEAD, and new ones
    tools/format.py --all     every file below src/, tests/ and bench/
    tools/format.py --fix     rewrite them
"""
import argparse
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent


def git(*arguments):
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True)
    return done.stdout.splitlines()


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--fix", action="store_true")
    options = parser.parse_args()
    tool = shutil.which("clang-format") or shutil.which("clang-format-14")
    if tool is None:
        print("format: clang-format is not installed (apt-get install clang-format): not checked")
        return 0
    names = git("ls-files", "--cached", "--others", "--exclude-standard") if options.all else (
        git("diff", "--name-only", "HEAD") + git("ls-files", "--others", "--exclude-standard"))
    files = sorted({name for name in names
                    if name.endswith((".cc", ".h")) and (ROOT / name).exists()})
    if options.fix:
        if files:
            subprocess.run([tool, "-i", *files], cwd=ROOT, check=True)
        return 0
    bad = [name for name in files if subprocess.run([tool, "--dry-run", "-Werror", name], cwd=ROOT,
                                                    capture_output=True).returncode != 0]
    for name in bad:
        print(f"{name}:1: not formatted: {tool} -i {name}")
    print(f"format: {len(files)} files, {len(bad)} to format")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
