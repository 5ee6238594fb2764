"""Names that mean something to whoever reads them, and whether an output is harmless.

hostile.py make DIR MKHOSTILE CC   a record for each name in DIR: NNN.vprof, with an object
                                   and a perf map; prints how many names there are
hostile.py clean DIR               takes the perf maps away again
hostile.py check KIND FILE...      prints what is harmful in outputs, one a line
hostile.py run DIR REPORT          every verb, format and second input on these records: a line
                                   "ok NAME" or "FAIL NAME: why" a case
"""
import csv, io, json, os, re, subprocess, sys
import xml.etree.ElementTree as xml

NAMES = [
    b"plain", b"new\nline", b"a\r\nb", b"tab\tname", b"\x1b[31mred\x1b[0m", b"\x1b]0;title\x07",
    b"\xc2\x9b31mC1", b"raw\x9b31m", b"\xe2\x80\xaeoverride", b"\xe2\x81\xa6isolate\xe2\x81\xa9",
    b"zero\xe2\x80\x8bwidth\xef\xbb\xbf", b"=1+1", b"+cmd|' /C calc'!A0", b"-2+3", b"@SUM(A1)",
    b" =1", b"a;=1+1", b"\xef\xbc\x9d1", b"back`tick``s", b"pi|pe", b"::error::hi",
    b"\n::error file=x::hi", b"  ::set-output name=x::y", b"##[error]x", b"##vso[task.complete]x",
    b"quo\"te'", b"per%cent%0A%s%n", b"${{ secrets.X }}", b"<script>alert(1)</script>",
    b"](http://evil/x)", b"![x](http://evil)", b"@everyone see #1", b"# head\n- item", b"***",
    b"comma,semi;colon", b"back\\slash\\", b"a!b", b"\nAAAAAAAAAAAAAAAAAAAAAAAA\n", b"\xff\xfe\x80bad",
    b"\xed\xa0\x80surrogate", b"cut\xe6\x97", b"caf\xc3\xa9 \xe6\x97\xa5\xe6\x9c\xac", b"\x7f\x01\x02",
    b"--help", b"$(touch PWNED)", b"_Z" + b"1aS0_" * 9, b"\xef\xbf\xbe\xef\xbf\xbf", b"x\xe2\x80\xa8y",
    b"]]>&amp;<!--", b"fn=(1) x", b"0x12", b"?", b"A" * 65536, b"\n" * 4000, b"\xe2\x80\xae`|" * 9000,
    b"",
]
csv.field_size_limit(1 << 30)
FORMULA = "=+-@\uff1d\uff0b\uff0d\uff20"


def make_object(name, path, cc):
    """An object with a function and a source file of that name; the function's address."""
    size = len(name)
    function, source = b"F" * size, b"S" * size
    text = b"int other;\n#line 7 \"%s\"\nint %s(void) { return other++; }\n" % (source, function)
    subprocess.run([cc, "-g", "-O1", "-fPIC", "-shared", "-Wl,--build-id=none", "-x", "c", "-",
                    "-o", path], input=text, check=True)
    table = subprocess.run(["nm", path], stdout=subprocess.PIPE, check=True).stdout
    address = int(next(l for l in table.split(b"\n") if l.endswith(b" T " + function)).split()[0], 16)
    data = open(path, "rb").read()
    data = data.replace(function, name).replace(source, name)
    open(path, "wb").write(data)
    return address


def first_pid(directory):
    """The numbers of processes in the records: above what Linux gives out, and nobody else's,
    for a perf map is found by its number."""
    path = os.path.join(directory, "first_pid")
    if not os.path.exists(path):
        with open(path, "w") as f:
            f.write(str(4200000 + 100 * os.getpid()))
    return int(open(path).read())


def make(directory, mkhostile, cc):
    first = first_pid(directory)
    for i, name in enumerate(NAMES):
        base = os.path.join(directory, "%03d" % i)
        open(base + ".name", "wb").write(name)
        path, address = b"/opt/none/" + name[:200], 64
        if len(name) > 3 or name == b"a!b":
            plain = base + ".so"
            address = make_object(name, plain, cc)
            path = plain.encode()
            if len(name) < 200 and b"/" not in name:
                path = os.path.join(directory.encode(), b"%03d" % i, name)
                os.mkdir(base)
                os.rename(plain, path)
        pid = first + i
        with open("/tmp/perf-%d.map" % pid, "xb") as perf:
            perf.write(b"1000 100 " + name.replace(b"\0", b"") + b"\n")
        subprocess.run([mkhostile, base + ".name", path, str(address), str(pid), base + ".vprof"],
                       check=True)
    print(len(NAMES))


