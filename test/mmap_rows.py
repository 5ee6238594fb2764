"""Compares, call path by call path, what a record says of mmap and its like with what
`strace -ff -ttt -k` saw of the same process.

    mmap_rows.py RECORD STRACE-OUTPUT...

Counted are the calls whose stack leads over a hook of libvprof.so: what libc and the loader
map for themselves, and what the profiler does, has none. A call path is its innermost frames,
by object and address in it. Prints a line a difference, and last how much was compared.
"""
import os
import re
import struct
import sys

FRAMES = 12
PAGE = 4096
KIND_STRINGS, KIND_MODULES, KIND_NODES, KIND_MAPS = 1, 2, 4, 14


class Record:
    """As docs/format.md has it."""

    def __init__(self, path):
        self.data = open(path, "rb").read()
        self.extent_bytes, = struct.unpack_from("<I", self.data, 24)
        self.extents = {}
        for number in range(1, len(self.data) // self.extent_bytes + 1):
            index, kind = struct.unpack_from("<HH", self.data, 4096 + 4 * number)
            if kind:
                self.extents[kind, index] = number

    def rows(self, kind):
        row_bytes, per_extent, used, _ = struct.unpack_from("<IIII", self.data, 616 + 16 * kind)
        for row in range(used):
            number = self.extents[kind, row // per_extent]
            at = number * self.extent_bytes + row % per_extent * row_bytes
            yield self.data[at:at + row_bytes]

    def strings(self):
        return b"".join(self.rows(KIND_STRINGS))

    def paths(self):
        """{frames: [maps, bytes, unmaps, advised, live]}"""
        text = self.strings()
        modules = []
        for row in self.rows(KIND_MODULES):
            start, = struct.unpack_from("<Q", row)  # where the file's byte 0 is
            name, = struct.unpack_from("<I", row, 40)
            name = text[name * 32:text.index(b"\0", name * 32)].decode()
            modules.append((os.path.basename(os.path.realpath(name)), start))
        nodes = [struct.unpack_from("<QI", row) for row in self.rows(KIND_NODES)]
        found = {}
        for row in list(self.rows(KIND_MAPS))[1:]:
            node, flags, maps, mapped, unmapped = struct.unpack_from("<IIQQQ", row)
            unmaps, = struct.unpack_from("<Q", row, 64)
            advised = sum(struct.unpack_from("<4Q", row, 80))
            frames = []
            while node:
                where, node = nodes[node]
                module = where >> 48
                name, start = modules[module] if module < len(modules) else ("", 0)
                frames.append((name, (where & (1 << 47) - 1) - start))
            add(found, frames, [maps, mapped, unmaps, advised, mapped - unmapped])
        return found


def add(found, frames, counts):
    key = tuple(f for f in frames if f[0] != "libvprof.so")[:FRAMES]
    for i, count in enumerate(counts):
        found.setdefault(key, [0] * 5)[i] += count


HEAD = re.compile(r"([0-9.]+) (\w+)\((.*)\) += (-?(?:0x)?[0-9a-f]+)")
FRAME = re.compile(r" > (.*?)\(([^()]*?)(?:\+0x[0-9a-f]+)?\) \[0x([0-9a-f]+)\]")
HOOKS = {"mmap", "mmap64", "munmap", "mremap", "madvise", "brk", "sbrk", "syscall", "shmat",
         "shmdt"}


def calls(paths):
    """All calls in the order of time: (time, name, arguments, result, stack)."""
    found = []
    for path in paths:
        for line in open(path, errors="replace"):
            head = HEAD.match(line)
            frame = FRAME.match(line)
            if head:
                found.append((float(head[1]), head[2], head[3].split(", "), int(head[4], 0), []))
            elif frame and found:
                found[-1][4].append((os.path.basename(frame[1]), frame[2], int(frame[3], 16)))
    return sorted(found, key=lambda call: call[0])


def caller(stack):
    """The frames behind a hook that libc's wrapper was called by; None: it was not."""
    for i, (module, function, _) in enumerate(stack):
        if module == "libvprof.so":
            return stack[i + 1:] if i and function in HOOKS else None
        if not module.startswith("libc.so"):
            return None
    return None


def up(value):
    return (value + PAGE - 1) // PAGE * PAGE


class Ranges:
    def __init__(self):
        self.all = []

    def take(self, lo, hi):
        kept, taken = [], []
        for a, b, who in self.all:
            if b <= lo or hi <= a:
                kept.append((a, b, who))
                continue
            if a < lo:
                kept.append((a, lo, who))
            if hi < b:
                kept.append((hi, b, who))
            taken.append((max(a, lo), min(b, hi), who))
        self.all = kept
        return taken


def traced(paths):
    found, ranges, started = {}, Ranges(), False

    def unmap(lo, length):
        for a, b, who in ranges.take(lo, lo + up(length)):
            add(found, who, [0, 0, 0, 0, a - b])

    def enter(lo, length, frames):
        unmap(lo, length)
        ranges.all.append((lo, lo + up(length), frames))
        add(found, frames, [1, up(length), 0, 0, up(length)])

    for _, name, args, result, stack in calls(paths):
        if name.startswith("clone") and any(f[0] == "libvprof.so" for f in stack):
            started = True  # the helper
        behind = caller(stack)
        if not started or result == -1 or not behind or "libunwind" in behind[0][0]:
            continue
        frames = [(module, address) for module, _, address in behind]
        if name == "mmap":
            enter(result, int(args[1]), frames)
        elif name == "munmap":
            unmap(int(args[0], 16), int(args[1]))
            add(found, frames, [0, 0, 1, 0, 0])
        elif name == "mremap":
            unmap(int(args[0], 16), int(args[1]))
            add(found, frames, [0, 0, 1, 0, 0])
            enter(result, int(args[2]), frames)
        elif name == "madvise":
            add(found, frames, [0, 0, 0, 1, 0])
        elif name in ("shmat", "shmdt"):
            print("not compared:", name)
    return found


def main():
    recorded, seen = Record(sys.argv[1]).paths(), traced(sys.argv[2:])
    same = 0
    for key in sorted(set(recorded) | set(seen)):
        ours, theirs = recorded.get(key, [0] * 5), seen.get(key, [0] * 5)
        if ours == theirs:
            same += 1
        else:
            print("differs: record %s strace %s at %s" % (
                ours, theirs, " ".join("%s+%#x" % frame for frame in key[:6])))
    totals = [sum(column) for column in zip(*recorded.values())] or [0] * 5
    print("%d call paths, %d mappings of %d bytes, %d unmappings, %d advices" % (
        same, *totals[:4]))


main()
