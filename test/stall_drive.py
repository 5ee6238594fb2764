"""Has test/probe/stall_live stall in a random order, looks at the record while it does, and
says of each stall what is wrong with what the record says.

    stall_drive.py SEED FSYNCS PROBE REPORT DIRECTORY RUN...

RUN: "env LD_PRELOAD=..." before the probe, or nothing: then only the order is kept, for the
number of calls that signals interrupted.  Without a breakpoint where gdb is not there.  The
probe's words for each stall come before it; the test lets it go when the record has shown it.
NO_GDB in the environment: no breakpoint.
Prints a line "bad WHY" for whatever is wrong, and last "seen N interrupted M stopped S"."""
import json, os, random, shutil, signal, subprocess, sys, time

seed, fsyncs, probe, report, where = sys.argv[1:6]
bare = len(sys.argv) == 6
CLASS = {"fsync": "blocked", "lock": "lock", "cpu": "run", "raw": "unhooked"}
CALL = {"fsync": "fsync", "lock": "pthread_mutex_lock", "raw": "read"}
FUNCTIONS = ("save_journal", "take_book", "reprice", "past_libc")
LIMIT = 20  # seconds for the record to show a stall


def bad(text):
    print("bad", text)


def record_of(pid):
    names = [n for n in os.listdir(where) if n.endswith(".vprof") and n.startswith("stall_live.")]
    return os.path.join(where, names[0]) if names else None


def stalls_of(path):
    run = subprocess.run([report, "loop", path, "--format", "json"], capture_output=True)
    if run.returncode not in (0,):
        return [], None
    loops = json.loads(run.stdout)
    return [s for one in loops["loops"] for s in one["stalls"]], loops


class Probe:
    def __init__(self):
        for name in ("pipe", "flag"):
            path = os.path.join(where, name)
            if name == "pipe" and not os.path.exists(path):
                os.mkfifo(path)
            elif name == "flag":
                open(path, "wb").write(b"\0")
        self.pipe = os.open(os.path.join(where, "pipe"), os.O_RDWR)
        self.flag = os.open(os.path.join(where, "flag"), os.O_RDWR)
        mount = os.path.join(where, "mount", "journal")
        journal = mount if int(fsyncs) else os.devnull
        self.run = subprocess.Popen(
            sys.argv[6:] + [probe, journal, os.path.join(where, "pipe"),
                            os.path.join(where, "flag")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=where, bufsize=0)
        self.expect("ready")

    def expect(self, word):
        line = self.run.stdout.readline().decode().split()
        if not line or line[0] != word:
            bad(f"the probe says {line}, not {word}")
            sys.exit(1)
        return line

    def ask(self, letter):
        self.run.stdin.write(letter.encode())

    def let_go(self, kind):
        if kind == "cpu":
            os.pwrite(self.flag, b"\1", 0)
        else:
            os.write(self.pipe, b".")
        self.expect("done")
        os.pwrite(self.flag, b"\0", 0)


def check(stall, kind, function, line):
    """What is wrong with a stall's row; None: nothing."""
    if stall["class"] != CLASS[kind]:
        return f"class {stall['class']}"
    if kind in CALL and stall["call"] != CALL[kind]:
        return f"call {stall['call']}"
    frames = [(f["function"], f["line"]) for f in stall["frames"]]
    if kind == "raw":
        return None if function in [f for f, _ in frames] else f"frames {frames}"
    if (function, int(line)) not in frames:
        return f"frames {frames}"
    if kind == "fsync" and not (stall["target"] or "").endswith("/journal"):
        return f"target {stall['target']}"
    if kind == "lock":
        holder = stall["holder"] or {}
        if holder.get("name") != "feeder" or holder.get("call") != "read":
            return f"holder {holder}"
    return None


def see(program, kind, function, line):
    """Copies the record until a copy shows the stall under way, as it is."""
    copy = os.path.join(where, "copy.vprof")
    end, why = time.monotonic() + LIMIT, "it is not there"
    while time.monotonic() < end:
        time.sleep(0.02)
        shutil.copyfile(record_of(program.run.pid), copy)
        live = [s for s in stalls_of(copy)[0] if not s["over"]]
        if live:
            why = check(live[-1], kind, function, line)
            if not live[-1]["caught_live"]:
                why = "not looked at while it lasts"
        if why is None:
            return 1
    bad(f"{kind}: {why}")
    return 0


def stop(program):
    _, function, _ = program.expect("stop")
    while "T" != open(f"/proc/{program.run.pid}/stat").read().rpartition(")")[2].split()[0]:
        time.sleep(0.01)
    time.sleep(0.3)
    os.kill(program.run.pid, signal.SIGCONT)
    program.expect("done")


def break_in(program):
    """A debugger stops it within an iteration."""
    gdb = subprocess.Popen(
        ["gdb", "-q", "-batch", "-nx", "-p", str(program.run.pid), "-iex",
         "set debuginfod enabled off", "-ex", "break at_breakpoint", "-ex", "echo \\nattached\\n",
         "-ex", "continue", "-ex", "shell sleep 0.3", "-ex", "delete", "-ex", "detach"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    for text in gdb.stdout:
        if text.strip() == b"attached":
            break
    time.sleep(0.3)
    program.ask("b")
    gdb.stdout.read()
    gdb.wait()
    program.expect("done")


def main():
    letters = list("f" * int(fsyncs) + "lllllcccrrs")
    if not bare and not os.environ.get("NO_GDB") and shutil.which("gdb"):
        letters.append("b")
    random.Random(int(seed)).shuffle(letters)
    program = Probe()
    seen = stopped = 0
    for letter in "." * 40 + "".join(letters):
        if letter != "b":
            program.ask(letter)
        if letter == ".":
            program.expect("done")
        elif letter in "sb":
            stop(program) if letter == "s" else break_in(program)
            stopped += 1
        else:
            kind, function, line = program.expect({"f": "fsync", "l": "lock", "c": "cpu", "r": "raw"}[letter])
            if bare:
                time.sleep(0.05)
            else:
                seen += see(program, kind, function, line)
            program.let_go(kind)
        for _ in range(3):
            program.ask(".")
            program.expect("done")
    program.run.stdin.close()
    interrupted = program.expect("interrupted")[1]
    program.run.wait()
    if not bare:
        stalls, loops = stalls_of(record_of(program.run.pid))
        mine = [s for s in stalls if s["class"] in CLASS.values() and not s["not_your_code"]]
        extra = [s for s in mine if s["function"] in ("stop_here", "at_breakpoint")]
        if extra:
            bad(f"a stop is a stall: {extra[0]['function']} {extra[0]['duration_ns']} ns")
        open_ = [s for s in mine if not s["over"] and s["function"] in FUNCTIONS]
        if open_:
            bad(f"over, and not said: {open_[0]['function']}")
        if loops["frozen"] < stopped:
            bad(f"stopped {stopped} times, and the record knows of {loops['frozen']}")
    print("seen", seen, "interrupted", interrupted, "stopped", stopped)


main()
