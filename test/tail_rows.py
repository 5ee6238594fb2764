"""A second opinion on `loop --tail` and `spans --tail`: the accounts of iterations (--format csv), by other code.

tail_rows.py agree CSV JSON      the shares and counts of both, where they differ; no line: they agree
tail_rows.py truth CSV PROBE N F of the record of test/probe/tail: the share of the excess that the
                                 program itself says cause N was, and what the CSV says of F()
tail_rows.py planted JSON PROBE  of `tail SEED COUNT turned`: is the first cause that which was
                                 planted most often, its share of the excess as the program says
                                 it, as it was planted, and as the report says it: 1 0.61 0.58
                                 0.61 0.49 0.72; what was planted, and what is first
"""
import csv, json, math, random, sys
from collections import defaultdict

PRESENT, DRAWS = 0.05, 1000


def read(path):
    """Loops: units, each with its group, weight, time and parts by component."""
    loops = defaultdict(dict)
    for row in csv.DictReader(open(path)):
        key = (row["tid"], row["loop"]) if "loop" in row else (row["span"],)
        unit = loops[key].setdefault(row["unit"], {
            "at": int(row["at_ns"]), "ns": int(row["duration_ns"]), "group": row["group"],
            "weight": float(row["weight"] or 0), "parts": defaultdict(float)})
        what = (row["kind"], row["class"], row["call"], row["function"])
        unit["parts"][what] += float(row["ns"])
    return loops


def mean(units, of):
    weight = sum(u["weight"] for u in units)
    return sum(u["weight"] * of(u) for u in units) / weight


def shares(slow, ordinary):
    """Of each component its share of what slow units take longer."""
    excess = mean(slow, lambda u: u["ns"]) - mean(ordinary, lambda u: u["ns"])
    names = {what for u in slow + ordinary for what in u["parts"]}
    return {what: (mean(slow, lambda u: u["parts"].get(what, 0)) -
                   mean(ordinary, lambda u: u["parts"].get(what, 0))) / excess for what in names}


