#!/usr/bin/env python3
"""Writes C++ tables and typed views from botocore's service models.

    shapegen.py --models <botocore/data> --patches <src/aws/patches> --out <build>/gen emr sts …

For each service <out>/aws/<service>/{types.h,types.cc,api.h,api.cc}, and once
<out>/aws/services.{h,cc}. What a model gets wrong is repaired by <patches>/<service>.json: a JSON
merge patch (RFC 7396) over the model, under "merge", beside our own facts: "actions" (the policy
action of an operation), "hidden" (operations never routed to), "cpp" (other C++ names), "roots"
(an answer's root element) and "unwrapped" (its only member is the root's own text).
A file is rewritten only when its text changes, so that nothing is compiled without need.
"""

import argparse
import gzip
import json
import pathlib
import re
import sys

TYPES = {
    "string": "kString", "character": "kString", "integer": "kInteger", "long": "kLong",
    "float": "kFloat", "double": "kDouble", "boolean": "kBoolean", "timestamp": "kTimestamp",
    "blob": "kBlob", "structure": "kStructure", "list": "kList", "map": "kMap",
}
LOCATIONS = {"uri": "kUri", "querystring": "kQuery", "header": "kHeader", "headers": "kHeaders",
             "statusCode": "kStatus"}
TIMES = {"unixTimestamp": "kEpoch", "iso8601": "kIso8601", "rfc822": "kRfc822"}
KEYWORDS = {"delete", "default", "operator", "namespace", "export", "class", "template", "union",
            "register", "private", "public", "new", "this", "continue", "break", "switch", "case",
            "int", "float", "double", "bool", "char", "enum", "if", "else", "for", "not", "and",
            "or", "xor", "raw", "has", "body_", "call", "service"}


def merge_patch(target, patch):
    """RFC 7396."""
    if not isinstance(patch, dict):
        return patch
    target = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            target.pop(key, None)
        else:
            target[key] = merge_patch(target.get(key), value)
    return target


def load(models, patches, service):
    version = sorted((models / service).iterdir())[-1]
    model = json.loads(gzip.open(version / "service-2.json.gz").read())
    extras = version / "service-2.sdk-extras.json"
    if extras.exists():
        model = merge_patch(model, json.loads(extras.read_text())["merge"])
    patch_file = patches / f"{service}.json"
    patch = json.loads(patch_file.read_text()) if patch_file.exists() else {}
    return merge_patch(model, patch.get("merge", {})), patch


def snake(name):
    """As boto3 names it: SSEKMSKeyId -> ssekms_key_id, ListObjectsV2 -> list_objects_v2."""
    special = {"CreateCachediSCSIVolume": "create_cached_iscsi_volume"}
    if name in special:
        return special[name]
    tail = re.search(r"[A-Z]{2,}s$", name)
    if tail:
        name = name[:tail.start()] + "_" + tail.group().lower()
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name.replace("-", "_"))
    name = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).lower()
    name = re.sub(r"__+", "_", name)
    return name + "_" if name in KEYWORDS else name


def pascal(name):
    name = re.sub(r"[^A-Za-z0-9]", "", name)
    return name[0].upper() + name[1:]


def text(value):
    """A Text initialiser."""
    data = value.encode()
    out = []
    for byte in data:
        char = chr(byte)
        if char in '"\\':
            out.append("\\" + char)
        elif 32 <= byte < 127:
            out.append(char)
        else:
            out.append(f"\\{byte:03o}")
    return f'{{"{"".join(out)}", {len(data)}}}'


def to_pcre(pattern):
    """Java's regular expression in PCRE2's syntax: \\uXXXX escapes, surrogate pairs."""
    high, low = r"\\u(D[89AB][0-9A-F]{2})", r"\\u(D[C-F][0-9A-F]{2})"

    def pair(match):
        a, b = int(match.group(1), 16), int(match.group(2), 16)
        return "\\x{%X}" % (0x10000 + ((a - 0xD800) << 10) + (b - 0xDC00))

    pattern = re.sub(high + low, pair, pattern, flags=re.I)
    # a lone surrogate never occurs in UTF-8: as a range or alone it matches nothing
    pattern = re.sub(r"\\uD[89AB][0-9A-F]{2}-\\uD[C-F][0-9A-F]{2}", "", pattern, flags=re.I)
    pattern = re.sub(r"\\uD[89A-F][0-9A-F]{2}", "", pattern, flags=re.I)
    # "[\w-_]": a '-' that begins no range is itself; PCRE2 wants that said
    pattern = re.sub(r"(\\[wdsWDS])-(?!\])", r"\1\\-", pattern)
    return re.sub(r"\\u([0-9A-Fa-f]{4})", r"\\x{\1}", pattern)


