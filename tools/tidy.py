#!/usr/bin/env python3
"""The house rules as a test: prints `file:line: what is wrong: what to write instead`, exits 1.

    tools/tidy.py [--modules build/release/modules.txt] [file...]

A line that must break a rule says so, with the reason: // tidy-allow <rule>: <reason>
"""
import argparse
import pathlib
import re
import statistics
import subprocess
import sys
import unicodedata

ROOT = pathlib.Path(__file__).resolve().parent.parent
SELF = "tools/tidy.py"
MAX_LINES, MAX_FUNCTION, MAX_COLUMNS = 800, 70, 100
CODE = {".cc", ".h", ".py", ".sh", ".cmake"}
CPP = {".cc", ".h"}
TEXT = CODE | {".md", ".txt", ".json", ".toml", ".ini", ".emr", ".sql", ""}

# First folder below src/ -> row (ARCHITECTURE.md). A module may include lower rows only.
ROWS = {"base": 1, "http": 2, "db": 2, "os": 2, "aws": 3, "job": 4, "cluster": 5, "serverless": 5,
        "containers": 5, "etl": 5, "catalog": 5, "cost": 5, "iam": 5, "store": 6, "objects": 6,
        "telemetry": 6, "nodes": 6, "apps": 6, "services": 7, "control": 7, "gateways": 7,
        "cli": 7, "distcp": 7, "warm": 7, "server": 8}
# Modules of a row's own ground floor: the rest of the row may declare them.
GROUND = {"control/jobs": 6.5}

FORBIDDEN_NAMES = {"util", "utils", "common", "misc", "helper", "helpers", "manager"}

# Third parties, each fenced into the module that wraps it: pattern of the include -> where.
FENCES = [
    (r"<boost/", r"src/(http/|base/json\.)", "http/*.h, or base/json.h for JSON"),
    (r"<sqlite3\.h>", r"src/db/", "db/database.h"),
    (r"<pugixml", r"src/(aws|apps|distcp)/", "aws/xml.h"),
    (r"<spdlog/", r"src/base/", "base/log.h"),
    (r"<curl/", r"src/http/", "http/client.h"),
    (r"<CLI/", r"src/cli/", "cli/"),
    (r"<prometheus/", r"src/gateways/prometheus/", "gateways/prometheus/prometheus.h"),
]

# (rule, pattern over code without comments and strings, allowed in, what to write instead)
WORDS = [
    ("clock", r"\b(system_clock|steady_clock|high_resolution_clock)::now\b"
              r"|\btime\((nullptr|NULL|0)\)|\bgettimeofday\b|\bclock_gettime\b",
     r"src/base/", "base::Clock, passed in"),
    ("sleep", r"\b(u|nano)?sleep\s*\(|\bsleep_(for|until)\b", r"src/base/",
     "base::Clock::wait, or wait for the condition itself"),
    ("random", r"\bs?rand\s*\(|\brandom_device\b|\bgetrandom\b|\bmt19937",
     r"src/base/|_test\.cc|_fuzz\.cc", "base::Ids"),
    ("throw", r"\bthrow\b", r"_test\.cc$|/test_\w+\.h$", "return a base::Error"),
    ("shell", r"(?<![\w.>:])(system|popen)\s*\(", r"$^", "os:: with an argument array"),
]

REGISTRIES = "|".join(re.escape(a + b) for a, b in [
    ("pypi.", "org"), ("files.python", "hosted.org"), ("repo1.", "maven.org"),
    ("repo.maven.", "apache.org"), ("registry.", "npmjs.org"), ("deb.", "debian.org"),
    ("proxy.golang", ".org"), ("static.crates", ".io")])
MACHINE_PATHS = (r"(?<![\w/.}>-])/(wor" + r"k/(main|shared|\.library)|roo" + r"t/\.?[a-z]"
                 r"|home/(?!hadoop|<)[a-z]+/)")


class Findings:
    def __init__(self):
        self.lines = []

    def add(self, path, line, rule, text, instead):
        self.lines.append(f"{path}:{line}: [{rule}] {text}: {instead}")


