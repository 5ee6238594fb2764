#!/bin/bash
# The speedscope and the folded export in speedscope, in a browser without a
# window. A file it cannot read ends with 0 too, so the rows of its table are read:
# own and total time by function, rounded as it shows them.
. "$(dirname "$0")/../lib.sh"
. "$TOP/test/lib-consumers.sh"

t_begin "speedscope"
BROWSER=$(command -v chromium || command -v chromium-browser)
[ -n "$BROWSER" ] || {
	t_skip "no chromium here"
	exit 0
}
c_npm speedscope@1.25.0 || t_end
t_ok
c_profiles

PAGE_SECONDS=200
# open_page: loads what $T/load.js says, and writes the page to $T/page
open_page() { # MILLISECONDS of its own time
	HOME=$T timeout -k 5 "$PAGE_SECONDS" "$BROWSER" --headless --no-sandbox --disable-gpu \
		--allow-file-access-from-files --user-data-dir="$T/browser" --window-size=1600,1400 \
		--virtual-time-budget="$1" --dump-dom \
		"file://$NPM/node_modules/speedscope/dist/release/index.html#localProfilePath=$T/load.js&view=sandwich" \
		>"$T/page" 2>"$T/browser.err"
}
# read_page: the table of $T/page, cells total, own, name, to $T/own and $T/all
read_page() {
	rm -f "$T/own" "$T/all"
	touch "$T/own" "$T/all"
	sed 's/<[^>]*>/\n/g; s/&lt;/</g; s/&gt;/>/g; s/&amp;/\&/g' "$T/page" | grep -v '^ *$' |
		awk -v own="$T/own" -v all="$T/all" '
		function number(text, unit, f) {
			unit = text; sub(/^[0-9.,]+ */, "", unit); sub(/ .*/, "", unit)
			f = unit == "s" ? 1e9 : unit == "ms" ? 1e6 : unit ~ /s$/ && unit != "ns" ? 1e3 : \
				unit == "GB" ? 1073741824 : unit == "MB" ? 1048576 : unit == "KB" ? 1024 : 1
			if (text ~ /^[0-9]+:[0-9.]+/) { split(text, part, ":"); f = 1e9
				value = (part[1] * 60 + part[2]) * f } else { sub(/[^0-9.].*/, "", text); value = text * f }
			tolerance = f * 0.0051 + 0.6 }
		/^[0-9.,:]+ ?[a-zA-Zµ]* \(.*%\)$/ { cell[n++] = $0; next }
		n >= 2 { number(cell[n - 1]); printf "%.0f\t%s\t%.0f\n", value, $0, tolerance >own
			number(cell[n - 2]); printf "%.0f\t%s\t%.0f\n", value, $0, tolerance >all }
		{ n = 0 }'
}
# show FILE NAME: its table as "VALUE<tab>NAME<tab>TOLERANCE" of own time to $T/own
# and of total to $T/all. On a busy machine the page may be written before the file
# is in it: then once more, with more time.
BUDGETS="8000 20000 60000"
show() {
	local ms
	printf 'speedscope.loadFileFromBase64("%s", "%s")' "$2" "$(base64 -w 0 "$1")" >"$T/load.js"
	for ms in $BUDGETS; do
		open_page $ms
		read_page
		[ ! -s "$T/own" ] || break
	done
	grep -q '<title>[^<]* - speedscope' "$T/page" || echo "nothing was loaded"
}
same() { # NAME FIELD FILE
	c_flat "$1" "$2" >"$T/want"
	# the table is cut at the window's height
	sort -t'	' -k1,1nr "$T/want" | head -n 10 >"$T/want.top"
	cut -f2 "$T/want.top" >"$T/names"
	awk -F'\t' 'FILENAME == ARGV[1] { want[$1]; next } $2 in want' "$T/names" "$3" >"$T/got"
	c_same "$2" "$T/want.top" "$T/got"
}
check() { # NAME FILE
	show "$2" "$1.json"
	same "$1" self_ns "$T/own"
	[ "$1" != truth ] || same "$1" total_ns "$T/all"
}
check_total() { # NAME FILE: what the table cannot tell exactly
	c_is "total" "$(c_total "$1" flat cpu_ns)" "$(jq '.profiles[0].endValue' "$2")"
	c_is "peak" "$(c_total "$1" heap peak_bytes)" \
		"$(jq '.profiles[] | select(.name == "bytes live at the peak") | .endValue' "$2")"
	c_is "threads" "$(c_total "$1" flat cpu_ns)" \
		"$(jq '[.profiles[] | select(.name | startswith("CPU time, thread")) | .endValue] | add' "$2")"
	c_is "unbalanced or backwards" 0 "$(jq '[.profiles[] | (.events | map(if .type == "O" then 1 else -1 end) | add),
		(.events | [.[:-1], .[1:]] | transpose | map(select(.[0].at > .[1].at)) | length)] | add' "$2")"
}
# A profile that is not the first: the heap's peak, by site.
check_peak() { # NAME FILE
	jq -c '. as $d | .activeProfileIndex = ([.profiles[].name] | index("bytes live at the peak"))' "$2" \
		>"$T/peak.json"
	show "$T/peak.json" peak.json
	c_sites "$1" peak_bytes | awk '$1 > 0' | head -n 3 >"$T/want"
	c_same peak "$T/want" "$T/own"
}
check_folded() { # NAME FILE
	local shown
	show "$2" "$1.folded.txt"
	c_flat "$1" self_ns | head -n 10 >"$T/want"
	# counts are shown as they are, with commas
	sed 's/<[^>]*>/\n/g; s/&lt;/</g; s/&gt;/>/g' "$T/page" | grep -v '^ *$' |
		awk '/^[0-9,.]+ \(.*%\)$/ { cell[n++] = $1; next }
			n >= 2 { v = cell[n - 1]; gsub(/,/, "", v); printf "%.0f\t%s\t1\n", v, $0 } { n = 0 }' >"$T/shown"
	awk -F'\t' 'FILENAME == ARGV[1] { want[$2]; next } $2 in want' "$T/want" "$T/shown" >"$T/got"
	c_same "own time" "$T/want" "$T/got"
	c_is total "$(c_total "$1" flat cpu_ns)" "$(awk '{ s += $NF } END { printf "%.0f", s }' "$2")"
}

