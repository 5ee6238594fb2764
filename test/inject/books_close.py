"""books_close.py TRUTH THREADS LAYERS: what a probe's threads measured for themselves
(test/probe/books_close.c) against their books (vprof-report threads --format json); prints what
is off.  LAYERS: switches; or calls: the books have no records of switches."""
import json
import sys

CLASSES = ["run", "idle", "paced", "blocked", "lock", "preempted", "fault", "unhooked"]
PERCENT, MS = 2.0, 2.0  # of a class
REST_PERCENT, REST_MS = 1.0, 1.0
TICK_NS = 100e6
UNWATCHED_MS, UNWATCHED_PERCENT = 5.0, 25.0
FIRST_THREAD = ("main", "books_close")


def allowed(ns, percent, ms):
    return max(ms * 1e6, ns * percent / 100)


def groups(name, exact):
    """Classes that are compared as one."""
    if not exact:
        # A call in which a thread is preempted looks longer; run delay is a sum.
        together = ["blocked", "preempted"]
        apart = ["run", "paced", "lock"]
    else:
        together, apart = [], ["run", "paced", "lock", "preempted", "fault", "unhooked"]
    # Nobody planted whether the first thread joins others within an iteration of a loop.
    if name in FIRST_THREAD:
        together = ["idle"] + (together or ["blocked"])
    elif exact:
        apart += ["idle", "blocked"]
    else:
        apart += ["idle"]
    return [[one] for one in apart] + ([together] if together else [])


def compare(name, wall, planted, unsure, stolen, book, exact):
    # Without records nobody tells of these, nor how long a thread that has ended was runnable
    # since it was last looked at.
    untold = 0 if exact else planted["unhooked"] + planted["fault"] + min(planted["preempted"], TICK_NS)
    rest = book["residual_ns"] - stolen
    # A helper that gets no CPU watches late; before its first line a thread may be preempted.
    unwatched = max(book["unwatched_ns"] - UNWATCHED_MS * 1e6, 0) if exact else 0
    outside = max(book["recorded_ns"] - wall, 0) if name not in FIRST_THREAD else 0
    if unwatched > wall * UNWATCHED_PERCENT / 100:
        yield f"{name}: not watched for {book['unwatched_ns'] / 1e6:.2f} ms of {wall / 1e6:.0f}"
    least, most = -allowed(wall, REST_PERCENT, REST_MS), allowed(wall, REST_PERCENT, REST_MS)
    if not least <= rest <= untold + unwatched + outside + most:
        yield f"{name}: rest {book['residual_ns'] / 1e6:.2f} ms of {wall / 1e6:.0f}, stolen {stolen / 1e6:.2f}"
    if ("switches" in book["layers"]) != exact:
        yield f"{name}: layers {' '.join(book['layers'])}"
    for group in groups(name, exact):
        want = sum(planted[kind] for kind in group)
        got = sum(book[kind + "_ns"] for kind in group)
        # What nobody tells may be run delay of it.
        more = untold if "preempted" in group else 0
        less = min(more, TICK_NS) + unwatched
        if "preempted" in group:
            more += unwatched + outside + sum(unsure[kind] for kind in CLASSES if kind not in group)
        else:
            less += sum(unsure[kind] for kind in group)
        room = allowed(want, PERCENT, MS)
        if not want - less - room <= got <= want + more + room:
            yield f"{name}: {'+'.join(group)} {got / 1e6:.2f} ms, planted {want / 1e6:.2f}"
    if exact and planted["unhooked"] < 1e6 and book["unhooked_ns"] > allowed(wall, 1, 1):
        yield f"{name}: unhooked {book['unhooked_ns'] / 1e6:.2f} ms, where every wait is hooked"


def main():
    truth_path, threads_path, layers = sys.argv[1:]
    threads = json.load(open(threads_path))["threads"]
    books = {thread["name"]: thread["books"] for thread in threads if thread["books"]}
    faults, lines = [], 0
    for line in open(truth_path):
        name, *numbers = line.split()
        wall, *numbers = map(int, numbers)
        planted = dict(zip(CLASSES, numbers))
        other, stolen, *numbers = numbers[len(CLASSES):]
        unsure = dict(zip(CLASSES, [0] + numbers))
        # Between what was measured, only another thread can have had the CPU.
        planted["preempted"] += max(other, 0)
        lines += 1
        if name == "main":
            name = next((one for one in FIRST_THREAD if one in books), name)
        if name in books:
            faults += compare(name, wall, planted, unsure, stolen, books[name], layers == "switches")
        else:
            faults.append(f"{name}: no book")
    if not lines:
        faults.append("no thread told anything")
    print("; ".join(faults[:4]))


main()