def folder_of(service):
    """Its folder and namespace: emr-serverless -> emr_serverless."""
    return service.replace("-", "_")


class Model:
    def __init__(self, service, model, patch):
        self.service = service
        self.folder = folder_of(service)
        self.meta = model["metadata"]
        self.shapes = model["shapes"]
        self.patch = patch
        hidden = set(patch.get("hidden", []))
        self.operations = [op for name, op in sorted(model["operations"].items())
                           if name not in hidden]
        self.names = patch.get("cpp", {})
        self.reach()

    def cpp(self, shape):
        return self.names.get(shape, pascal(shape))

    def walk(self, name, seen):
        if name in seen:
            return
        seen.append(name)
        shape = self.shapes[name]
        for member in shape.get("members", {}).values():
            self.walk(member["shape"], seen)
        for part in ("member", "key", "value"):
            if part in shape:
                self.walk(shape[part]["shape"], seen)

    def reach(self):
        inputs, outputs = [], []
        self.input_tops, self.output_tops = {}, {}
        for op in self.operations:
            if "input" in op:
                self.walk(op["input"]["shape"], inputs)
                self.input_tops[op["name"]] = op["input"]["shape"]
            if "output" in op:
                self.walk(op["output"]["shape"], outputs)
                self.output_tops[op["name"]] = op["output"]["shape"]
        self.used = inputs + [name for name in outputs if name not in set(inputs)]
        self.index = {name: i for i, name in enumerate(self.used)}
        structure = lambda name: self.shapes[name]["type"] == "structure"
        tops_in, tops_out = set(self.input_tops.values()), set(self.output_tops.values())
        self.views = [n for n in inputs if structure(n) and n not in tops_in]
        self.builders = [n for n in outputs if structure(n) and n not in tops_out]
        viewed = set(self.views)
        self.builder_name = {n: self.cpp(n) + ("Builder" if n in viewed else "")
                             for n in self.builders}


def wire_protocol(meta):
    """Of several the one that botocore prefers among those that are spoken here."""
    spoken = meta.get("protocols", [meta["protocol"]])
    return next((p for p in ("json", "rest-json", "rest-xml", "query") if p in spoken),
                meta["protocol"])


def protocol_of(meta):
    kind = wire_protocol(meta)
    if kind == "json":
        return "kJson10" if meta.get("jsonVersion") == "1.0" else "kJson11"
    return {"query": "kQuery", "rest-xml": "kRestXml", "rest-json": "kRestJson"}[kind]


