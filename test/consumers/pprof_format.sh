#!/bin/bash
# The pprof export as npm's pprof-format decodes it: all eight totals, top tens,
# labels, inlined functions.
. "$(dirname "$0")/../lib.sh"
. "$TOP/test/lib-consumers.sh"

t_begin "pprof-format"
t_need node || exit 0
c_npm pprof-format@2.3.2 || t_end
t_ok
c_profiles

decode() {
	node "$TOP/test/consumers/decode_pprof.js" "$NPM" "$@" 2>"$T/node.err" ||
		grep -m 1 Error "$T/node.err" >&2
}
check() { # NAME FILE
	printf '%s\t%s\n' \
		"$(c_total "$1" flat samples)" samples/count \
		"$(c_total "$1" flat cpu_ns)" cpu/nanoseconds \
		"$(c_total "$1" heap allocs)" alloc_objects/count \
		"$(c_total "$1" heap bytes_allocated)" alloc_space/bytes \
		"$(c_total "$1" heap live_blocks)" inuse_objects/count \
		"$(c_total "$1" heap live_bytes)" inuse_space/bytes \
		"$(c_total "$1" heap peak_blocks)" peak_objects/count \
		"$(c_total "$1" heap peak_bytes)" peak_space/bytes >"$T/want"
	decode totals "$2" >"$T/got"
	c_same total "$T/want" "$T/got"
	c_flat "$1" self_ns >"$T/want"
	decode own "$2" cpu >"$T/got"
	c_same "own time" "$T/want" "$T/got"
	c_sites "$1" peak_bytes >"$T/want"
	decode own "$2" peak_space >"$T/got"
	c_same "peak" "$T/want" "$T/got"
}
check_truth() { # FILE
	decode inlines "$1" | cut -f2 >"$T/got"
	grep -qx 'burn_inlined holds_inlined' "$T/got" || echo "burn_inlined is not inlined"
	c_is "the main program" "$PROBE/export_truth $(readelf -n "$PROBE/export_truth" |
		awk '/Build ID/ { print $3 }') cpu" "$(decode head "$1")"
	for thread in 'worker; "two"' export_truth; do
		c_flat truth self_ns --thread "$thread" | awk -F'\t' -v n="$thread" \
			'{ s += $1 } END { printf "%.0f\t%s\n", s, n }'
	done >"$T/want"
	decode threads "$1" cpu >"$T/got"
	c_same "time of thread" "$T/want" "$T/got"
}

t_begin "export"
c_export truth pprof "$T/truth.pb.gz"
c_export virtuoso pprof "$T/virtuoso.pb.gz"
t_done
c_check "truth: totals and top tens" check truth "$T/truth.pb.gz"
c_check "virtuoso: totals and top tens" check virtuoso "$T/virtuoso.pb.gz"
c_check "truth: threads, inlined functions, build-id" check_truth "$T/truth.pb.gz"
c_cut "$T/truth.pb.gz" "$T/cut.pb.gz"
c_refuse "a cut copy" check truth "$T/cut.pb.gz"
zcat "$T/truth.pb.gz" | sed 's/burn_forty/burn_fifty/' | gzip >"$T/changed.pb.gz"
c_refuse "a changed name" check truth "$T/changed.pb.gz"
c_refuse "another program's threads" check_truth "$T/virtuoso.pb.gz"
t_end
