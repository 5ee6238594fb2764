#!/usr/bin/env python3
"""Prints what the last search for pointers left in a ring file: one line of the
header's account, then one line a verdict, `VERDICT BLOCKS BYTES`, or with -v one
line a row, with the module offsets of its call path."""
import struct
import sys

VERDICT = {1: "lost", 2: "indirect", 3: "possible", 4: "reachable", 5: "runtime"}
STATE = ["none", "running", "complete", "failed"]


def u(fmt, data, at):
    return struct.unpack_from("<" + fmt, data, at)


def rows(data, kind):
    extent_bytes, = u("I", data, 24)
    row_bytes, per_extent, used, _ = u("IIII", data, 616 + 16 * kind)
    where = {}
    for i in range(u("I", data, 32)[0]):
        index, owner = u("HH", data, 4096 + 4 * i)
        if owner == kind and i:
            where[index] = i * extent_bytes
    return [where[r // per_extent] + r % per_extent * row_bytes for r in range(used)]


def text(data, ids, number):
    if number >= len(ids):
        return ""
    at = ids[number]
    return data[at:data.index(b"\0", at)].decode(errors="replace")


def path_of(data, nodes, modules, strings, node):
    out = []
    while node and node < len(nodes) and len(out) < 12:
        where, parent = u("QI", data, nodes[node])
        module = where >> 48
        name, bias = "?", 0
        if module < len(modules):
            bias, = u("Q", data, modules[module] + 16)
            name = text(data, strings, u("I", data, modules[module] + 40)[0]).split("/")[-1]
        out.append(f"{name}+{(where & (1 << 47) - 1) - bias:#x}")
        node = parent
    return " < ".join(out)


def main():
    verbose = sys.argv[1] == "-v"
    with open(sys.argv[-1], "rb") as file:
        data = file.read()
    state, trigger, note, scan = u("IIII", data, 872)
    figures = u("8Q", data, 888)
    strings = rows(data, 1)
    print("state", STATE[state], "trigger", trigger, "note:",
          text(data, strings, note) or "-")
    print("pause_us %d total_us %d blocks %d bytes %d root_bytes %d memory %d skipped %d" % (
        figures[1] // 1000, figures[2] // 1000, *figures[3:]))
    sums = {name: [0, 0] for name in VERDICT.values()}
    for at in rows(data, 11):
        node, verdict, number, owner, blocks, size, _, _, example = u("IIIIQQQQQ", data, at)
        if number != scan or state != 2:
            continue
        sums[VERDICT[verdict]][0] += blocks
        sums[VERDICT[verdict]][1] += size
        if verbose:
            print(VERDICT[verdict], blocks, size, hex(example),
                  path_of(data, rows(data, 4), rows(data, 2), strings, node))
    for name, (blocks, size) in sums.items():
        print(name, blocks, size)


main()
