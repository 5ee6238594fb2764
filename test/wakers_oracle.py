#!/usr/bin/env python3
"""Who ended waits, from what a program saw of itself (test/probe/wakers.c), against what
vprof-report says.

    wakers_oracle.py LOG LOCKS.json

Prints what differs; nothing: it agrees.
"""
import json
import sys


def main():
    locks = json.load(open(sys.argv[2], encoding="utf-8"))["locks"]
    for lock in locks:
        if lock["wakers"] is None:
            continue
        # Each wait that came to its end was ended by one.
        ended = sum(waker["times"] for waker in lock["wakers"])
        if ended != lock["waits"] - lock["timeouts"]:
            print(f"{lock['kind']}: {ended} waits were ended, of {lock['waits']}")
        waited = sum(waker["ns"] for waker in lock["wakers"])
        if not lock["timeouts"] and waited != lock["wait_ns"]:
            print(f"{lock['kind']}: {waited} ns of {lock['wait_ns']} were ended")
    told = 0
    for line in open(sys.argv[1], encoding="utf-8"):
        word = line.split()
        if word[0] != "woke":
            continue
        kind, thread, function, times, ns = word[1], word[2], word[3], int(word[4]), int(word[5])
        told += 1
        found = [waker for lock in locks if lock["kind"] == kind and lock["name"] != "after"
                 for waker in lock["wakers"] or []
                 if waker["name"] == thread and
                 function == (waker["frames"][0]["function"] if waker["frames"] else "-")]
        got = sum(waker["times"] for waker in found)
        if got != times:
            print(f"{thread} in {function}: {got} times, it was {times}")
        waited = sum(waker["ns"] for waker in found)
        if abs(waited - ns) > 0.02 * ns + 300000:
            print(f"{thread} in {function}: {waited} ns, it was {ns}")
        late = sum(waker["late_ns"] for waker in found)
        if late > waited or (times and not late):
            print(f"{thread} in {function}: {late} ns of {waited} after it was woken")
    if not told:
        print("the program said nothing")


main()
