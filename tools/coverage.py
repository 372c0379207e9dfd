#!/usr/bin/env python3
"""Writes docs/coverage.md: which operations of Amazon's models this server answers.

    tools/coverage.py            writes docs/coverage.md
    tools/coverage.py --check    exits 1 when the file is not what it would write

An operation counts as done when its generated method is defined below src/services/<service>/.
What a request may name without any effect is listed from src/services/<service>/ignored.json
({"Operation": {"Member": "what happens instead"}}), if there.
"""
import argparse
import json
import pathlib
import re
import sys

import shapegen

ROOT = pathlib.Path(__file__).resolve().parent.parent
SERVICES = ["emr", "emr-serverless", "iam", "sts", "s3", "cloudwatch", "logs"]
# A handler is a definition: out of line in a .cc file, or an override with a body in a header.
OUT_OF_LINE = re.compile(r"Result<[\w:]*?(\w+)Output>\s+\w+::(\w+)\s*\(")
INLINE = re.compile(r"Result<[\w:]*?(\w+)Output>\s+(\w+)\s*\([^;{}]*\)\s*override\s*\{")


def handlers(service):
    """(operation, method) of every handler below the service's folder."""
    found = set()
    for path in (ROOT / "src" / "services" / shapegen.folder_of(service)).rglob("*"):
        if path.suffix not in (".cc", ".h") or path.name.endswith("_test.cc"):
            continue
        code = path.read_text()
        found |= set(OUT_OF_LINE.findall(code)) | set(INLINE.findall(code))
    return found


def section(service, models):
    model = shapegen.Model(service, *shapegen.load(models, ROOT / "src/aws/patches", service))
    done = handlers(service)
    ignored_file = ROOT / "src" / "services" / shapegen.folder_of(service) / "ignored.json"
    ignored = json.loads(ignored_file.read_text()) if ignored_file.exists() else {}
    names = [op["name"] for op in model.operations]
    have = [name for name in names if (name, shapegen.snake(name)) in done]
    lines = [f"## {model.meta['serviceFullName']} ({len(have)} of {len(names)})", ""]
    lines += [f"- [{'x' if name in have else ' '}] {name}" for name in names]
    notes = [f"- {name}: `{member}` {what}" for name, members in sorted(ignored.items())
             for member, what in sorted(members.items())]
    if notes:
        lines += ["", "Accepted without effect:", ""] + notes
    return (model.meta["serviceFullName"], len(have), len(names)), lines


def page(models):
    rows, sections = [], []
    for service in SERVICES:
        row, lines = section(service, models)
        rows.append(row)
        sections += lines + [""]
    head = ["# Coverage", "",
            "Operations answered, against the service models of the pinned botocore. Written by",
            "`tools/coverage.py`; do not edit. What is not here answers as Amazon does for an",
            "unknown operation.", "", "| service | done | of |", "| --- | ---: | ---: |"]
    head += [f"| {name} | {have} | {total} |" for name, have, total in rows]
    return "\n".join(head + [""] + sections).rstrip() + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--venv", type=pathlib.Path, default=ROOT / ".venv")
    parser.add_argument("--check", action="store_true", help="only compare")
    args = parser.parse_args()
    found = sorted(args.venv.glob("lib/python3*/site-packages/botocore/data"))
    if not found:
        print(f"no botocore in {args.venv}: run ./setup", file=sys.stderr)
        return 2
    text = page(found[0])
    target = ROOT / "docs" / "coverage.md"
    if args.check:
        if not target.exists() or target.read_text() != text:
            print("docs/coverage.md is out of date: run tools/coverage.py", file=sys.stderr)
            return 1
        return 0
    target.parent.mkdir(exist_ok=True)
    target.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
