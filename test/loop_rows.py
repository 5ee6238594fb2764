#!/usr/bin/env python3
"""What a ring file says of loops, straight from its bytes (docs/format.md).

    loop_rows.py RECORD            a line of JSON for each row of LOOPS
    loop_rows.py RECORD TRUTH [THREAD...]
                                   compares it with what a probe said of itself, a line of
                                   JSON for each thread (of these) that looped, and prints what differs

Compared are the function, the iterations, events and bytes of each thread exactly, and its
busy and idle time within 2 % or 50 us (and 8 us an iteration): what the probe
measured is without the hooks' own time.
"""
import collections
import json
import struct
import sys

STRINGS, THREADS, LOOPS = 1, 3, 20
FIRST = 16  # returns that make a loop
BUCKETS = 512


def u(fmt, data, at):
    return struct.unpack_from("<" + fmt, data, at)


def rows(data, kind):
    extent_bytes, = u("I", data, 24)
    entry = 616 + 16 * kind if kind < 16 else 1312 + 16 * (kind - 16)
    _, per_extent, used, _ = u("IIII", data, entry)
    row_bytes, = u("I", data, entry)
    where = {}
    for number in range(1, u("I", data, 32)[0]):
        index, owner = u("HH", data, 4096 + 4 * number)
        if owner == kind:
            where[index] = number * extent_bytes
    for row in range(used):
        at = where[row // per_extent] + row % per_extent * row_bytes
        yield data[at:at + row_bytes]


def loops(path):
    data = open(path, "rb").read()
    text = b"".join(rows(data, STRINGS))
    threads = list(rows(data, THREADS))
    for row in rows(data, LOOPS):
        thread, node, name, _, site, depth = u("IIIIQQ", row, 0)
        names = ["iterations", "events", "bytes", "busy_ns", "idle_ns", "spin_ns", "spins",
                 "first_ns", "last_ns", "now_ns", "max_ns", "max_at_ns", "delays", "delay_ns",
                 "delay_max_ns", "stalls", "stall_ns", "blocked_ns", "slept"]
        out = dict(zip(names, u("19Q", row, 32)))
        histogram = u(f"{BUCKETS}Q", row, 256)
        out["in_histogram"] = sum(histogram)
        # a bucket begins at 2^25 ns: units of 64 ns, 16 buckets to a power of two
        out["over_33ms"] = sum(histogram[(25 - 6 - 4 + 1) * 16:])
        out["over_2ms"] = sum(histogram[(21 - 6 - 4 + 1) * 16:])
        out["in_delays"] = sum(u("128Q", row, 256 + 8 * BUCKETS))
        out["site"], out["depth"], out["node"], out["row"] = site, depth, node, thread
        at = threads[thread]
        out["thread"] = u("16s", at, 8)[0].split(b"\0")[0].decode(errors="replace")
        out["tid"], = u("I", at, 0)
        out["is_main"] = out["tid"] == u("I", data, 40)[0]
        out["name"] = text[name * 32:text.index(b"\0", name * 32)].decode()
        yield out


def differences(found, truth):
    """Threads of one name are matched by their iterations."""
    want, have = collections.defaultdict(list), collections.defaultdict(list)
    for line in truth:
        if "thread" in line and line["iterations"] + 1 >= FIRST:
            want[line["thread"]].append(line)
    for row in found:
        if row["name"] and row["thread"] != "feeder":
            have[row["thread"]].append(row)
    for thread in sorted(set(want) | set(have)):
        a = sorted(want[thread], key=lambda x: x["iterations"])
        b = sorted(have[thread], key=lambda x: x["iterations"])
        if len(a) != len(b):
            yield (f"{thread}: {len(a)} loops, found "
                   f"{[(x['name'], x['iterations']) for x in b]}")
            continue
        for x, y in zip(a, b):
            yield from compare(thread, x, y)


def compare(thread, truth, row):
    for key in ("name", "events", "bytes"):
        if key in truth and truth[key] != row[key]:
            yield f"{thread}: {key} {truth[key]}, found {row[key]}"
    less = truth["iterations"] - row["iterations"]
    if not -truth.get("more", 0) <= less <= truth.get("empty", 0):
        yield f"{thread}: iterations {truth['iterations']}, found {row['iterations']}"
    a, b = truth.get("blocked_ns", 0), row["blocked_ns"]
    if a and not 0.85 * a <= b <= a:  # the probe's has CPU time in it
        yield f"{thread}: blocked_ns {a}, found {b}"
    for key in ("busy_ns", "idle_ns", "max_ns"):
        a, b = truth.get(key, 0), row[key]
        if a and abs(a - b) > max(0.02 * a, 50e3) + 8000 * row["iterations"]:
            yield f"{thread}: {key} {a}, found {b}"
    if row["iterations"] != row["in_histogram"] or row["delays"] != row["in_delays"]:
        yield f"{thread}: histograms are of {row['in_histogram']}, {row['in_delays']}"
    if row["now_ns"] and not row["is_main"]:
        yield f"{thread}: an iteration is under way"
    if row["busy_ns"] + row["idle_ns"] + row["spin_ns"] > row["last_ns"] - row["first_ns"]:
        yield f"{thread}: its times are more than it had"


def main():
    found = list(loops(sys.argv[1]))
    if not sys.argv[2:]:
        for row in found:
            print(json.dumps(row))
        return
    with open(sys.argv[2], encoding="utf-8") as file:
        truth = [json.loads(line) for line in file if line.startswith("{")]
    if sys.argv[3:]:
        truth = [x for x in truth if x.get("thread") in sys.argv[3:]]
    wrong = list(differences(found, truth))
    print("\n".join(wrong))
    sys.exit(bool(wrong))


main()