def project_files(names):
    if names:
        return [pathlib.Path(name).resolve().relative_to(ROOT) for name in names]
    git = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(git, cwd=ROOT, capture_output=True, text=True, check=True)
    listed = listed.stdout.splitlines()
    return [pathlib.Path(name) for name in sorted(set(listed)) if (ROOT / name).is_file()]


def blank(match):
    return re.sub(r"[^\n]", " ", match.group())


def code_only(text):
    """The text with comments and the contents of literals blanked; positions stay."""
    pattern = (r'//[^\n]*|/\*.*?\*/|R"([^(\s]*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"'
               r"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'")
    return re.sub(pattern, blank, text, flags=re.S)


def functions(code):
    """(first line, last line) of every function body whose scope is a namespace or a type."""
    scopes, head, line, head_line, parens = [], "", 1, 1, 0
    for character in code:
        if character == "\n":
            line += 1
        if character == "{" and parens == 0:
            is_type = re.search(r"\b(namespace|class|struct|union|enum|extern)\b[^()]*$", head)
            is_body = ")" in head and not is_type and not re.search(r"=\s*$", head)
            outer = not any(kind == "function" for kind, _ in scopes)
            scopes.append(("function" if is_body and outer else "other", head_line))
            head = ""
        elif character == "}" and parens == 0:
            if scopes:
                kind, begin = scopes.pop()
                if kind == "function":
                    yield begin, line
            head = ""
        elif character == ";" and parens == 0:
            head = ""
        else:
            if not head.strip():
                if character.isspace():
                    continue
                head_line = line
            head += character
        if character == "(":
            parens += 1
        elif character == ")":
            parens = max(0, parens - 1)
            if parens == 0 and not head:
                head = ")"


def lambda_safe(code):
    """Braces inside parentheses (lambdas as arguments) belong to the function around them."""
    return "\n".join("" if re.match(r"\s*#", line) else line for line in code.split("\n"))


def check_names(path, findings):
    for part in path.parts:
        if "testdata" in path.parts:
            return
        words = set(re.split(r"[_.\-]", part.lower()))
        for word in sorted(words & FORBIDDEN_NAMES):
            findings.add(path, 1, "name", f"'{word}' in a name says nothing", "name what it holds")


def check_text(path, lines, findings):
    name = str(path)
    for number, line in enumerate(lines, 1):
        allowed = re.search(r"tidy-allow (\w+): \w", line)
        rule = allowed.group(1) if allowed else ""
        if path.suffix in CODE and len(line) > MAX_COLUMNS and rule != "columns":
            findings.add(path, number, "columns", f"{len(line)}", f"at most {MAX_COLUMNS}")
        if line != line.rstrip():
            findings.add(path, number, "space", "white space at the end", "nothing")
        if re.search(r"\b(TODO|FIXME|XXX|HACK)\b(?!\([a-z]+\))", line) and name != SELF:
            findings.add(path, number, "todo", "a note without an owner", "an issue")
        if re.search(REGISTRIES, line) and rule != "registry":
            findings.add(path, number, "registry", "a registry's host",
                         "pip's and Maven's own settings")
        if re.search(MACHINE_PATHS, line) and rule != "path":
            findings.add(path, number, "path", "a path of one machine",
                         "a path below the repository")
        if path.suffix in CODE | {".md"} and "test" not in name:
            odd = [c for c in line if ord(c) > 0x24F and unicodedata.category(c).startswith("L")
                   and c not in "µσμ"]
            if odd:
                findings.add(path, number, "english", f"the letter {odd[0]!r}", "English")


def check_cpp(path, text, lines, findings):
    name = str(path)
    code = code_only(text)
    code_lines = code.split("\n")
    if path.suffix == ".h":
        if not lines or lines[0] != "#pragma once":
            findings.add(path, 1, "header", "the first line", "#pragma once")
        first = next((line for line in lines[1:] if line.strip()), "")
        if not first.startswith("//"):
            findings.add(path, 2, "header", "no comment at the top",
                         "purpose, ownership, threads, failure")
        if re.search(r"^\s*using namespace", code, re.M):
            findings.add(path, 1, "header", "using namespace in a header", "qualified names")
    for number, (line, bare) in enumerate(zip(lines, code_lines), 1):
        above = lines[number - 2] if number > 1 else ""
        allowed = re.search(r"tidy-allow (\w+): \w", line + above)
        rule = allowed.group(1) if allowed else ""
        for include, where, instead in FENCES:
            if re.match(r"\s*#include\s*" + include, line) and not re.search(where, name):
                findings.add(path, number, "fence", line.strip(), instead)
        for word_rule, pattern, where, instead in WORDS:
            found = re.search(pattern, bare)
            if found and not re.search(where, name) and rule != word_rule:
                findings.add(path, number, word_rule, found.group().strip(), instead)
    for begin, end in functions(lambda_safe(code)):
        if end - begin + 1 > MAX_FUNCTION:
            findings.add(path, begin, "function", f"a function of {end - begin + 1} lines",
                         f"at most {MAX_FUNCTION}: name its parts")