class Tables:
    """The constinit part: types.cc."""

    def __init__(self, model):
        self.m = model
        self.members, self.enums, self.patterns = [], [], []
        self.pattern_index = {}
        self.shape_rows = []

    def member(self, name, ref, required=False):
        target = self.m.shapes[ref["shape"]]
        location = LOCATIONS.get(ref.get("location"), "kBody")
        wire = ref.get("locationName", name)
        flattened = ref.get("flattened") or target.get("flattened")
        if flattened and target["type"] == "list":  # the element's own name wins
            wire = target["member"].get("locationName", wire)
        fields = [text(name), text(wire),
                  f"&kShapes[{self.m.index[ref['shape']]}]"]
        extra = []
        if location != "kBody":
            extra.append(f".location = Location::{location}")
        for flag, on in (("required", required),
                         ("flattened", flattened),
                         ("xml_attribute", ref.get("xmlAttribute")),
                         ("streaming", ref.get("streaming") or target.get("streaming"))):
            if on:
                extra.append(f".{flag} = true")
        stamp = TIMES.get(ref.get("timestampFormat") or target.get("timestampFormat"))
        if stamp:
            extra.append(f".time_format = TimeFormat::{stamp}")
        names = [".name = " + fields[0], ".wire = " + fields[1], ".shape = " + fields[2]]
        self.members.append("    {" + ", ".join(names + extra) + "},")
        return len(self.members) - 1

    def pattern(self, source):
        if source not in self.pattern_index:
            self.pattern_index[source] = len(self.patterns)
            self.patterns.append(f"    {{{text(source)}, {text(to_pcre(source))}, nullptr}},")
        return self.pattern_index[source]

    def shape(self, name):
        shape = self.m.shapes[name]
        kind = shape["type"]
        row = [f".name = {text(name)}", f".type = Type::{TYPES[kind]}"]
        stamp = TIMES.get(shape.get("timestampFormat"))
        if stamp:
            row.append(f".time_format = TimeFormat::{stamp}")
        for flag, key in (("flattened", "flattened"), ("sensitive", "sensitive"),
                          ("is_union", "union")):
            if shape.get(key):
                row.append(f".{flag} = true")
        if "min" in shape:
            row.append(".has_min = true")
        if "max" in shape:
            row.append(".has_max = true")
        members = shape.get("members", {})
        if "payload" in shape:
            row.append(f".payload = {list(members).index(shape['payload'])}")
        if members:
            row.append(f".member_count = {len(members)}")
        if "enum" in shape:
            row.append(f".enum_count = {len(shape['enum'])}")
        if members:
            required = set(shape.get("required", []))
            first = [self.member(n, ref, n in required) for n, ref in members.items()][0]
            row.append(f".members = &kMembers[{first}]")
        if kind == "list":
            row.append(f".element = &kMembers[{self.member('member', shape['member'])}]")
        if kind == "map":
            row.append(f".key = &kMembers[{self.member('key', shape['key'])}]")
            row.append(f".value = &kMembers[{self.member('value', shape['value'])}]")
        for bound in ("min", "max"):
            if bound in shape:
                row.append(f".{bound} = {int(shape[bound])}LL")
        if "enum" in shape:
            row.append(f".enums = &kEnums[{len(self.enums)}]")
            self.enums += [f"    {text(v)}," for v in shape["enum"]]
        if "pattern" in shape:
            row.append(f".pattern = &kPatterns[{self.pattern(shape['pattern'])}]")
        if "xmlNamespace" in shape:
            space = shape["xmlNamespace"]
            row.append(f".xml_prefix = {text(space.get('prefix', ''))}")
            row.append(f".xml_namespace = {text(space['uri'])}")
        self.shape_rows.append("    {" + ", ".join(row) + "},")


def action_of(model, op):
    endpoint = model.meta["endpointPrefix"]
    prefix = {"email": "ses", "monitoring": "cloudwatch"}.get(endpoint, endpoint)
    action = model.patch.get("actions", {}).get(op["name"], op["name"])
    return action if ":" in action else f"{prefix}:{action}"


def operation_rows(model):
    queries, selectors, rows = [], [], []
    for i, op in enumerate(model.operations):
        path, _, query = op["http"]["requestUri"].partition("?")
        row = [f".name = {text(op['name'])}", f".index = {i}",
               f".method = {text(op['http']['method'])}", f".uri = {text(path)}"]
        if op["http"].get("responseCode"):
            row.append(f".status = {op['http']['responseCode']}")
        for side in ("input", "output"):
            if side in op:
                row.append(f".{side} = &kShapes[{model.index[op[side]['shape']]}]")
        row.append(f".result_wrapper = {text(op.get('output', {}).get('resultWrapper', ''))}")
        row.append(f".input_root = {text(op.get('input', {}).get('locationName', ''))}")
        root = model.patch.get("roots", {}).get(op["name"], "")
        row.append(f".output_root = {text(root)}")
        if op["name"] in model.patch.get("unwrapped", []):
            row.append(".unwrapped = true")
        row.append(f".action = {text(action_of(model, op))}")
        if op.get("authtype") == "none" or op.get("auth") == ["smithy.api#noAuth"]:
            row.append(".unsigned_ok = true")
        if op.get("deprecated"):
            row.append(".deprecated = true")
        if wire_protocol(model.meta).startswith("rest"):
            pairs = [pair.partition("=")[::2] for pair in query.split("&") if pair]
            if pairs:
                row.append(f".query = &kQueries[{len(queries)}], .query_count = {len(pairs)}")
                queries += [f"    {{{text(k)}, {text(v)}}}," for k, v in pairs]
            shape = model.shapes[op["input"]["shape"]] if "input" in op else {}
            chosen = [ref for name, ref in shape.get("members", {}).items()
                      if name in shape.get("required", [])
                      and ref.get("location") in ("querystring", "header")]
            if chosen:
                row.append(
                    f".selectors = &kSelectors[{len(selectors)}], .selector_count = {len(chosen)}")
                selectors += [f"    {{{text(ref['locationName'])}, "
                              f"{'true' if ref['location'] == 'header' else 'false'}}},"
                              for ref in chosen]
        rows.append("    {" + ", ".join(row) + "},")
    return queries, selectors, rows


