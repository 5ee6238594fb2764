"""Does what `vprof-report stacks` says of each thread stand in gdb's word on the same process?

    gdb_frames.py PID STACKS.json

Functions from the outermost on, as far as the report has them.  Prints a line for each thread
of which they differ."""
import json, re, subprocess, sys

pid, path = sys.argv[1:]
text = subprocess.run(
    ["gdb", "-q", "-batch", "-nx", "-p", pid, "-iex", "set debuginfod enabled off",
     "-ex", "thread apply all bt"], capture_output=True, text=True).stdout
frames, tid = {}, None
for line in text.splitlines():
    head = re.match(r"Thread \d+ \(.*LWP (\d+)", line)
    frame = re.match(r"#\d+\s+(?:0x[0-9a-f]+ in )?([^ (]+)", line)
    if head:
        tid = int(head.group(1))
        frames[tid] = []
    elif frame and tid:
        frames[tid].append(frame.group(1))
for thread in json.load(open(path))["threads"]:
    if thread["call"] in ("nanosleep", None):
        continue  # it goes on
    mine = [f["function"] for f in thread["frames"]]
    if "main" in mine:  # gdb tells no more
        mine = mine[: mine.index("main") + 1]
    # the frame by which the library starts threads, which its stacks leave out
    theirs = [f for f in frames.get(thread["tid"], []) if f != "run_pthread"]
    if not mine or theirs[-len(mine):] != mine:
        print(f"thread {thread['tid']} {thread['name']}: {mine} and gdb's {theirs}")
