#!/usr/bin/env python3
"""Who was waited for, from what a program wrote of itself (test/probe/blame.c), against what
vprof-report says of its lock.

    blame_oracle.py LOG LOCKS.json [readers]

A moment of a wait belongs to the thread that held the lock then. With `readers` those that read
are one: which of them was the last is the library's to know. Prints what differs; nothing: it
agrees.
"""
import json
import sys


def overlap(a, b):
    return max(0, min(a[1], b[1]) - max(a[0], b[0]))


def union(spans):
    """Of spans in time, those that do not overlap."""
    out = []
    for begin, end in sorted(spans):
        if out and begin <= out[-1][1]:
            out[-1][1] = max(out[-1][1], end)
        else:
            out.append([begin, end])
    return out


def main():
    holds, waits = {}, []
    readers = "readers" in sys.argv
    for line in open(sys.argv[1], encoding="utf-8"):
        what, thread, begin, end = line.split()
        span = (int(begin), int(end))
        if what == "wait":
            waits.append(span)
        else:
            name = "readers" if readers and thread != "holder1" else thread
            holds.setdefault(name, []).append(span)
    truth = {name: sum(overlap(hold, wait) for hold in union(spans) for wait in waits)
             for name, spans in holds.items()}
    locks = [lock for lock in json.load(open(sys.argv[2], encoding="utf-8"))["locks"]
             if lock["held_ns"] is not None]
    for lock in locks:
        kin = [other for other in locks if other["address"] == lock["address"]]
        charged = lock["held_ns"] + lock["handoff_ns"] + lock["unknown_ns"] - lock["abandoned_ns"]
        waited = sum(other["wait_ns"] for other in kin)
        if charged != waited:
            print(f"charged {charged} ns, waited {waited} ns: {charged - waited}")
    if not locks:
        print("no lock")
        return
    said = {}
    for holder in locks[0]["holders"]:
        name = "readers" if readers and holder["name"] != "holder1" else holder["name"]
        said[name] = said.get(name, 0) + holder["ns"]
    whole, all_said = sum(truth.values()), sum(said.values())
    for name in sorted(set(truth) | set(said)):
        wanted = 100 * truth.get(name, 0) / whole
        got = 100 * said.get(name, 0) / all_said
        if abs(wanted - got) > 2:
            print(f"{name}: {got:.1f} % of the waits, it was {wanted:.1f} %")
    if abs(whole - all_said) > 0.1 * whole:
        print(f"{all_said} ns charged to holders, it was {whole} ns")


main()
