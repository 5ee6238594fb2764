#!/bin/bash
# The heaptrack export as heaptrack_print replays it, plain, gzipped and with
# zstd: calls, temporary calls, peak and leaks, in all and by site. It ends with 0
# on garbage, so its numbers are read.
. "$(dirname "$0")/../lib.sh"
. "$TOP/test/lib-consumers.sh"

if ! command -v heaptrack_print >/dev/null; then
	echo "skip heaptrack: no heaptrack_print here"
	exit 0
fi
c_profiles

# stacks FILE TYPE: sums of that cost by innermost function, exact; the sum to
# $T/total
stacks() {
	rm -f "$T/stacks"
	heaptrack_print -f "$1" -n 1 -s 1 -F "$T/stacks" --flamegraph-cost-type "$2" \
		--disable-builtin-suppressions -p 0 -T 0 -a 0 >"$T/ht.out" 2>"$T/ht.err" ||
		echo "heaptrack_print: $(head -1 "$T/ht.err")"
	grep -v '^reading file\|^Debuggee\|^finished' "$T/ht.err" | head -n 1
	[ -s "$T/stacks" ] || {
		echo "no stacks of $2"
		return
	}
	awk -v total="$T/total" '{ v = $NF; sum += v; sub(/ [0-9]+$/, ""); sub(/; *$/, ""); sub(/^.*;/, "")
		sub(/ \([^()]*\)$/, "")
		print v "\t" $0 } END { printf "%.0f\n", sum >total }' "$T/stacks" | c_sum >"$T/got"
}
check() { # NAME FILE [OPTIONS the file was made with]
	local type field name=$1 file=$2
	shift 2
	while read -r type field; do
		stacks "$file" "$type"
		c_is "$type" "$(c_total "$name" heap "$field")" "$(cat "$T/total")"
		# With inlined frames it names another function of the same address.
		[ $# != 0 ] || continue
		c_sites "$name" "$field" "$@" >"$T/want"
		c_same "$type" "$T/want" "$T/got"
	done <<-END
		allocations allocs
		temporary temporary
		peak peak_bytes
		leaked live_bytes
	END
	# what is printed at the end, rounded: 1.23K is 1,230 bytes, give or take 5
	c_is calls "$(c_total "$name" heap allocs)" \
		"$(sed -n 's/^calls to allocation functions: \([0-9]*\) .*/\1/p' "$T/ht.out")"
	c_is temporary "$(c_total "$name" heap temporary)" \
		"$(sed -n 's/^temporary memory allocations: \([0-9]*\) .*/\1/p' "$T/ht.out")"
	printed peak_bytes "$name" "peak heap memory consumption"
	printed live_bytes "$name" "total memory leaked"
}
printed() { # FIELD NAME TITLE
	awk -v want="$(c_total "$2" heap "$1")" -v title="$3" 'index($0, title ": ") == 1 {
			v = $NF; unit = substr(v, length(v)); f = unit == "K" ? 1e3 : unit == "M" ? 1e6 : 1
			seen = 1; d = want - v * f; if (d < 0) d = -d
			if (d > 0.006 * f) printf "%s: wanted %d, got %s; ", title, want, v }
		END { if (!seen) printf "%s: not printed; ", title }' "$T/ht.out"
}

t_begin "export"
for end in heaptrack heaptrack.gz heaptrack.zst; do
	c_export truth heaptrack "$T/truth.$end"
done
for name in truth virtuoso; do
	c_export $name heaptrack "$T/$name-flat.heaptrack.zst" --no-inlines
done
c_export virtuoso heaptrack "$T/virtuoso.heaptrack.zst"
t_equal "gzip" "$(md5sum <"$T/truth.heaptrack")" "$(zcat "$T/truth.heaptrack.gz" | md5sum)"
t_done
for end in heaptrack heaptrack.gz heaptrack.zst; do
	c_check "truth: $end" check truth "$T/truth.$end"
done
c_check "virtuoso: heaptrack.zst" check virtuoso "$T/virtuoso.heaptrack.zst"
for name in truth virtuoso; do
	c_check "$name: site by site" check $name "$T/$name-flat.heaptrack.zst" --no-inlines
done

# The truth program's own sites.
check_sites() { # FILE
	stacks "$1" leaked
	printf '%s\t%s\n' 6000 hold_block 140 late_block >"$T/want"
	grep -E '	(hold|late)_block$' "$T/got" >"$T/some"
	c_same "leaked" "$T/want" "$T/some"
	stacks "$1" peak
	printf '%s\t%s\n' 1004950 spike_block 10000 hold_block >"$T/want"
	grep -E '	(spike|hold)_block$' "$T/got" >"$T/some"
	c_same "peak" "$T/want" "$T/some"
	stacks "$1" temporary
	printf '503\ttemporary_block\n' >"$T/want"
	grep -E '	temporary_block$' "$T/got" >"$T/some"
	c_same "temporary" "$T/want" "$T/some"
}
c_check "truth: sites" check_sites "$T/truth.heaptrack"

c_cut "$T/truth.heaptrack" "$T/cut.heaptrack"
c_refuse "a cut copy" check truth "$T/cut.heaptrack"
c_cut "$T/truth.heaptrack.zst" "$T/cut.heaptrack.zst"
c_refuse "a cut copy, zstd" check truth "$T/cut.heaptrack.zst"
sed '0,/^a 3e8 /s/^a 3e8 /a 3e9 /' "$T/truth.heaptrack" >"$T/changed.heaptrack"
c_refuse "a changed size" check truth "$T/changed.heaptrack"
c_refuse "another program's sites" check_sites "$T/virtuoso.heaptrack.zst"
t_end
