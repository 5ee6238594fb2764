#!/bin/bash
# Measures what the hooks cost and writes docs/bench.md. Every figure stands
# beside the bare one of the same run; the best of five runs is taken, because
# other work on the machine only ever adds.
. "$(dirname "$0")/../lib.sh"
out=$TOP/docs/bench.md
pair=$B/test/bench/malloc_pair
cd "$T" || exit 1

best() { # COMMAND...: the least number of five runs
	local i
	for i in 1 2 3 4 5; do "$@"; done | sort -g | head -n 1
}
vprof() { # OPTIONS COMMAND...
	local options=$1
	shift
	env "VPROF_OPTIONS=out=$T/bench.vprof:$options" "LD_PRELOAD=$LIB" "$@"
}
# heaptrack's own preload writing to a file, without its interpreter
heaptrack_raw() {
	local lib
	lib=$(find /usr/lib -name libheaptrack_preload.so 2>/dev/null | head -n 1)
	[ -n "$lib" ] || return 1
	env DUMP_HEAPTRACK_OUTPUT="$T/heaptrack.raw" "LD_PRELOAD=$lib" "$@"
}
heaptrack_shipped() {
	heaptrack -o "$T/heaptrack.out" "$@" | grep -E '^[0-9.]+$'
}
milliseconds() { # COMMAND...: wall time of 20 runs, per run
	local start end
	start=$(date +%s%N)
	for i in {1..20}; do "$@" >/dev/null 2>&1; done
	end=$(date +%s%N)
	echo $(((end - start) / 20000)) | awk '{ printf "%.2f\n", $1 / 1000 }'
}
minus() {
	awk -v a="$1" -v b="$2" 'BEGIN { printf "%.0f", a - b }'
}

mkdir -p "$TOP/docs"
{
	echo "# What it costs"
	echo
	echo "Written by \`make bench\`. Wall time, best of five runs; every row is measured beside its bare run."
	echo
	echo "Machine: $(nproc) CPUs, $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1)," \
		"Linux $(uname -r | cut -d- -f1), glibc $(getconf GNU_LIBC_VERSION | cut -d' ' -f2)."
	[ ! -d "$TOP/.git" ] || echo "Commit: $(git -C "$TOP" rev-parse --short HEAD)."
	echo
	echo "## A malloc/free pair, nanoseconds over bare"
	echo
	echo "500 call paths, bursts of 8, blocks of 24 to 87 bytes (\`test/bench/malloc_pair.c\`)."
	echo
	echo "| depth | threads | bare | exact | heap=off | heaptrack's preload, raw | heaptrack as shipped |"
	echo "|---|---|---|---|---|---|---|"
} >"$T/bench.md"
for shape in "5 1" "20 1" "60 1" "20 2"; do
	# shellcheck disable=SC2086
	set -- $shape
	echo "depth $1, $2 thread(s)" >&2
	bare=$(best "$pair" "$1" "$2" 2000000)
	exact=$(best vprof cpu=off "$pair" "$1" "$2" 2000000)
	off=$(best vprof cpu=off:heap=off "$pair" "$1" "$2" 2000000)
	raw=- shipped=-
	if raw=$(heaptrack_raw "$pair" "$1" "$2" 400000); then raw=$(minus "$raw" "$bare"); else raw=-; fi
	if command -v heaptrack >/dev/null; then
		# it does not survive every run
		shipped=$(heaptrack_shipped "$pair" "$1" "$2" 200000 2>/dev/null)
		[ -n "$shipped" ] || shipped=$(heaptrack_shipped "$pair" "$1" "$2" 200000 2>/dev/null)
		if [ -n "$shipped" ]; then shipped=$(minus "$shipped" "$bare"); else shipped=failed; fi
	fi
	echo "| $1 | $2 | $bare | $(minus "$exact" "$bare") | $(minus "$off" "$bare") | $raw | $shipped |" \
		>>"$T/bench.md"
done
echo "start-up" >&2
{
	echo
	echo "## Start-up and end of \`true\`, milliseconds"
	echo
	echo "| bare | under libvprof, defaults | cpu=off:heap=off |"
	echo "|---|---|---|"
	echo "| $(best milliseconds /bin/true) | $(best milliseconds vprof "" /bin/true) | $(best milliseconds vprof cpu=off:heap=off /bin/true) |"
} >>"$T/bench.md"
cp "$T/bench.md" "$out"
cat "$out"
