"""Reads a .prof with pstats and prints what it finds as "VALUE<tab>NAME" lines.

read_prof.py own|total|callers FILE [NAME]
read_prof.py ncalls FILE   all calls, and those that are not recursive; what they are
read_prof.py print FILE    every sort key, strip_dirs and print_callers; the total
"""
import io
import pstats
import re
import sys


def nanoseconds(seconds):
    return "%.0f" % (seconds * 1e9)


def main(what, path, *name):
    stats = pstats.Stats(path, stream=io.StringIO())
    said = [key[2] for key in stats.stats if key[:2] == ("~", 0) and key[2].startswith("<ncalls")]
    if len(said) != 1:
        sys.exit("what ncalls are is said %d times" % len(said))
    if what == "ncalls":
        for key, row in stats.stats.items():
            print("%d/%d" % (row[1], row[0]), key[2], sep="\t")
        return
    if what != "print":
        del stats.stats["~", 0, said[0]]
    if what == "own":
        for key, row in stats.stats.items():
            print(nanoseconds(row[2]), key[2], 1, sep="\t")
    elif what == "total":
        for key, row in stats.stats.items():
            print(nanoseconds(row[3]), key[2], 1, sep="\t")
    elif what == "callers":
        for key, row in stats.stats.items():
            if key[2] == name[0]:
                for caller, values in row[4].items():
                    print(nanoseconds(values[3]), caller[2], 1, sep="\t")
    elif what == "print":
        print_all(path)
    else:
        sys.exit("what?")


# Printed rows: the tables must have every function, in the order of the key.
ROW = re.compile(r"^ +([0-9/]+) +([0-9.]+) +([0-9.]*) +([0-9.]+) +([0-9.]*) +(.*)$")


def print_all(path):
    keys = ["calls", "cumulative", "cumtime", "file", "filename", "module", "ncalls",
            "pcalls", "line", "name", "nfl", "stdname", "time", "tottime"]
    column = {"calls": 0, "ncalls": 0, "pcalls": 0, "cumulative": 3, "cumtime": 3, "time": 1,
              "tottime": 1}
    for strip in (False, True):
        for key in keys:
            out = io.StringIO()
            stats = pstats.Stats(path, stream=out)
            if strip:
                stats.strip_dirs()
            stats.sort_stats(key).print_stats()
            rows = [m.groups() for m in map(ROW.match, out.getvalue().splitlines()) if m]
            if len(rows) != len(stats.stats):
                sys.exit("%s: %d rows of %d" % (key, len(rows), len(stats.stats)))
            if strip and any("/" in row[5].split(":")[0] for row in rows):
                sys.exit("%s: a directory is left" % key)
            if key in column:
                values = [float(row[column[key]].split("/")[0]) for row in rows]
                if values != sorted(values, reverse=True):
                    sys.exit("%s: not in order" % key)
    stats.print_callers()
    stats.print_callees()
    print("total", nanoseconds(stats.total_tt), sep="\t")


main(*sys.argv[1:])