def error_rows(model):
    rows = []
    for name, shape in sorted(model.shapes.items()):
        if not shape.get("exception"):
            continue
        error = shape.get("error", {})
        fault = shape.get("fault") or name.startswith("InternalServer")
        status = error.get("httpStatusCode", 500 if fault else 400)
        rows.append(f"    {{{text(name)}, {text(error.get('code', name))}, {status}}},")
    return rows


def types_cc(model):
    tables = Tables(model)
    for name in model.used:
        tables.shape(name)
    queries, selectors, operations = operation_rows(model)
    errors = error_rows(model)
    out = [f"// Written by tools/shapegen.py from the model of {model.service}.",
           f'#include "aws/{model.folder}/types.h"', "",
           f"namespace howdah::aws::{model.folder} {{", "namespace {", "",
           f"extern const Shape kShapes[{len(model.used)}];", ""]

    def table(kind, name, rows, constinit=True):
        if rows:
            out.append(f"{'constinit ' if constinit else ''}const {kind} {name}[] = {{")
            out.extend(rows)
            out.append("};\n")

    table("Text", "kEnums", tables.enums)
    table("Pattern", "kPatterns", tables.patterns)
    table("Member", "kMembers", tables.members)
    out.append(f"constinit const Shape kShapes[{len(model.used)}] = {{")
    out.extend(tables.shape_rows)
    out.append("};\n")
    table("Parameter", "kQueries", queries)
    table("Selector", "kSelectors", selectors)
    table("Operation", "kOperations", operations)
    table("ErrorShape", "kErrors", errors)
    meta = model.meta
    namespace = meta.get("xmlNamespace", model.patch.get("xml_namespace", ""))
    out += ["}  // namespace", "", "constinit const Service kService = {",
            f"    .name = {text(model.service)},",
            f"    .signing_name = {text(meta.get('signingName', meta['endpointPrefix']))},",
            f"    .protocol = Protocol::{protocol_of(meta)},",
            *(["    .also_query = true,"] if "awsQueryCompatible" in meta
              and "query" in meta.get("protocols", []) else []),
            f"    .target_prefix = {text(meta.get('targetPrefix', ''))},",
            f"    .api_version = {text(meta['apiVersion'])},",
            f"    .xml_namespace = {text(namespace)},",
            f"    .operations = kOperations, .operation_count = {len(operations)},"]
    if errors:
        out.append(f"    .errors = kErrors, .error_count = {len(errors)},")
    out += ["};", "",
            "const Operation& operation(Op op) { return kOperations[static_cast<size_t>(op)]; }",
            "",
            f"}}  // namespace howdah::aws::{model.folder}", ""]
    return "\n".join(out)


