"""How often each function was called, as vprof-report tells and as gcov or callgrind does.

  count_rows.py MODULE ONLY gcov REPORT.json GCOV.json
  count_rows.py MODULE ONLY callgrind REPORT.json CALLGRIND.out

REPORT.json is `flat --sort calls --full-names --format json -n 0` of the same program.  Only
functions of MODULE count whose name has ONLY (a regular expression) in it.  Prints what differs,
or how many functions and calls were equal.
"""
import json
import re
import subprocess
import sys


def plain(name):
    """A name as both sides write it: no return type, no blanks, no suffix of a clone."""
    name = re.sub(r"\[abi:[^]]*\]", "", name)
    name = re.sub(r" \[clone [^]]*\]", "", name)
    name = re.sub(r"\s*\(\.[a-z0-9_.]+\)$", "", name)
    return name.replace(" ", "")


def of_report(path, module):
    rows = {}
    for row in json.load(open(path))["functions"]:
        if row["ncalls"] is not None and row["module"].split("/")[-1] == module:
            name = plain(row["function"])
            rows[name] = rows.get(name, 0) + row["ncalls"]
    return rows


def of_gcov(path):
    rows = {}
    for file in json.load(open(path))["files"]:
        for row in file["functions"]:
            if row["execution_count"]:
                name = plain(row["demangled_name"])
                rows[name] = rows.get(name, 0) + row["execution_count"]
    return rows


def demangle(names):
    text = subprocess.run(["c++filt"], input="\n".join(names), capture_output=True, text=True)
    return text.stdout.split("\n")


def of_callgrind(path, module):
    """Sums calls= by the function called: names are given once and then by their number."""
    known, objects, rows, callee, inside = {}, {}, {}, None, None
    function = None

    def name_of(text, table):
        number, _, name = text.partition(" ")
        if name:
            table[number] = name
        return table.get(number, text)

    for line in open(path, errors="replace"):
        line = line.rstrip("\n")
        if line.startswith("ob="):
            function = name_of(line[3:], objects)
        elif line.startswith("cob="):
            inside = name_of(line[4:], objects)
        elif line.startswith("fn="):
            name_of(line[3:], known)
            inside = None
        elif line.startswith("cfn="):
            callee = name_of(line[4:], known)
        elif line.startswith("calls="):
            at = inside if inside is not None else function
            if at and at.split("/")[-1] == module:
                # recursion is a number behind the name
                name = re.sub(r"'[0-9]+$", "", callee)
                if ".cold" not in name:  # a part that is jumped to
                    rows[name] = rows.get(name, 0) + int(line[6:].split()[0])
            inside = None
    merged = {}
    for raw, name in zip(rows, demangle(list(rows))):
        merged[plain(name)] = merged.get(plain(name), 0) + rows[raw]
    return merged


def main():
    module, only, oracle, report, truth = sys.argv[1:]
    ours = of_report(report, module)
    theirs = of_gcov(truth) if oracle == "gcov" else of_callgrind(truth, module)
    names = [name for name in sorted(set(ours) | set(theirs)) if re.search(only, name)]
    bad = [f"{name}: {ours.get(name)} counted, {oracle} says {theirs.get(name)}"
           for name in names if ours.get(name) != theirs.get(name)]
    calls = sum(ours.get(name, 0) for name in names)
    print("; ".join(bad[:5]) or f"{len(names)} functions, {calls} calls equal")


if __name__ == "__main__":
    main()
