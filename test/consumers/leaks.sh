#!/bin/bash
# The findings of `leaks` as other programs read them: SARIF by its own validator,
# JUnit by junit2json; values against the JSON of the same profile. Corrupted copies
# must fail.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-consumers.sh"

# A program that loses blocks at a line we know, through a name XML has to escape.
cat >"$T/lose.cpp" <<'END'
#include <stdlib.h>
template <class T> __attribute__((noinline)) void lose(T n)
{
	for (T i = 0; i < n; i++) {
		char *volatile block = (char *)malloc(100);
		block[0] = 1;
		block = 0;
	}
}
int main(void)
{
	lose<long>(7);
	return 0;
}
END
g++ -g -O1 -o "$T/lose" "$T/lose.cpp" || exit 1
t_preload "$T/run" "cpu=off:out=$T/lose.vprof" "$T/lose" '<a> & "b"'
c_findings() { # FORMAT OUT
	(cd "$T" && "$REPORT" leaks --gate --format "$1" lose.vprof >"$2" 2>"$T/err")
	[ $? = 23 ] || t_bad "$1: wrong status: $(head -1 "$T/err")"
}
t_begin "written"
c_findings json "$T/lose.json"
c_findings sarif "$T/lose.sarif"
c_findings junit "$T/lose.xml"
site='.sites[] | select(.verdict == "lost")'
t_equal blocks 7 "$(jq "$site | .blocks" "$T/lose.json")"
print=$(jq -r "$site | .fingerprint" "$T/lose.json")
[ ${#print} = 16 ] || t_bad "no fingerprint"
t_done || exit 1

sarif_values() { # FILE: what is wrong with the values
	local at='.runs[0].results[0]'
	c_is results 1 "$(jq '.runs[0].results | length' "$1")"
	c_is rule lost "$(jq -r "$at.ruleId" "$1")"
	c_is level error "$(jq -r "$at.level" "$1")"
	c_is fingerprint "$print" "$(jq -r "$at.partialFingerprints[\"vprofCallPath/v1\"]" "$1")"
	c_is bytes 700 "$(jq "$at.properties.bytes" "$1")"
	c_is file lose.cpp "$(jq -r "$at.locations[0].physicalLocation.artifactLocation.uri" "$1")"
	c_is line 5 "$(jq "$at.locations[0].physicalLocation.region.startLine" "$1")"
	c_is status 23 "$(jq '.runs[0].invocations[0].exitCode' "$1")"
}
c_check "SARIF: the values of the profile" sarif_values "$T/lose.sarif"

multitool=$NPM/node_modules/@microsoft/sarif-multitool-linux/Sarif.Multitool
# It ends with 0 whatever it found: what it says counts.
sarif_valid() { # FILE
	local said
	said=$(DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 timeout 60 \
		"$multitool" validate "$1" 2>&1)
	grep -q 'Done. 1 files scanned' <<<"$said" || echo "not scanned: $(head -c 300 <<<"$said")"
	grep -q 'Analysis completed successfully' <<<"$said" || echo "not completed"
	grep -m 3 -iE ': (error|fail)' <<<"$said"
}
t_begin "SARIF: the validator"
if c_npm @microsoft/sarif-multitool-linux@5.7.0; then
	t_ok
	chmod +x "$multitool"
	c_check "SARIF: no error" sarif_valid "$T/lose.sarif"
	jq '.runs[0].results[0].locations[0].physicalLocation.region.startLine = 0' \
		"$T/lose.sarif" >"$T/line.sarif"
	c_refuse "SARIF: a line that does not exist" sarif_valid "$T/line.sarif"
	jq '.runs[0].results[0].ruleIndex = 99' "$T/lose.sarif" >"$T/index.sarif"
	c_refuse "SARIF: a rule that does not exist" sarif_valid "$T/index.sarif"
	jq 'del(.runs[0].tool)' "$T/lose.sarif" >"$T/tool.sarif"
	c_refuse "SARIF: no tool" sarif_valid "$T/tool.sarif"
	c_cut "$T/lose.sarif" "$T/cut.sarif"
	c_refuse "SARIF: cut in half" sarif_valid "$T/cut.sarif"
fi

cat >"$T/junit.mjs" <<'END'
import { readFileSync } from "fs";
const { parse } = await import(process.argv[2]);
const root = await parse(readFileSync(process.argv[3], "utf8"));
const suite = root.testsuite[0];
const failing = suite.testcase.filter((c) => c.failure);
console.log([root.testsuite.length, suite.name, suite.tests, suite.testcase.length, suite.failures,
	failing.length, failing[0].classname, failing[0].file, failing[0].failure[0].message,
	/lose<long>\(long\) \(lose.cpp:5\)/.test(failing[0].failure[0].inner)].join("|"));
END
junit_valid() { # FILE
	local got
	got=$(timeout 60 node "$T/junit.mjs" "$NPM/node_modules/junit2json/dist/esm/index.js" "$1" 2>&1)
	c_is suite "1|$T/lose <a> & \"b\"|2|2|1|1|lost|lose.cpp|700 B lost in 7 blocks|true" \
		"$(tail -n 1 <<<"$got")"
}
t_begin "JUnit: a parser"
if t_need node && c_npm junit2json@4.0.0; then
	t_ok
	c_check "JUnit: the values of the profile" junit_valid "$T/lose.xml"
	sed 's/&lt;/</' "$T/lose.xml" >"$T/escape.xml"
	c_refuse "JUnit: a name that is not escaped" junit_valid "$T/escape.xml"
	sed 's,</testsuite>,,' "$T/lose.xml" >"$T/open.xml"
	c_refuse "JUnit: an element left open" junit_valid "$T/open.xml"
	sed 's/<failure /<skipped /; s,</failure>,</skipped>,' "$T/lose.xml" >"$T/skip.xml"
	c_refuse "JUnit: a failure turned into a skip" junit_valid "$T/skip.xml"
	c_cut "$T/lose.xml" "$T/cut.xml"
	c_refuse "JUnit: cut in half" junit_valid "$T/cut.xml"
fi

t_begin "GitHub: one command a line, at the line of the source"
c_findings github "$T/lose.github"
t_equal lines 2 "$(wc -l <"$T/lose.github")"
t_equal commands 2 "$(grep -cE '^::(error|warning|notice) ' "$T/lose.github")"
grep -q '^::error file=lose.cpp,line=5,title=[^:]*::700 B lost in 7 blocks' "$T/lose.github" ||
	t_bad "$(head -c 200 "$T/lose.github")"
t_done
t_begin "Markdown: a row for the leak, nothing unescaped"
c_findings markdown "$T/lose.md"
grep -q '^| lost | 700 B | 7 | .*lose&lt;long>(long)' "$T/lose.md" || t_bad "$(grep lost "$T/lose.md")"
grep -q '<a>' "$T/lose.md" && t_bad "markup of the command line came through"
t_done
t_end