class Views:
    """The typed part: types.h."""

    def __init__(self, model):
        self.m = model

    def ordered(self, names, ):
        """Children before parents; a cycle is cut by a forward declaration."""
        done, out = set(), []

        def visit(name, path):
            if name in done or name in path:
                return
            shape = self.m.shapes[name]
            for ref in shape.get("members", {}).values():
                for child in self.structures_of(ref["shape"]):
                    if child in names:
                        visit(child, path | {name})
            if name not in done:
                done.add(name)
                out.append(name)

        for name in names:
            visit(name, frozenset())
        return out

    def structures_of(self, name):
        shape = self.m.shapes[name]
        if shape["type"] == "structure":
            return [name]
        if shape["type"] == "list":
            inner = shape["member"]["shape"]
            return [inner] if self.m.shapes[inner]["type"] == "structure" else []
        return []

    def getter(self, name, ref, required):
        shape = self.m.shapes[ref["shape"]]
        kind, fn = shape["type"], snake(name)
        key = f'"{name}"'
        scalar = {"string": ("std::string_view", "text_"), "blob": ("std::string_view", "text_"),
                  "character": ("std::string_view", "text_"), "integer": ("int64_t", "int_"),
                  "long": ("int64_t", "int_"), "timestamp": ("int64_t", "int_"),
                  "float": ("double", "double_"), "double": ("double", "double_"),
                  "boolean": ("bool", "bool_")}
        if kind in scalar:
            cpp, call = scalar[kind]
            if required:
                return f"  {cpp} {fn}() const {{ return {call}({key}); }}"
            return f"  std::optional<{cpp}> {fn}() const {{ return maybe_{call}({key}); }}"
        if kind == "structure":
            cpp = self.m.cpp(ref["shape"])
            if required:
                return f"  {cpp} {fn}() const;"
            return f"  std::optional<{cpp}> {fn}() const;"
        if kind == "list":
            inner = self.m.shapes[shape["member"]["shape"]]["type"]
            if inner == "structure":
                views = f"Views<{self.m.cpp(shape['member']['shape'])}>"
                return f"  {views} {fn}() const {{ return {views}(array_({key})); }}"
            if inner == "string":
                return f"  std::vector<std::string> {fn}() const {{ return texts_({key}); }}"
            return f"  const base::JsonArray* {fn}() const {{ return array_({key}); }}"
        inner = self.m.shapes[shape["value"]["shape"]]["type"]
        if inner == "string":
            return f"  Pairs {fn}() const {{ return pairs_({key}); }}"
        return f"  const base::JsonObject* {fn}() const {{ return maybe_object_({key}); }}"

    def structure_bodies(self, cpp_name, name):
        """Getters that return structures: defined once every class is complete."""
        shape, out = self.m.shapes[name], []
        for member, ref in shape.get("members", {}).items():
            if self.m.shapes[ref["shape"]]["type"] != "structure":
                continue
            if self.streaming(ref):
                continue
            cpp, fn = self.m.cpp(ref["shape"]), snake(member)
            if member in shape.get("required", []):
                out.append(f"inline {cpp} {cpp_name}::{fn}() const "
                           f'{{ return {cpp}(object_("{member}")); }}')
            else:
                out.append(f"inline std::optional<{cpp}> {cpp_name}::{fn}() const "
                           f'{{ return maybe_view_<{cpp}>("{member}"); }}')
        return out

    def streaming(self, ref):
        target = self.m.shapes[ref["shape"]]
        return ref.get("streaming") or target.get("streaming") or target.get("eventstream")

    def view(self, cpp_name, name, top):
        shape = self.m.shapes[name] if name else {}
        out, stream = [], False
        for member, ref in shape.get("members", {}).items():
            if self.streaming(ref):
                stream = top
                continue
            out.append(self.getter(member, ref, member in shape.get("required", [])))
        head = [f"class {cpp_name} : public View {{", " public:"]
        if stream:
            head.append(f"  explicit {cpp_name}(const base::JsonObject& raw, "
                        "http::BodyReader* body = nullptr) : View(raw), body_(body) {}")
            head.append("  http::BodyReader* body() const { return body_; }")
            out += ["", " private:", "  http::BodyReader* body_;"]
        else:
            head.append("  using View::View;")
        return head + out + ["};"]

    def setter(self, cpp_name, name, ref):
        shape = self.m.shapes[ref["shape"]]
        kind, fn = shape["type"], snake(name).rstrip("_")
        scalar = {"string": "std::string_view", "blob": "std::string_view",
                  "character": "std::string_view", "integer": "int64_t", "long": "int64_t",
                  "timestamp": "int64_t", "float": "double", "double": "double", "boolean": "bool"}
        put = lambda cpp, value: (f"  {cpp_name}& set_{fn}({cpp} value) "
                                  f'{{ return put_("{name}", {value}), *this; }}')
        if kind in scalar:
            return [put(scalar[kind], "value")]
        if kind == "structure":
            builder = self.m.builder_name[ref["shape"]]
            return [f"  {cpp_name}& set_{fn}({builder} value);"]
        if kind == "list":
            inner_name = shape["member"]["shape"]
            inner = self.m.shapes[inner_name]["type"]
            if inner == "structure":
                builder = self.m.builder_name[inner_name]
                return [f"  {cpp_name}& set_{fn}(std::vector<{builder}> value);",
                        put("base::JsonArray", "base::Json(std::move(value))")]
            if inner == "string":
                return [put("const std::vector<std::string>&", "value"),
                        put("base::JsonArray", "base::Json(std::move(value))")]
            return [put("base::JsonArray", "base::Json(std::move(value))")]
        if self.m.shapes[shape["value"]["shape"]]["type"] == "string":
            return [put("const Pairs&", "value"),
                    put("base::JsonObject", "base::Json(std::move(value))")]
        return [put("base::JsonObject", "base::Json(std::move(value))")]

    def builder_bodies(self, cpp_name, name):
        out = []
        for member, ref in self.m.shapes[name].get("members", {}).items() if name else ():
            shape = self.m.shapes[ref["shape"]]
            fn = snake(member).rstrip("_")
            if self.streaming(ref):
                continue
            if shape["type"] == "structure":
                builder = self.m.builder_name[ref["shape"]]
                put = f'put_("{member}", base::Json(std::move(value.raw())))'
                out.append(f"inline {cpp_name}& {cpp_name}::set_{fn}({builder} value) "
                           f"{{ return {put}, *this; }}")
            elif shape["type"] == "list":
                inner = shape["member"]["shape"]
                if self.m.shapes[inner]["type"] == "structure":
                    builder = self.m.builder_name[inner]
                    out.append(
                        f"inline {cpp_name}& {cpp_name}::set_{fn}(std::vector<{builder}> value) "
                        f'{{ return put_list_("{member}", std::move(value)), *this; }}')
        return out

    def builder(self, cpp_name, name, base):
        out = [f"class {cpp_name} : public {base} {{", " public:", f"  using {base}::{base};"]
        for member, ref in self.m.shapes[name].get("members", {}).items() if name else ():
            if self.streaming(ref):
                out.append(f"  {cpp_name}& set_body(StreamBody value) "
                           "{ return body_.emplace(std::move(value)), *this; }")
                continue
            out += self.setter(cpp_name, member, ref)
        return out + ["};"]

    def write(self):
        m = self.m
        views, builders = self.ordered(m.views), self.ordered(m.builders)
        out = ["#pragma once", "",
               f"// Written by tools/shapegen.py from the model of {m.service}. "
               "Views of inputs and builders",
               "// of outputs; see aws/view.h for what they promise.", "",
               '#include "aws/view.h"', "", f"namespace howdah::aws::{m.folder} {{", "",
               "extern const Service kService;", ""]
        out.append("enum class Op : uint16_t {")
        out += [f"  k{pascal(op['name'])}," for op in m.operations]
        out += ["};", "const Operation& operation(Op op);", ""]
        out += [f"class {m.cpp(name)};" for name in views]
        out += [f"class {m.builder_name[name]};" for name in builders]
        out.append("")
        bodies = []
        for name in views:
            out += self.view(m.cpp(name), name, False)
            bodies += self.structure_bodies(m.cpp(name), name)
        for op in m.operations:
            name = m.input_tops.get(op["name"])
            out += self.view(op["name"] + "Input", name, True)
            bodies += self.structure_bodies(op["name"] + "Input", name) if name else []
        for name in builders:
            out += self.builder(m.builder_name[name], name, "Builder")
            bodies += self.builder_bodies(m.builder_name[name], name)
        for op in m.operations:
            name = m.output_tops.get(op["name"])
            if not name:  # one type for all that answer nothing: each Result<T> costs compile time
                out.append(f"using {op['name']}Output = Output;")
                continue
            out += self.builder(op["name"] + "Output", name, "Output")
            bodies += self.builder_bodies(op["name"] + "Output", name)
        viewed = set(m.views)
        taken = {m.cpp(n) for n in m.views + m.builders} | set(m.builder_name.values())
        out += [f"using {m.cpp(n)}Builder = {m.cpp(n)};" for n in builders
                if n not in viewed and m.cpp(n) + "Builder" not in taken]
        out += [""] + bodies + ["", f"}}  // namespace howdah::aws::{m.folder}", ""]
        return "\n".join(out)


