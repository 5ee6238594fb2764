#!/bin/bash
# The JSON export, read with jq: its tables fit together and give the totals and
# the top tens. And what export says when it cannot do what was asked.
. "$(dirname "$0")/../lib.sh"
. "$TOP/test/lib-consumers.sh"
c_profiles

check() { # NAME FILE
	local value
	jq -e . "$2" >/dev/null 2>"$T/jq.err" || {
		echo "jq: $(head -1 "$T/jq.err")"
		return
	}
	c_is "broken references" 0 "$(jq '. as $d |
		[(.samples[] | select($d.stacks[.stack] == null or .stack == 0)),
		 (.samples[].thread | select(. != null and $d.threads[.] == null)),
		 (.stacks | to_entries[] | select(.key > 0) |
			select(.value.parent >= .key or $d.frames[.value.frame] == null)),
		 (.frames[] | select(.lines == [] or any(.lines[]; $d.functions[.function] == null) or
			(.module != null and $d.modules[.module] == null)))] | length' "$2")"
	value=0
	while read -r command field; do
		c_is "$field" "$(c_total "$1" "$command" "$field")" "$(jq ".totals[$value]" "$2")"
		c_is "sum of $field" "$(c_total "$1" "$command" "$field")" \
			"$(jq "[.samples[].values[$value]] | add" "$2")"
		value=$((value + 1))
	done <<-END
		flat samples
		flat cpu_ns
		heap allocs
		heap bytes_allocated
		heap live_blocks
		heap live_bytes
		heap peak_blocks
		heap peak_bytes
	END
	jq -r '. as $d | .samples[] | "\(.values[1])\t\($d.functions[$d.frames[$d.stacks[.stack].frame].lines[0].function].name)"' \
		"$2" | c_sum >"$T/got"
	c_flat "$1" self_ns >"$T/want"
	c_same "own time" "$T/want" "$T/got"
}
t_begin "export"
c_export truth json "$T/truth.json"
c_export virtuoso json "$T/virtuoso.json.zst"
zstd -dcq "$T/virtuoso.json.zst" >"$T/virtuoso.json" || t_bad "not zstd"
t_done
c_check "truth: totals and top ten" check truth "$T/truth.json"
c_check "virtuoso: totals and top ten" check virtuoso "$T/virtuoso.json"
c_cut "$T/truth.json" "$T/cut.json"
c_refuse "a cut copy" check truth "$T/cut.json"
jq -c '.samples[0].stack = 1000000' "$T/truth.json" >"$T/changed.json"
c_refuse "a stack that is not there" check truth "$T/changed.json"
jq -c '.functions |= reverse' "$T/truth.json" >"$T/swapped.json"
c_refuse "other functions" check truth "$T/swapped.json"

# refused NAME PATTERN ARGS...: one line that matches, status 1, nothing written
refused() {
	local name=$1 pattern=$2 status
	shift 2
	t_begin "$name"
	"$REPORT" export "$@" >"$T/out" 2>"$T/err" </dev/null
	status=$?
	t_equal status 1 $status
	t_equal lines 1 "$(wc -l <"$T/err")"
	grep -qE "$pattern" "$T/err" || t_bad "said '$(head -c 300 "$T/err")'"
	[ ! -s "$T/out" ] || t_bad "something on stdout"
	[ ! -e "$T/new" ] || t_bad "a file was left behind"
	t_done
}
truth=$C/truth.vprof
t_preload "$T/idle" cpu=off:heap=off:out=idle.vprof true
t_preload "$T/cpu" heap=off:out=cpu.vprof "$PROBE/cpu_split" 0.3 free
t_preload "$T/heap" cpu=off:out=heap.vprof "$PROBE/heap_truth" chain
refused "no format" 'needs --format pprof' -o "$T/new" "$truth"
refused "a format it does not know" "'xml' is not valid: pprof.*heaptrack, json or trace" --format xml -o "$T/new" "$truth"
refused "no output" 'needs -o OUT' --format json "$truth"
refused "a directory that is not there" 'cannot write .*: No such file' --format json -o "$T/none/new" "$truth"
refused "a directory as output" 'cannot write .*: Is a directory' --format pstats -o "$T" "$truth"
refused "a full disk" 'cannot write /dev/full: No space left' --format speedscope -o /dev/full "$truth"
refused "a full disk, compressed" 'cannot write /dev/full: No space left' --format pprof -o /dev/full "$truth"
refused "two files" 'takes one FILE' --format json -o "$T/new" "$truth" "$truth"
refused "a value nobody has" "'bytes' is not valid: samples, cpu" --format folded --value bytes -o "$T/new" "$truth"
refused "a value for all" 'value is for --format folded' --format pprof --value cpu -o "$T/new" "$truth"
refused "nothing recorded" 'nothing to export' --format pprof -o "$T/new" "$T/idle/idle.vprof"
refused "nothing selected" 'nothing to export.* is selected' --format pprof --module libvprof.so -o "$T/new" "$truth"
refused "pstats without CPU time" 'no CPU samples' --format pstats -o "$T/new" "$T/heap/heap.vprof"
refused "heaptrack without a heap" 'no allocations' --format heaptrack -o "$T/new" "$T/cpu/cpu.vprof"
refused "folded without the value" 'no allocations for --value live_bytes' --format folded --value live_bytes \
	-o "$T/new" "$T/cpu/cpu.vprof"
t_end
