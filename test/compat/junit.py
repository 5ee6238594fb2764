"""What a JUnit file of regrtest says, as TEST<TAB>OUTCOME; nothing where there is no file."""
import sys
import xml.etree.ElementTree as tree

RANK = ("pass", "skip", "fail", "error")
outcomes = {}
try:
    root = tree.parse(sys.argv[1]).getroot()
except (OSError, tree.ParseError):
    sys.exit(0)
for case in root.iter("testcase"):
    outcome = "pass"
    for child in case:
        outcome = {"skipped": "skip", "failure": "fail", "error": "error"}.get(child.tag, outcome)
    if case.get("result") == "skipped":
        outcome = "skip"
    name = " ".join((case.get("name") or "?").split())
    if RANK.index(outcome) >= RANK.index(outcomes.get(name, "pass")):
        outcomes[name] = outcome
for name, outcome in outcomes.items():
    print(f"{name}\t{outcome}")