def api_h(model):
    out = ["#pragma once", "",
           f"// Written by tools/shapegen.py: one method an operation of {model.service}; what is "
           "not", "// overridden answers as Amazon does for an operation that is not there.", "",
           f'#include "aws/{model.folder}/types.h"', "",
           f"namespace howdah::aws::{model.folder} {{", "",
           "class Api : public ServiceApi {", " public:",
           "  const Service& service() const override { return kService; }",
           "  base::Result<Answer> call(const Operation& operation, const Context& context,",
           "                            const base::JsonObject& input, "
           "http::BodyReader* body) override;",
           ""]
    for op in model.operations:
        out.append(f"  virtual base::Result<{op['name']}Output> {snake(op['name'])}("
                   f"const Context&, const {op['name']}Input&);")
    return "\n".join(out + ["};", "", f"}}  // namespace howdah::aws::{model.folder}", ""])


def api_cc(model):
    views = Views(model)
    out = ["// Written by tools/shapegen.py.", f'#include "aws/{model.folder}/api.h"', "",
           f"namespace howdah::aws::{model.folder} {{", "",
           "base::Result<Answer> Api::call(const Operation& operation, const Context& context,",
           "                               const base::JsonObject& input, "
           "http::BodyReader* body) {",
           "  (void)body;",
           "  switch (static_cast<Op>(operation.index)) {"]
    for op in model.operations:
        shape = model.shapes.get(model.input_tops.get(op["name"]), {})
        streams = any(views.streaming(ref) for ref in shape.get("members", {}).values())
        args = "input, body" if streams else "input"
        out.append(f"    case Op::k{pascal(op['name'])}: return into_answer("
                   f"{snake(op['name'])}(context, {op['name']}Input({args})));")
    out += ["  }", "  return not_there(kService, operation);", "}", ""]
    for op in model.operations:
        out.append(f"base::Result<{op['name']}Output> Api::{snake(op['name'])}(const Context&, "
                   f"const {op['name']}Input&) {{ return not_there(kService, "
                   f"operation(Op::k{pascal(op['name'])})); }}")
    return "\n".join(out + ["", f"}}  // namespace howdah::aws::{model.folder}", ""])


