#!/bin/bash
# What fuzzing started from and what it once found, run again under AddressSanitizer and
# UndefinedBehaviorSanitizer: `make fuzz T=NAME` looks for more.
. "$(dirname "$0")/../lib.sh"

export LSAN_OPTIONS=suppressions=$TOP/test/fuzz/lsan.supp:print_suppressions=0
export ASAN_OPTIONS=detect_leaks=1:exitcode=99 UBSAN_OPTIONS=halt_on_error=1:exitcode=99
for corpus in "$TOP"/test/fuzz/corpus/*/; do
	name=$(basename "$corpus")
	t_begin "$name: $(find "$corpus" -type f | wc -l) inputs"
	if [ -x "$B/asan/fuzz_$name" ]; then
		(cd "$T" && timeout -k 5 300 "$B/asan/fuzz_$name" "$corpus"*) >"$T/out" 2>"$T/err" ||
			t_bad "status $?: $(grep -aE 'ERROR|runtime error|took more' "$T/err" | head -1), $(grep -a "^$corpus" "$T/err" | tail -1)"
	else
		t_bad "$B/asan/fuzz_$name was not built"
	fi
	t_done
done
t_end
