"""What `vprof-report waits --format json` says against what a probe says it did.

usage: wait_rows.py TRUTH WAITS
TRUTH has a line of JSON for each call: {"case": FUNCTION, "kind", "bytes", "ns"}.  Of each
function count and bytes have to be exact, the time within 2 % or 100 us a call.  Prints what
is not so, and a last line "N cases, N calls"."""
import json
import sys

truth = {}
for line in open(sys.argv[1]):
    if line.startswith("{"):
        said = json.loads(line)
        row = truth.setdefault(said["case"], dict(kind=said["kind"], calls=0, bytes=0, ns=0))
        row["calls"] += 1
        row["bytes"] += said["bytes"]
        row["ns"] += said["ns"]

# A header's inline function, or a library's, may stand within the case's own.
got = {}
for site in json.load(open(sys.argv[2]))["sites"]:
    for frame in site["frames"]:
        name = (frame["function"] or "").split("::")[-1]
        if name.startswith("call_"):
            got.setdefault(name, []).append(site)
            break

for name, row in truth.items():
    sites = got.get(name, [])
    kinds = sorted({site["kind"] for site in sites})
    if kinds != [row["kind"]]:
        print(f"{name}: wanted {row['kind']}, got {' '.join(kinds) or 'nothing'}")
        continue
    sums = {what: sum(site[key] for site in sites)
            for what, key in (("calls", "calls"), ("bytes", "bytes"), ("ns", "time_ns"))}
    for what in ("calls", "bytes"):
        if sums[what] != row[what]:
            print(f"{name}: wanted {row[what]} {what}, got {sums[what]}")
    if abs(sums["ns"] - row["ns"]) > max(row["ns"] * 0.02, 100000 * row["calls"]):
        print(f"{name}: wanted {row['ns']} ns, got {sums['ns']}")
print(len(truth), "cases,", sum(row["calls"] for row in truth.values()), "calls")