def interval(slow, ordinary, what):
    """Blocks of a second, or shorter, drawn again."""
    units = slow + ordinary
    first, last = min(u["at"] for u in units), max(u["at"] for u in units)
    length = min(1e9, (last - first) / 32)
    blocks = defaultdict(list)
    for u in units:
        blocks[(u["at"] - first) // length].append(u)
    blocks = list(blocks.values())
    rng, drawn = random.Random(1), []
    for _ in range(DRAWS):
        pick = [u for block in rng.choices(blocks, k=len(blocks)) for u in block]
        s = [u for u in pick if u["group"] == "slow"]
        o = [u for u in pick if u["group"] == "ordinary"]
        if s and o:
            drawn.append(shares_of(s, o, what))
    drawn.sort()
    return drawn[int(0.025 * len(drawn))], drawn[int(0.975 * len(drawn))]


def shares_of(slow, ordinary, what):
    excess = mean(slow, lambda u: u["ns"]) - mean(ordinary, lambda u: u["ns"])
    return (mean(slow, lambda u: u["parts"].get(what, 0)) -
            mean(ordinary, lambda u: u["parts"].get(what, 0))) / excess


def fisher(a, drawn, marked, total):
    ways = math.comb(total, drawn)
    return sum(math.comb(marked, k) * math.comb(total - marked, drawn - k)
               for k in range(a, min(drawn, marked) + 1)) / ways


def groups(units):
    return ([u for u in units if u["group"] == "slow"],
            [u for u in units if u["group"] == "ordinary"])


def compare_share(one, slow, ordinary, mine, wrong):
    what = (one["kind"], one["class"], one["call"] or "", one["function"])
    if abs(mine.get(what, 0) - one["share"]) > 1e-6:
        wrong.append(f"{what}: share {one['share']} of {mine.get(what, 0)}")
    usual = mean(ordinary, lambda u: u["ns"])
    excess = mean(slow, lambda u: u["ns"]) - usual
    a = sum(0 < u["parts"].get(what, 0) >= PRESENT * (u["ns"] - usual) for u in slow)
    c = sum(0 < u["parts"].get(what, 0) >= PRESENT * excess for u in ordinary)
    if (a, c) != (one["slow_with"], one["ordinary_with"]):
        wrong.append(f"{what}: in {one['slow_with']}, {one['ordinary_with']} of {a}, {c}")
    p = fisher(a, len(slow), a + c, len(slow) + len(ordinary))
    if abs(p - one["chance"]) > 1e-6 + 1e-6 * p:
        wrong.append(f"{what}: chance {one['chance']} of {p}")


def agree(csv_path, json_path):
    loops, wrong = read(csv_path), []
    said = json.load(open(json_path))
    for loop in said.get("loops", []) + said.get("spans", []):
        key = (loop["name"],) if "spans" in said else (str(loop["tid"]), loop["name"])
        units = list(loops.get(key, {}).values())
        slow, ordinary = groups(units)
        if loop["slow"] != len(slow) or loop["ordinary"] != len(ordinary):
            wrong.append(f"{loop['name']}: {loop['slow']} slow of {len(slow)}")
            continue
        for u in units:
            if abs(sum(u["parts"].values()) - u["ns"]) > 1:
                wrong.append(f"parts of a unit make {sum(u['parts'].values())} of {u['ns']}")
        if len(slow) < 20 or len(ordinary) < 20:
            continue
        mine = shares(slow, ordinary)
        if abs(sum(mine.values()) - 1) > 1e-6:
            wrong.append(f"shares make {sum(mine.values())}")
        for one in loop["shares"]:
            compare_share(one, slow, ordinary, mine, wrong)
        for one in loop["causes"]:
            what = (one["kind"], one["class"], one["call"] or "", one["function"])
            if one["kind"] == "cpu":  # wider: by its samples, too
                continue
            low, high = interval(slow, ordinary, what)
            # 1,000 draws of other numbers: a tenth of the width.
            room = 0.02 + 0.15 * (high - low)
            if abs(low - one["share_low"]) > room or abs(high - one["share_high"]) > room:
                wrong.append(f"{what}: {one['share_low']} to {one['share_high']} of {low} to {high}")
        user = [one for one in loop["causes"] if not one["not_your_code"]]
        best = max((w for w in mine if w[1] not in ("preempted", "fault")), key=lambda w: mine[w])
        if user and (user[0]["kind"], user[0]["class"], user[0]["call"] or "", user[0]["function"]) != best:
            wrong.append(f"first cause {user[0]['function']} of {best}")
    print("\n".join(wrong[:10]), end="\n" if wrong else "")


def turns_of(probe_path):
    """Its iterations, and the numbers of its causes."""
    lines = [tuple(map(int, line.split())) for line in open(probe_path)]
    return [line for line in lines if len(line) == 4], lines[-1]


CAUSES = ["flush_journal", "rebuild_index", "apply_book", "copy_levels", "commit_trade"]


def planted(json_path, probe_path):
    """Of all that the program did, not of what was kept."""
    said = json.load(open(json_path))
    loops = said.get("loops") or said.get("spans") or [{}]
    loop, (turns, order) = loops[0], turns_of(probe_path)
    turns.sort(key=lambda t: -t[1])
    slow = turns[:max(loop.get("slow", 0), 1)]
    ordinary = turns[len(turns) // 4:len(turns) * 3 // 4]
    usual = sum(t[1] for t in ordinary) / len(ordinary)
    excess = sum(t[1] - usual for t in slow)
    of = {cause: sum(t[2] for t in slow if t[3] == cause) / excess for cause in order}
    causes = [one for one in loop.get("causes", []) if not one["not_your_code"]]
    first = causes[0]["function"] if causes else "nothing"
    name = CAUSES[order[0] - 1]
    mine = [one for one in causes if one["function"] == name]
    report = "%.3f %.3f %.3f" % tuple(mine[0][key] for key in ("share", "share_low", "share_high")) \
        if mine else "0 0 0"
    # Others may have had the CPU, too: what was planted is 60 of 100 of the rest.
    print(int(first == name), f"{of[order[0]]:.3f} {0.6 * sum(of.values()):.3f}", report,
          ",".join(CAUSES[cause - 1] for cause in order), first)


def truth(csv_path, probe_path, cause, function):
    """The loop, or the name of spans, of the probe is the one with most units; its own words are
    by another clock."""
    units = max(read(csv_path).values(), key=len).values()
    slow, ordinary = groups(units)
    turns, _ = turns_of(probe_path)
    # The record's time begins at another moment: the longest turns are the same ones.
    turns.sort(key=lambda t: -t[1])
    usual = sorted(t[1] for t in turns)[len(turns) // 2]
    top = turns[:len(slow)]
    said = sum(t[2] for t in top if t[3] == int(cause)) / sum(t[1] - usual for t in top)
    seen = sum(u["parts"].get(w, 0) for u in slow for w in u["parts"] if w[3] == function) / \
        sum(u["ns"] - mean(ordinary, lambda o: o["ns"]) for u in slow)
    print(f"{said:.4f} {seen:.4f}")


if __name__ == "__main__":
    {"agree": agree, "truth": truth, "planted": planted}[sys.argv[1]](*sys.argv[2:])