def read_modules(path):
    modules = {}
    for line in path.read_text().splitlines():
        module, _, deps = line.partition(":")
        if module.strip():
            modules[module.strip()] = deps.split()
    return modules


def owner(path, modules):
    """The module that holds `path` (relative to src/): the longest one that is a prefix."""
    best = ""
    for module in modules:
        if (path == module or path.startswith(module + "/")) and len(module) > len(best):
            best = module
    return best


def row_of(module):
    return GROUND.get(module, ROWS.get(module.split("/")[0]))


def check_modules(modules, findings):
    for module, deps in modules.items():
        where = f"src/{module}/CMakeLists.txt"
        row = row_of(module)
        if row is None:
            findings.add(where, 1, "row", f"'{module}' has no row", f"ROWS in {SELF}")
            continue
        for dep in deps:
            dep_row = row_of(dep) or 99
            if dep not in modules or dep_row >= row:
                findings.add(where, 1, "row", f"{module} (row {row}) declares {dep} "
                             f"(row {dep_row})", "only lower rows")
        if not (ROOT / "src" / module / "README.md").exists():
            findings.add(f"src/{module}/README.md", 1, "readme", "missing",
                         "10-20 lines: purpose, what to read first, what it may depend on")


def check_includes(path, lines, modules, findings):
    inside = "/".join(path.parts[1:])
    module = owner(inside, modules)
    if not module:
        if path.name not in ("README.md", "CMakeLists.txt"):
            findings.add(path, 1, "include", "belongs to no module",
                         "a CMakeLists.txt with module()")
        return
    for number, line in enumerate(lines, 1):
        match = re.match(r'\s*#include\s*"([^"]+)"', line)
        if not match:
            continue
        target = owner(match.group(1), modules)
        if not target:
            findings.add(path, number, "include", f'"{match.group(1)}" is of no module',
                         "a path from src/")
        elif target != module and target not in modules[module]:
            findings.add(path, number, "include", f"{module} does not declare {target}",
                         "what it declares, or a lower row added to its DEPS")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--modules", type=pathlib.Path)
    parser.add_argument("files", nargs="*")
    options = parser.parse_args()
    findings, sizes = Findings(), []
    modules = {}
    if options.modules and options.modules.exists():
        modules = read_modules(options.modules)
    check_modules(modules, findings)
    files = project_files(options.files)
    for path in files:
        if path.suffix not in TEXT or "testdata" in path.parts:
            continue
        try:
            text = (ROOT / path).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            if path.suffix in CODE:
                findings.add(path, 1, "english", "not UTF-8", "UTF-8")
            continue
        lines = text.split("\n")
        check_names(path, findings)
        check_text(path, lines, findings)
        if text and not text.endswith("\n"):
            findings.add(path, len(lines), "space", "no newline at the end", "one")
        if path.suffix in CODE:
            sizes.append(len(lines))
            if len(lines) > MAX_LINES:
                findings.add(path, 1, "size", f"{len(lines)} lines",
                             f"at most {MAX_LINES}: split by subject")
        if path.suffix in CPP:
            check_cpp(path, text, lines, findings)
            if modules and path.parts[0] == "src":
                check_includes(path, lines, modules, findings)
    for line in sorted(findings.lines):
        print(line)
    print(f"tidy: {len(files)} files, median {int(statistics.median(sizes or [0]))} lines of code, "
          f"{len(findings.lines)} findings")
    return 1 if findings.lines else 0


if __name__ == "__main__":
    sys.exit(main())
