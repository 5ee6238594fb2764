#!/bin/bash
# test/fuzz/run.sh NAME SECONDS: lets libFuzzer work on one target (`make fuzz T=NAME
# SECONDS=N`), from the stored corpus on. What it finds goes to build/fuzz/NAME.found; new
# inputs to build/fuzz/NAME.corpus. Ends with an error where something was found.
set -eu
cd "$(dirname "$0")/../.."
name=${1-} seconds=${2:-1800}
if [ ! -x "build/fuzz/$name" ]; then
	echo "make fuzz T=NAME SECONDS=N; the targets are:" \
		"$(cd test/fuzz && printf '%s\n' fuzz_*.c | sed 's/fuzz_//;s/\.c//' | xargs)" >&2
	exit 1
fi
mkdir -p "build/fuzz/$name.corpus" "build/fuzz/$name.found"
dict=()
[ ! -f "test/fuzz/$name.dict" ] || dict=("-dict=test/fuzz/$name.dict")
size=4096
[ "$name" = record ] || size=16384
# Our own warnings would fill the disk: 3 closes the target's stdout and stderr. A small
# file may not take 2 GiB; what takes more than 5 s is reported, on a busy machine not for bad.
export LSAN_OPTIONS=suppressions=test/fuzz/lsan.supp:print_suppressions=0
# Whole paths: a target may leave the directory.
ASAN_OPTIONS=detect_leaks=1:allocator_may_return_null=1 exec nice -n 19 "build/fuzz/$name" \
	-max_total_time="$seconds" -timeout=25 -report_slow_units=5 -rss_limit_mb=2048 -malloc_limit_mb=1024 \
	-max_len=$size -close_fd_mask=3 -print_final_stats=1 -use_value_profile=1 \
	-artifact_prefix="$PWD/build/fuzz/$name.found/" "${dict[@]}" \
	"$PWD/build/fuzz/$name.corpus" "$PWD/test/fuzz/corpus/$name"
