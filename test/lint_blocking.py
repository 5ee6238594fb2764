"""Names of a C library that may block, found in the library itself.

usage: lint_blocking.py LIBC HOOKED [NAME...]
HOOKED: the names that are hooked, one a line.  Prints each exported name of LIBC that is not
among them although
  - its code makes a system call that may block, or calls a function that waits and is either
    exported or makes such a call itself (libc's own locks, and what it opens, reads, writes
    and closes inside, are left out);
  - it is called like one that waits for a lock, a condition, a semaphore or a thread;
  - it is another name of the code of a hooked function;
  - it is a form of one: __NAME_chk, __NAME_2, NAME64, __NAME, NAME_unlocked.
With names: says of each whether it would be found if it were not hooked."""
import bisect
import re
import subprocess
import sys

BLOCKING = {
    0: "read", 1: "write", 2: "open", 3: "close", 7: "poll", 16: "ioctl", 17: "pread64",
    18: "pwrite64", 19: "readv", 20: "writev", 23: "select", 26: "msync", 34: "pause",
    35: "nanosleep", 40: "sendfile", 42: "connect", 43: "accept", 44: "sendto",
    45: "recvfrom", 46: "sendmsg", 47: "recvmsg", 61: "wait4", 65: "semop", 69: "msgsnd",
    70: "msgrcv", 72: "fcntl", 73: "flock", 74: "fsync", 75: "fdatasync", 76: "truncate",
    77: "ftruncate", 82: "rename", 85: "creat", 87: "unlink", 128: "rt_sigtimedwait",
    130: "rt_sigsuspend", 162: "sync", 202: "futex", 208: "io_getevents", 220: "semtimedop",
    230: "clock_nanosleep", 232: "epoll_wait", 240: "mq_open", 242: "mq_timedsend",
    243: "mq_timedreceive", 247: "waitid", 257: "openat", 263: "unlinkat", 264: "renameat",
    270: "pselect6", 271: "ppoll", 275: "splice", 276: "tee", 277: "sync_file_range",
    278: "vmsplice", 281: "epoll_pwait", 285: "fallocate", 288: "accept4", 295: "preadv",
    296: "pwritev", 299: "recvmmsg", 306: "syncfs", 307: "sendmmsg", 316: "renameat2",
    318: "getrandom", 326: "copy_file_range", 327: "preadv2", 328: "pwritev2",
    441: "epoll_pwait2"}
# What waits and does nothing else: who goes on to one of these waits, too.
WAITS = {"clock_nanosleep", "nanosleep", "wait4", "waitid", "sigtimedwait", "sigsuspend",
         "mq_timedsend", "mq_timedreceive", "semtimedop", "poll", "select", "pselect", "ppoll",
         "fcntl"}
# What libc does inside of much that hardly ever waits.
INSIDE = {"futex", "open", "openat", "read", "write", "close", "ioctl", "getrandom"}
LOCKS = r"(pthread|sem|mtx|cnd|thrd|gai|aio)_.*(wait|lock|join|sleep|suspend)(_np|64)?$"


def exported(libc):
    """(address -> size, names) of the functions that a program may be linked to."""
    found = {}
    text = subprocess.run(["readelf", "--dyn-syms", "-W", libc], capture_output=True, text=True,
                          check=True).stdout
    for line in text.splitlines():
        field = line.split()
        if len(field) < 8 or field[3] not in ("FUNC", "IFUNC") or field[6] == "UND":
            continue
        if "GLIBC_PRIVATE" not in field[7]:
            row = found.setdefault(int(field[1], 16), [int(field[2], 0), set()])
            row[1].add(field[7].split("@")[0])
    return found


def code(libc):
    """Addresses of functions as far as calls tell, of blocking system calls, and calls."""
    text = subprocess.run(["objdump", "-d", "--no-show-raw-insn", libc], capture_output=True,
                          text=True, check=True).stdout
    calls, blocks, starts, number = [], [], set(), None
    for line in text.splitlines():
        match = re.match(r"\s+([0-9a-f]+):\s+(\S+)\s*(.*)", line)
        if not match:
            continue
        at, name, rest = int(match[1], 16), match[2], match[3]
        if name in ("mov", "xor"):
            set_to = re.match(r"\$0x([0-9a-f]+),%[er]ax$", rest)
            if set_to:
                number = (int(set_to[1], 16), at)
            elif rest == "%eax,%eax":
                number = (0, at)
        elif name == "syscall" and number and at - number[1] < 160:
            if number[0] in BLOCKING:
                blocks.append((at, BLOCKING[number[0]]))
        elif name in ("call", "jmp"):
            to = re.match(r"([0-9a-f]+)\b", rest)
            if to:
                calls.append((at, int(to[1], 16)))
                if name == "call":
                    starts.add(int(to[1], 16))
    return calls, blocks, starts


def blocking(libc):
    functions = exported(libc)
    calls, blocks, starts = code(libc)
    starts = sorted(starts | set(functions))

    def owner(at):
        i = bisect.bisect_right(starts, at) - 1
        return starts[i] if i >= 0 else None

    direct = {owner(at) for at, _ in blocks}
    waits = {owner(at) for at, name in blocks if name not in INSIDE} - set(functions)
    waits |= {address for address, row in functions.items() if row[1] & WAITS}
    found = direct | {owner(at) for at, to in calls if to in waits}
    return {name for address in found if address in functions
            for name in functions[address][1]}


def missing(functions, blocks, hooked):
    every = {name for row in functions.values() for name in row[1]}
    found = {name: "may block" for name in blocks}
    found.update({name: "waits" for name in every if re.match(LOCKS, name.lstrip("_"))})
    for row in functions.values():
        if row[1] & hooked:
            found.update({name: "is the code of a hook" for name in row[1]})
    for name in every:
        plain = re.sub(r"^__(.*)_(chk|2)$", r"\1", name)
        plain = re.sub(r"_unlocked$", "", re.sub(r"(?<=\D)64$", "", plain.lstrip("_")))
        if plain != name and plain in hooked:
            found.setdefault(name, "is a form of " + plain)
    return {name: why for name, why in found.items() if name not in hooked}


def main():
    libc, hooked = sys.argv[1], set(open(sys.argv[2]).read().split())
    functions, blocks = exported(libc), blocking(libc)
    for name in sys.argv[3:]:
        found = missing(functions, blocks, hooked - {name})
        print(name, "found" if name in found else "not found")
    if not sys.argv[3:]:
        for name, why in sorted(missing(functions, blocks, hooked).items()):
            print(name, why)


main()