def services(names):
    names = [folder_of(name) for name in names]
    header = ["#pragma once", "",
              "// Written by tools/shapegen.py: every service whose model is compiled in.", "",
              "#include <span>", "", '#include "aws/schema.h"', "", "namespace howdah::aws {", ""]
    header += [f"namespace {n} {{\nextern const Service kService;\n}}" for n in names]
    header += ["", "std::span<const Service* const> all_services();", "",
               "}  // namespace howdah::aws", ""]
    pointers = ", ".join(f"&{n}::kService" for n in names)
    source = ["// Written by tools/shapegen.py.", '#include "aws/services.h"', "",
              "namespace howdah::aws {", "",
              "std::span<const Service* const> all_services() {",
              f"  static constexpr const Service* kAll[] = {{{pointers}}};",
              "  return kAll;", "}", "", "}  // namespace howdah::aws", ""]
    return "\n".join(header), "\n".join(source)


def save(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text() != content:
        path.write_text(content)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", type=pathlib.Path, required=True)
    parser.add_argument("--patches", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--stamp", type=pathlib.Path, help="touched at the end, for the build")
    parser.add_argument("services", nargs="+")
    args = parser.parse_args()
    for service in args.services:
        model = Model(service, *load(args.models, args.patches, service))
        folder = args.out / "aws" / model.folder
        save(folder / "types.h", Views(model).write())
        save(folder / "types.cc", types_cc(model))
        save(folder / "api.h", api_h(model))
        save(folder / "api.cc", api_cc(model))
    header, source = services(args.services)
    save(args.out / "aws" / "services.h", header)
    save(args.out / "aws" / "services.cc", source)
    if args.stamp:
        args.stamp.parent.mkdir(parents=True, exist_ok=True)
        args.stamp.touch()
    return 0


if __name__ == "__main__":
    sys.exit(main())