# The trace, of whose spans the report lists each: what speedscope has of a name is their sum.
check_trace() { # FILE
	local name
	show "$1" trace.json
	for name in step steady; do
		printf '%s\t%s\n' "$("$REPORT" spans --span $name --select 'dur>0ns' --format json "$C/steps.vprof" |
			jq '[.spans[0].slow_spans[].duration_ns] | add')" $name
	done >"$T/want"
	awk -F'\t' '$2 == "step" || $2 == "steady"' "$T/all" >"$T/got"
	c_same total "$T/want" "$T/got"
	c_is "spans beyond the end of those that they are in" 0 "$(jq '[[.traceEvents[] | select(.ph == "X")] | group_by(.tid)[] |
		[foreach .[] as $e ({open: [], bad: 0}; .open |= map(select(. > $e.ts + 1e-4)) |
			(if (.open | length) > 0 and (.open | min) < $e.ts + $e.dur - 1e-3 then .bad += 1 else . end) |
			.open += [$e.ts + $e.dur]; .bad)][-1]] | add' "$1")"
}

t_begin "export"
c_record steps "$PROBE/tail" 1 500 spans
c_export steps trace "$T/trace.json" --thread tail
for name in truth virtuoso; do
	c_export $name speedscope "$T/$name.json"
	c_export $name folded "$T/$name.folded"
done
t_done
for name in truth virtuoso; do
	c_check "$name: own and total time" check $name "$T/$name.json"
	c_check "$name: totals" check_total $name "$T/$name.json"
done
c_check "truth: peak of the heap" check_peak truth "$T/truth.json"
c_check "truth: folded" check_folded truth "$T/truth.folded"

c_check "spans over time" check_trace "$T/trace.json"

# What cannot be read stays empty, and the browser waits for somebody to read what it says.
BUDGETS=3000 PAGE_SECONDS=15
c_cut "$T/truth.json" "$T/cut.json"
c_refuse "a cut copy" check truth "$T/cut.json"
c_cut "$T/trace.json" "$T/cut.json"
c_refuse "a cut copy, trace" check_trace "$T/cut.json"
c_cut "$T/truth.folded" "$T/cut.folded"
c_refuse "a cut copy, folded" check_folded truth "$T/cut.folded"
BUDGETS=20000 PAGE_SECONDS=200
jq -c '.profiles[0].events |= map(if .type == "C" then . else .frame = 0 end)' "$T/truth.json" >"$T/changed.json"
c_refuse "frames that do not match" check truth "$T/changed.json"
jq -c '(first(.traceEvents[] | select(.name == "step"))).dur |= . + 100000' "$T/trace.json" >"$T/changed.json"
c_refuse "a span that is longer than it was" check_trace "$T/changed.json"
t_end