def clean(directory):
    first = first_pid(directory)
    for i in range(len(NAMES)):
        try:
            os.unlink("/tmp/perf-%d.map" % (first + i))
        except OSError:
            pass


def is_harmful(char):
    code = ord(char)
    return (code < 32 and char != "\n" or 0x7f <= code < 0xa0 or code in (0xad, 0x61c, 0xfeff) or
            0x200b <= code <= 0x200f or 0x2028 <= code <= 0x202e or 0x2060 <= code <= 0x206f or
            code & 0xfffe == 0xfffe or 0xe0000 <= code < 0xe1000)


def check_text(text, out, commands=False):
    bad = sorted({"U+%04X" % ord(c) for c in text if is_harmful(c)})
    if bad:
        out.append("characters " + " ".join(bad))
    for line in text.split("\n"):
        if line.strip().startswith("::") and not commands:
            out.append("a command: " + line[:60])
        if "##[" in line or "##vso[" in line:
            out.append("an old command: " + line[:60])


def check_csv(text, out):
    check_text(text.replace("\r\n", "\n"), out)
    width = 0
    for row in csv.reader(io.StringIO(text, newline="")):
        if not row or row[0].startswith("# ") or row[0].startswith("'# "):
            width = 0
            continue
        if width and len(row) != width:
            out.append("%d columns, not %d: %s" % (len(row), width, row[:2]))
        width = len(row)
        for cell in row:
            if cell.lstrip(" ")[:1] in tuple(FORMULA) and not re.fullmatch(r"-?[0-9.]+(e[+-]?[0-9]+)?", cell):
                out.append("a formula: " + cell[:40])


def check_markdown(text, out):
    check_text(text, out)
    for line in text.split("\n"):
        line = re.sub(r"`[^`]*`", "C", line)  # a span of code
        line = re.sub(r"<code>[^<`*\[\]|\\@]*</code>", "C", line)
        line = re.sub(r"</?(details|summary)>", "", line)
        if line.startswith("    "):
            continue  # a block of code
        line = re.sub(r"^\| |\|$| \| ?|\|--", "", line)
        line = re.sub(r"!\[[a-z0-9 ]*\]\([\w.-]*\)", "", line)  # our pictures
        if re.search(r"[<`\[\]\\@]|://|www\.", line) or "|" in re.sub(r"^\|.*", "", line):
            out.append("markup: " + line[:70])


def check_github(text, out):
    check_text(text, out, commands=True)
    for line in text.rstrip("\n").split("\n"):
        if not re.match(r"::(error|warning|notice) (file=[^:,]*,(line=\d+,)?)?title=[^:]*::", line):
            out.append("no annotation: " + line[:60])


def check(kind, data):
    out = []
    try:
        text = data.decode("utf-8") if kind not in ("binary", "pstats") else ""
    except UnicodeDecodeError as error:
        return ["not UTF-8: %s" % error]
    if kind == "csv":
        check_csv(text, out)
    elif kind in ("json", "sarif"):
        check_text(text, out)
        parsed = json.loads(text)
        if kind == "sarif" and not all(r["tool"]["driver"]["name"] for r in parsed["runs"]):
            out.append("no SARIF")
    elif kind in ("junit", "svg"):
        check_text(text, out)
        root = xml.fromstring(data)
        if not root.tag.endswith({"junit": "testsuites", "svg": "svg"}[kind]):
            out.append("root " + root.tag)
    elif kind == "markdown":
        check_markdown(text, out)
    elif kind == "github":
        check_github(text, out)
    elif kind == "folded":
        check_text(text, out)
        if not all(re.fullmatch(r".* \d+", line) for line in text.rstrip("\n").split("\n")):
            out.append("a line without a number")
    elif kind == "pstats":
        import marshal
        marshal.loads(data)
    elif kind == "text":
        check_text(text, out)
    return out


