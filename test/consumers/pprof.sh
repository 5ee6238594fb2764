#!/bin/bash
# The pprof export as Go's pprof reads it: totals and top tens of all values,
# times by thread, the difference of two profiles.
. "$(dirname "$0")/../lib.sh"
. "$TOP/test/lib-consumers.sh"

PPROF=$(find /usr/lib/go*/pkg/tool -name pprof -type f 2>/dev/null | head -n 1)
if [ -z "$PPROF" ]; then
	echo "skip pprof: no pprof here"
	exit 0
fi
c_profiles

# top INDEX UNIT FILE...: "FLAT<tab>CUM<tab>NAME", and before it the total
top() {
	local index=$1 unit=$2
	shift 2
	HOME=$T "$PPROF" -symbolize=none -top -nodecount=100000 -nodefraction=0 -unit="$unit" \
		-sample_index="$index" "$@" >"$T/pprof.out" 2>"$T/pprof.err" ||
		echo "pprof: $(head -1 "$T/pprof.err")" >&2
	awk '/^Showing nodes/ { total = $(NF - 1); sub(/[^0-9-]+$/, "", total); print total "\t\ttotal" }
		rows { name = $0; for (i = 0; i < 5; i++) sub(/^ *[^ ]+ +/, "", name)
			sub(/ \(inline\)$/, "", name); sub(/ \(partial-inline\)$/, "", name)
			flat = $1; cum = $4; gsub(/[^0-9-]/, "", flat); gsub(/[^0-9-]/, "", cum)
			print flat "\t" cum "\t" name }
		/flat%/ { rows = 1 }' "$T/pprof.out" >"$T/top"
	sed 1d "$T/top" | cut -f1,3 | c_sum >"$T/top.flat"
	sed 1d "$T/top" | cut -f2,3 | c_sum >"$T/top.cum"
}
total() {
	head -n 1 "$T/top" | cut -f1
}

check_cpu() { # NAME FILE
	top cpu ns "$2"
	c_is total "$(c_total "$1" flat cpu_ns)" "$(total)"
	c_flat "$1" self_ns >"$T/want"
	c_same "own time" "$T/want" "$T/top.flat"
	[ "$1" = truth ] || return 0
	c_flat "$1" total_ns >"$T/want"
	c_same "total time" "$T/want" "$T/top.cum"
	top samples count "$2"
	c_is samples "$(c_total "$1" flat samples)" "$(total)"
}
check_heap() { # NAME FILE
	local index field unit
	while read -r index field total unit; do
		top "$index" "$unit" "$2"
		c_is "total of $index" "$(c_total "$1" heap "$total")" "$(total)"
		c_sites "$1" "$field" >"$T/want"
		c_same "$index" "$T/want" "$T/top.flat"
	done <<-END
		alloc_objects allocs allocs count
		alloc_space bytes_allocated bytes_allocated B
		inuse_objects live_blocks live_blocks count
		inuse_space live_bytes live_bytes B
		peak_objects peak_blocks peak_blocks count
		peak_space peak_bytes peak_bytes B
	END
}
check_tags() { # NAME FILE
	HOME=$T "$PPROF" -symbolize=none -tags -unit=ns "$2" >"$T/tags" 2>"$T/pprof.err"
	# "  123ns ( 45%): name", of the label thread
	awk '/^ *[a-z]+: Total/ { label = $1; next }
		label == "thread:" && NF { v = $1; sub(/ns$/, "", v); sub(/^[^:]*: /, ""); print v "\t" $0 }' \
		"$T/tags" >"$T/got"
	"$REPORT" export --format json -o - "$C/$1.vprof" | jq -r '. as $d | .samples[] |
		select(.thread != null) | "\(.values[1])\t\($d.threads[.thread].name)"' | c_sum >"$T/want"
	c_same "time of thread" "$T/want" "$T/got"
	c_is threads "$(wc -l <"$T/want")" "$(wc -l <"$T/got")"
}
# What is left of all threads without the workers is the main thread.
check_diff() { # NAME ALL WORKERS
	top cpu ns -diff_base "$3" "$2"
	c_flat "$1" self_ns --thread export_truth >"$T/want"
	c_same "difference" "$T/want" "$T/top.flat"
	grep -q burn_forty "$T/top.flat" || echo "no burn_forty"
	top cpu ns -diff_base "$2" "$2"
	c_is "difference to itself" "" "$(awk -F'\t' 'NR > 1 && $1 != 0' "$T/top")"
}
check_head() { # NAME FILE
	top cpu ns "$2"
	c_is "File" "File: export_truth" "$(head -n 1 "$T/pprof.out")"
	c_is "Build ID" "$(readelf -n "$PROBE/export_truth" | awk '/Build ID/ { print $3 }')" \
		"$(awk '/^Build ID/ { print $3 }' "$T/pprof.out")"
}

