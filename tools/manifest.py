#!/usr/bin/env python3
"""Writes the list of files of an application's version into apps/<application>/manifest.json.

    tools/manifest.py apps/hadoop 3.4.2            from apps/hadoop/pom.xml: what Maven resolves
    tools/manifest.py apps/hadoop 3.4.2 --pom FILE

The POM names what the application is made of (managed versions, exclusions); the manifest then
names every file, with size and SHA-256, and an installation resolves nothing any more. All other
members of the version (java, layout, folders, links, unpack) are written by hand and stay.
"""
import argparse
import hashlib
import json
import pathlib
import subprocess
import sys
import tempfile

PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1"


def maven(pom, goal, *options):
    done = subprocess.run(["mvn", "-B", "-q", "-f", str(pom), f"{PLUGIN}:{goal}",
                           "-DincludeScope=runtime", *options], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"mvn {goal} failed:\n{done.stdout}{done.stderr}")


def coordinates(text):
    """group:artifact:type[:classifier]:version:scope, one a line."""
    for line in text.splitlines():
        parts = line.strip().split(" ")[0].split(":")
        if len(parts) in (5, 6) and parts[-1] in ("compile", "runtime"):
            group, artifact, kind, *classifier, version, _ = parts
            yield group, artifact, kind, classifier[0] if classifier else "", version


def entries(pom, folder):
    listing = folder / "list.txt"
    maven(pom, "list", f"-DoutputFile={listing}")
    maven(pom, "copy-dependencies", f"-DoutputDirectory={folder / 'files'}")
    for group, artifact, kind, classifier, version in sorted(set(coordinates(listing.read_text()))):
        name = f"{artifact}-{version}{'-' if classifier else ''}{classifier}.{kind}"
        data = (folder / "files" / name).read_bytes()
        entry = {"group": group, "artifact": artifact, "version": version}
        if classifier:
            entry["classifier"] = classifier
        if kind != "jar":
            entry["type"] = kind
        yield {**entry, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def text_of(value, indent=0):
    """JSON with one artifact a line: a changed version is a line of a diff."""
    plain = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, (dict, list)) or not value:
        return plain
    is_artifact = isinstance(value, dict) and not any(isinstance(v, dict) for v in value.values())
    if is_artifact and indent > 6 or len(plain) + indent < 90 and indent > 2:
        return plain
    pad = " " * (indent + 2)
    if isinstance(value, dict):
        lines = [f"{json.dumps(k)}: {text_of(v, indent + 2)}" for k, v in value.items()]
        return "{\n" + ",\n".join(pad + line for line in lines) + "\n" + " " * indent + "}"
    return ("[\n" + ",\n".join(pad + text_of(each, indent + 2) for each in value) + "\n"
            + " " * indent + "]")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("application", type=pathlib.Path, help="its folder: apps/hadoop")
    parser.add_argument("version")
    parser.add_argument("--pom", type=pathlib.Path)
    given = parser.parse_args()
    path = given.application / "manifest.json"
    manifest = json.loads(path.read_text())
    with tempfile.TemporaryDirectory() as folder:
        jars = list(entries(given.pom or given.application / "pom.xml", pathlib.Path(folder)))
    version = manifest["versions"].setdefault(given.version, {})
    kept = [jar for jar in version.get("jars", []) if jar.get("by_hand")]
    version["jars"] = jars + kept
    version["unpacked_bytes"] = max(version.get("unpacked_bytes", 0), sum(j["bytes"] for j in jars))
    path.write_text(text_of(manifest) + "\n")
    print(f"{path}: {len(jars)} files, {sum(jar['bytes'] for jar in jars) / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