class Runs:
    """Runs of vprof-report, each looked at."""

    def __init__(self, directory, report):
        self.report, self.directory = report, directory
        self.records = sorted(os.path.join(directory, f) for f in os.listdir(directory)
                              if f.endswith(".vprof"))
        self.count, self.bad, self.failed = 0, [], False

    def case(self, name):
        if self.bad:
            self.failed = True
            text = "; ".join(self.bad[:4]).encode("ascii", "backslashreplace").decode()
            print("FAIL %s: %s" % (name, text.replace("\n", " ")[:900]))
        else:
            print("ok %s" % name)
        sys.stdout.flush()
        self.bad = []

    def looks(self, kind, allowed, *args):
        """Ends with one of these statuses, and all it says is harmless; its output."""
        self.count += 1
        what = " ".join(str(a)[:40] for a in args[:4])
        try:
            done = subprocess.run([self.report, *args], stdin=subprocess.DEVNULL, timeout=300,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        except subprocess.TimeoutExpired:
            self.bad.append(what + ": does not end")
            return b""
        if done.returncode not in allowed:
            why = re.search(rb"(ERROR|runtime error).*", done.stderr)
            self.bad.append("%s: status %d %s" % (what, done.returncode, why and why.group(0)))
        try:
            found = check(kind, done.stdout) + check("text", done.stderr)
        except Exception as error:  # no JSON, no XML, no CSV
            found = [repr(error)]
        self.bad += ["%s: %s" % (what, f) for f in found[:2]]
        return done.stdout


VERBS = ["summary", "flat", "tree", "callers main", "callees *", "heap", "leaks --gate", "timeline",
         "threads", "locks", "waits --idle", "loop", "labels", "marks", "info"]
EXPORTS = {"pprof": "binary", "speedscope": "json", "callgrind": "text", "pstats": "pstats",
           "folded": "folded", "heaptrack": "text", "json": "json"}


def run_second_inputs(runs, record, work):
    with open(record[:-6] + ".name", "rb") as f:
        name = f.read()[:30000].replace(b"\0", b"")
    old, supp = os.path.join(work, "old.json"), os.path.join(work, "new.supp")
    with open(old, "wb") as f:
        f.write(runs.looks("json", [0, 23], "leaks", "--format", "json", record))
    said = runs.looks("text", [0], "leaks", "--baseline", old, record)
    if b"new since the baseline" in said:  # the same names are the same paths
        runs.bad.append(record + ": not the same as in its own baseline")
    runs.looks("text", [0], "leaks", "--write-suppressions", supp, record)
    runs.looks("text", [0, 2, 23], "leaks", "--suppressions", supp, "--gate", record)
    with open(supp, "rb") as f:
        runs.bad += check("text", f.read())
    for args in (["flat", b"--thread=" + name], ["flat", b"--module=" + name, b"--label=" + name],
                 ["leaks", "--gate", b"--allow=" + name, b"--fail-if=" + name],
                 ["callers", name], ["flat", b"--sort=" + name], ["leaks", b"--format=" + name],
                 ["leaks", b"--baseline=" + name, b"--suppressions=" + name],
                 ["leaks", b"--verdict=" + name],
                 ["timeline", "--format", "table", b"--since=" + name]):
        runs.looks("text", [0, 1, 2, 23], *args, record)
    runs.looks("text", [0, 1, 2], "ctl", record, "mark", name)
    if not name.startswith(b"-"):
        runs.looks("text", [1, 2], "flat", name + b".vprof")


def run(directory, report):
    runs = Runs(directory, report)
    names = "%d names" % len(runs.records)
    for verb in VERBS:
        for form in ("table", "csv", "json"):
            if (verb, form) not in (("info", "csv"), ("summary", "csv")):
                runs.looks(form.replace("table", "text"), [0, 23], *verb.split(), "--format", form,
                           *runs.records)
        runs.case("%s: %s" % (verb, names))
    for form in ("junit", "sarif", "github", "markdown"):
        runs.looks(form, [0, 23], "leaks", "--gate", "--format", form, "--verdict", "all", "-n", "0",
                   *runs.records)
        runs.case("leaks %s: %s" % (form, names))
    for form, kind in EXPORTS.items():
        for record in runs.records:
            runs.looks(kind, [0], "export", "--format", form, "-o", "-", record)
        runs.case("export %s: %s" % (form, names))
    svg, png = os.path.join(directory, "a.svg"), os.path.join(directory, "a.png")
    for record in runs.records:
        for verb in ("flat", "leaks", "timeline"):
            runs.looks("text", [0], verb, "--svg", svg, record)
            with open(svg, "rb") as f:
                runs.bad += check("svg", f.read())
        runs.looks("text", [0], "flat", "--png", png, record)
    runs.case("pictures: " + names)
    for record in runs.records:
        run_second_inputs(runs, record, directory)
    runs.case("second inputs: " + names)
    print("# %s, %d runs" % (names, runs.count))
    return runs.failed


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(*sys.argv[2:5])
    elif sys.argv[1] == "clean":
        clean(sys.argv[2])
    elif sys.argv[1] == "run":
        sys.exit(run(*sys.argv[2:4]))
    else:
        for path in sys.argv[3:]:
            with open(path, "rb") as f:
                for line in check(sys.argv[2], f.read())[:3]:
                    print("%s: %s" % (path, line.encode("ascii", "backslashreplace").decode()))
