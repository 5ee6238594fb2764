#!/bin/bash
# `flat` names at least 8 of the 10 functions that perf puts on top by self
# time, each with a share within 3 points of perf's.
# alone: it compares shares with perf's, of another run
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-workloads.sh"
T_LIMIT=300

# perf's top named functions of one program: "share<TAB>function" a line
perf_top() { # DATA
	perf report -i "$1" --no-children --sort symbol --stdio -g none --percent-limit 0 \
		2>/dev/null | awk '
		/^ *[0-9.]+% / {
			share = $1 + 0
			sub(/^ *[0-9.]+% +\[[.k]\] /, "")
			sub(/ +- +-.*$/, "")
			sub(/[ \t]+$/, "")
			sub(/@.*$/, "")
			if ($0 !~ /^0x/) print share "\t" $0
		}' | head -n 10
}

compare() { # NAME TOOL COMMAND...
	local name=$1 tool=$2 file share function got named=0 far="" total
	shift 2
	t_begin "$name"
	t_need perf "$tool" || return
	rm -rf "$T/perf"
	# One run seen by both: two runs differ by what else the machine does.
	t_run "$T/perf" perf record -q -e cpu-clock:u -F 997 -o data -- \
		env VPROF_OPTIONS=cpu=997:heap=off "LD_PRELOAD=$LIB" "$@"
	if [ ! -s "$T/perf/data" ]; then
		t_skip "perf is refused here: $(head -1 "$T/perf/err")"
		return
	fi
	file=$(t_file "$T/perf") || { t_bad "no ring file"; t_done; return; }
	"$REPORT" flat "$file" --format json -n 0 >"$T/flat.json" 2>"$T/report.err" ||
		t_bad "flat: $(head -1 "$T/report.err")"
	# shares of user time, as perf's are
	total=$(jq '[.functions[] | select(.module != "[kernel]") | .self_ns] | add' "$T/flat.json")
	while IFS=$'\t' read -r share function; do
		got=$(jq --arg f "$function" --argjson t "${total:-1}" '
			[.functions[] | select(.function == $f and .module != "[kernel]") | .self_ns]
			| add // 0 | . * 100 / $t' "$T/flat.json")
		echo "  $function: perf $share %, libvprof $got %"
		if awk -v g="$got" 'BEGIN { exit !(g > 0) }'; then
			named=$((named + 1))
			awk -v a="$share" -v b="$got" 'BEGIN { d = a - b; exit !(d > 3 || d < -3) }' &&
				far="$far $function:$share/$got"
		fi
	done < <(perf_top "$T/perf/data")
	[ $named -ge 8 ] || t_bad "only $named of perf's top 10 are named"
	[ -z "$far" ] || t_bad "shares apart (perf/libvprof):$far"
	t_done
}

workload_sql 1500000 >"$T/load.sql"
workload_python 450 >"$T/work.py"
export PYTHONHASHSEED=0
compare "sqlite3" sqlite3 sqlite3 :memory: ".read $T/load.sql"
compare "python3" "$PYTHON" "$PYTHON" "$T/work.py"
t_end