t_begin "export"
c_export truth pprof "$T/truth.pb.gz"
c_export truth pprof "$T/workers.pb.gz" --thread 'worker*'
c_export virtuoso pprof "$T/virtuoso.pb.gz"
t_done
for name in truth virtuoso; do
	c_check "$name: CPU time" check_cpu $name "$T/$name.pb.gz"
	c_check "$name: heap" check_heap $name "$T/$name.pb.gz"
	c_check "$name: -tags" check_tags $name "$T/$name.pb.gz"
done
c_check "truth: -diff_base" check_diff truth "$T/truth.pb.gz" "$T/workers.pb.gz"
c_check "truth: program and build-id" check_head truth "$T/truth.pb.gz"

# What each label has of every value, of threads and heap, and of waits; what has none is the rest.
label_sum() { # FILE INDEX UNIT SYMBOL
	HOME=$T "$PPROF" -symbolize=none -top -nodecount=100000 -nodefraction=0 -unit="$3" -sample_index="$2" \
		-tagfocus="symbol=^$4\$" "$1" 2>"$T/pprof.err" |
		awk '/flat%/ { rows = 1; next } rows { v = $1; gsub(/[^0-9-]/, "", v); sum += v } END { printf "%d\n", sum }'
}
check_labels() { # FILE
	local symbol
	for symbol in SOL BTC; do
		c_is "bytes of $symbol" "$("$REPORT" heap -f json "$L" --label symbol=$symbol | jq .totals.bytes_allocated)" \
			"$(label_sum "$1" alloc_space B $symbol)"
		c_is "live bytes of $symbol" "$("$REPORT" heap -f json "$L" --label symbol=$symbol | jq .totals.live_bytes)" \
			"$(label_sum "$1" inuse_space B $symbol)"
		c_is "CPU time of $symbol" "$("$REPORT" flat -f json -n 0 "$L" --label symbol=$symbol | jq '[.functions[].self_ns] | add')" \
			"$(label_sum "$1" cpu ns $symbol)"
		c_is "time of $symbol" "$("$REPORT" flat -f json -n 0 --clock wall "$L" --label symbol=$symbol 2>/dev/null | jq '[.functions[].self_ns] | add')" \
			"$(label_sum "$1" wall ns $symbol)"
	done
	top alloc_space B "$1"
	c_is "bytes of all" "$("$REPORT" heap -f json "$L" | jq .totals.bytes_allocated)" "$(total)"
	top cpu ns "$1"
	c_is "CPU time of all" "$("$REPORT" flat -f json -n 0 "$L" | jq '[.functions[].self_ns] | add')" "$(total)"
}
t_preload "$T/labels" cpu=1000 "$PROBE/label_pool" given 200
L=$(t_file "$T/labels")
"$REPORT" export -f pprof --clock wall -o "$T/labels.pb.gz" "$L"
c_check "labels: CPU, heap and waits of each" check_labels "$T/labels.pb.gz"
zcat "$T/labels.pb.gz" | sed 's/SOL/BTC/' | gzip >"$T/relabelled.pb.gz"
c_refuse "a changed label" check_labels "$T/relabelled.pb.gz"
"$REPORT" export -f pprof --clock wall --label symbol=SOL -o "$T/sol.pb.gz" "$L"
c_refuse "one label alone" check_labels "$T/sol.pb.gz"

c_cut "$T/truth.pb.gz" "$T/cut.pb.gz"
c_refuse "a cut copy" check_cpu truth "$T/cut.pb.gz"
zcat "$T/truth.pb.gz" | sed 's/burn_forty/burn_fifty/' | gzip >"$T/changed.pb.gz"
c_refuse "a changed name" check_cpu truth "$T/changed.pb.gz"
c_refuse "another thread's times" check_tags truth "$T/workers.pb.gz"
c_refuse "the heap of another program" check_heap truth "$T/virtuoso.pb.gz"
t_end
