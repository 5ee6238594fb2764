#!/bin/bash
# trace=GLOB: functions built with -fpatchable-function-entry are counted where it asks, as gcov
# or callgrind counts them, of gcc's and of clang's builds; nothing else is touched, and where code
# may not be changed it is not, and the record says why.
# long: callgrind
. "$(dirname "$0")/../lib.sh"
T_LIMIT=60
. "$(dirname "$0")/../lib-counts.sh"
file=
clang=$(command -v clang || command -v clang-14)

# note: what the record says of it
note() { "$REPORT" info --format json "$file" | jq -r '.trace.note'; }
# ncalls FUNCTION: of the last count
ncalls() { jq --arg name "$1" '[.functions[] | select(.function == $name).ncalls] | add' "$T/report.json"; }
# counted PATTERN: functions that were counted by patching, by name
patched() {
	"$REPORT" counts --format json -n 0 --full-names "$file" |
		jq -r '[.functions[] | select(.module | endswith("libc.so.6") | not) | "\(.function) \(.ncalls)"] | sort | join(", ")'
}

# --- as many as others count -----------------------------------------------------
for compiler in gcc clang; do
	if [ "$compiler" = clang ]; then
		CC=$clang CXX=$(command -v clang++ || command -v clang++-14)
		t_begin 'clang builds' && { [ -n "$clang" ] || t_skip 'no clang here'; } && t_done
		[ -n "$clang" ] || continue
	fi
	for name in recursive threads; do
		t_begin "$compiler, $name -O0, by gcov"
		t_need gcov || continue
		rm -rf "${T:?}/$name"
		build "$name" -O0 -fpatchable-function-entry=5
		CC=gcc by_gcov "$name"
		count "$name" 'trace=*' && agrees "$name" . gcov "$T/report.json" "$T/$name.gcov"
		t_done
	done
	for flags in '-O2' '-O2 -no-pie' '-O2 -fcf-protection=full -fpatchable-function-entry=16,4'; do
		t_begin "$compiler, recursive $flags, by callgrind"
		t_need valgrind || continue
		rm -rf "${T:?}/recursive"
		# shellcheck disable=SC2086
		build recursive -fpatchable-function-entry=5 $flags
		by_callgrind recursive
		count recursive 'trace=*' && agrees recursive "$OTHERS" callgrind "$T/report.json" "$T/callgrind"
		t_done
	done
	for level in -O0 -O2; do
		t_begin "$compiler, cxx $level, by callgrind"
		t_need valgrind || continue
		rm -rf "${T:?}/cxx"
		build cxx $level -fpatchable-function-entry=5
		by_callgrind cxx
		count cxx 'trace=*' && agrees cxx "$OTHERS" callgrind "$T/report.json" "$T/callgrind"
		t_done
	done
	t_begin "$compiler: arguments in every register"
	if [ "$compiler" = gcc ]; then # clang has no functions within functions
		rm -rf "$T/arguments"
		build arguments -O2 -fpatchable-function-entry=5
		count arguments 'trace=*' && t_equal calls 3 "$(ncalls eight)"
		count arguments 'trace=*:start=paused'
	fi
	t_done
done
CC=gcc CXX=g++

# What a function does not change, its caller may go on to use (-fipa-ra): a function that
# changes nothing at all leaves every register alone, at its first call and later.
t_begin 'registers that a known function leaves alone'
cat >"$T/registers.c" <<'END'
#include <stdio.h>
#include <string.h>
#define GENERAL(R) R(rax, 0) R(rcx, 8) R(rdx, 16) R(rsi, 24) R(rdi, 32) R(r8, 40) R(r9, 48) R(r10, 56) R(r11, 64)
#define VECTOR(R) R(xmm0, 80) R(xmm1, 96) R(xmm2, 112) R(xmm3, 128) R(xmm4, 144) R(xmm5, 160) R(xmm6, 176) R(xmm7, 192) \
	R(xmm8, 208) R(xmm9, 224) R(xmm10, 240) R(xmm11, 256) R(xmm12, 272) R(xmm13, 288) R(xmm14, 304) R(xmm15, 320)
#define IN(r, at) "movq before+" #at "(%rip), %" #r "\n"
#define OUT(r, at) "movq %" #r ", after+" #at "(%rip)\n"
#define VIN(r, at) "movaps before+" #at "(%rip), %" #r "\n"
#define VOUT(r, at) "movaps %" #r ", after+" #at "(%rip)\n"
unsigned char before[336] __attribute__((aligned(16))), after[336] __attribute__((aligned(16)));
void leaf(void);
void call_leaf(void);
__asm__(".text\n.type leaf, @function\nleaf:\n.rept 5\nnop\n.endr\n" SPOIL "ret\n.size leaf, . - leaf\n"
	".section __patchable_function_entries,\"awo\",@progbits,.text\n.balign 8\n.quad leaf\n.text\n"
	".type call_leaf, @function\ncall_leaf:\nsubq $8, %rsp\n"
	GENERAL(IN) VECTOR(VIN) "call leaf\n" GENERAL(OUT) VECTOR(VOUT) "addq $8, %rsp\nret\n.size call_leaf, . - call_leaf\n");
int main(void)
{
	for (int i = 0; i < 100; i++) {
		for (unsigned n = 0; n < sizeof(before); n++)
			before[n] = (unsigned char)(n < 72 || n >= 80 ? n * 7 + (unsigned)i : 0);
		call_leaf();
		if (memcmp(before, after, sizeof(before)) != 0)
			printf("call %d: a register has changed\n", i);
	}
	puts("done");
	return 0;
}
END
mkdir -p "$T/registers"
gcc -O1 '-DSPOIL="xorl %ecx, %ecx\n"' -o "$T/spoilt" "$T/registers.c" || t_bad 'cannot build it'
"$T/spoilt" | grep -q 'has changed' || t_bad 'it sees no change'
gcc -O1 '-DSPOIL=""' -o "$T/registers/registers" "$T/registers.c" || t_bad 'cannot build it'
count registers 'trace=leaf' && t_equal calls 100 "$(ncalls leaf)"
grep -qx 'done' "$T/bare/out" || t_bad 'it did not run'
t_done

# --- which ------------------------------------------------------------------------
t_begin 'a list of names'
rm -rf "${T:?}/recursive"
build recursive -O0 -fpatchable-function-entry=5
count recursive 'trace=fib,is_*|nothing'
t_equal functions 'fib 8361, is_even 501, is_odd 501' "$(patched)"
t_equal note 'recursive: 3 traced' "$(note)"
t_equal 'callers of fib' 'fib 8360, main 1' "$("$REPORT" callers fib "$file" --format json |
	jq -r '[.edges[] | select(.ncalls) | "\(.caller.function) \(.ncalls)"] | sort | join(", ")')"
t_done

t_begin 'names of C++'
rm -rf "${T:?}/cxx"
build cxx -O0 -fpatchable-function-entry=5
count cxx 'trace="market::Book::*match,market::Level::~Level"'
t_equal functions 'market::Book::match(int) 993, market::Book::try_match(int) 200, market::Level::~Level() 994' "$(patched)"
count cxx 'trace=_ZN6market4Book5matchEi'
t_equal functions 'market::Book::match(int) 993' "$(patched)"
t_done

t_begin 'traced and never called'
cat >"$T/idle.c" <<'END'
void used(void);
void unused(void);
void used(void) { }
void unused(void) { }
int main(void) { used(); return 0; }
END
mkdir -p "$T/idle"
gcc -O0 -fpatchable-function-entry=5 -o "$T/idle/idle" "$T/idle.c" || t_bad 'cannot build it'
count idle 'trace=*used'
t_equal functions 'unused 0, used 1' "$(patched)"
t_equal 'rows of flat' 1 "$(jq '[.functions[] | select(.function | endswith("used"))] | length' "$T/report.json")"
t_done

t_begin 'without trace= no code is touched'
cat >"$T/looks.c" <<'END'
#include <stdio.h>
int looked_at(int n);
int other(int n);
int looked_at(int n) { return n + 1; }
int other(int n) { return n + 2; }
static void show(const char *name, int (*f)(int))
{
	const unsigned char *code = (const unsigned char *)f;

	printf("%s %02x %d\n", name, code[0], f(1));
}
int main(void) { show("looked_at", looked_at); show("other", other); return 0; }
END
mkdir -p "$T/looks"
gcc -O0 -fcf-protection=none -fpatchable-function-entry=5 -o "$T/looks/looks" "$T/looks.c" || t_bad 'cannot build it'
count looks ''
t_equal note null "$(note)"
t_equal functions '' "$(patched)"
count looks 'trace=main'
t_equal functions 'main 1' "$(patched)"
# a check that cannot fail is none: one that looks at its own code does see the call
t_preload "$T/seen" 'trace=looked_at' "$T/looks/looks"
t_equal 'its code' 'looked_at e8 2,other 90 3' "$(paste -sd, "$T/seen/out")"
t_done

# --- what cannot be had -----------------------------------------------------------
t_begin 'fewer nops than a call takes'
rm -rf "${T:?}/recursive"
build recursive -O0 -fpatchable-function-entry=4
count recursive 'trace=fib'
t_equal note 'recursive: 1 not (fewer than 5 bytes of nops at the entry)' "$(note)"
t_equal counted '' "$(patched)"
"$REPORT" counts "$file" >/dev/null 2>"$T/err"
grep -qF 'trace=: 0 functions; recursive: 1 not (fewer' "$T/err" || t_bad "counts says $(cat "$T/err")"
"$REPORT" info "$file" | grep -q '^traced  *0 functions; recursive: 1 not (fewer' || t_bad 'info does not say it'
rm -rf "${T:?}/recursive"
build recursive -O0 -fpatchable-function-entry=9,5
count recursive 'trace=fib'
t_equal 'note, nops before the entry' 'recursive: 1 not (fewer than 5 bytes of nops at the entry)' "$(note)"
t_done

t_begin 'no name matches, and no such functions'
rm -rf "${T:?}/recursive"
build recursive -O0 -fpatchable-function-entry=5
count recursive 'trace=fibs'
t_equal note 'recursive: no name matches, of 9' "$(note)"
rm -rf "${T:?}/recursive"
build recursive -O0
count recursive 'trace=*'
t_equal note 'no object was built with -fpatchable-function-entry' "$(note)"
t_done

t_begin 'stripped'
rm -rf "${T:?}/recursive"
build recursive -O0 -fpatchable-function-entry=5 -s
count recursive 'trace=*'
t_equal note 'recursive: 9 not (no symbol table has a name)' "$(note)"
count recursive 'trace=fib'
t_equal 'note, by name' 'recursive: no name matches, of 9' "$(note)"
rm -rf "${T:?}/recursive"
build recursive -O0 -fpatchable-function-entry=5
"$PYTHON" - "$T/recursive/recursive" <<'END'
import sys
data = bytearray(open(sys.argv[1], "rb").read())
data[0x28:0x30] = bytes(8)  # e_shoff
data[0x3c:0x40] = bytes(4)  # e_shnum, e_shstrndx
open(sys.argv[1], "wb").write(data)
END
count recursive 'trace=*'
t_equal 'note, without section headers' 'recursive: its file has no section headers' "$(note)"
t_done

rm -rf "${T:?}/recursive"
build recursive -O0 -fpatchable-function-entry=5
t_run "$T/bare" "$T/recursive/recursive"
for how in mdwe filter; do
	t_begin "memory may not become code: $how"
	rm -rf "$T/run"
	t_run "$T/run" "$PROBE/code_forbidden" "$how" env "VPROF_OPTIONS=trace=fib" "LD_PRELOAD=$LIB" "$T/recursive/recursive"
	if [ "$(cat "$T/run/status")" = 77 ]; then
		t_skip "not in this kernel: $(cat "$T/run/err")"
		continue
	fi
	t_same "$T/bare" "$T/run"
	file=$(t_file "$T/run") || t_bad 'no record'
	t_equal note 'recursive: 1 not (memory may not become code here)' "$(note)"
	t_done
done

t_begin 'a breakpoint at the entry is left alone'
if t_need gdb; then
	rm -rf "$T/run"
	t_run "$T/run" gdb -nx -batch -ex 'set debuginfod enabled off' -ex 'set startup-with-shell off' \
		-ex "set environment LD_PRELOAD=$LIB" -ex 'set environment VPROF_OPTIONS=trace=fib,ack' \
		-ex 'break *fib' -ex run -ex delete -ex continue "$T/recursive/recursive"
	file=$(t_file "$T/run") || t_bad "no record: $(tail -3 "$T/run/err")"
	grep -qxF "$(cat "$T/bare/out")" "$T/run/out" || t_bad "it says $(tail -3 "$T/run/out")"
	t_equal note 'recursive: 1 traced, 1 not (no nops at the entry: another tool'"'"'s, or a breakpoint)' "$(note)"
	t_done
fi

# --- objects that come and go -------------------------------------------------------
cat >"$T/plugin.c" <<'END'
long plugin_work(long n);
static __attribute__((noinline)) long inner(long n) { return n % 3; }
static long made;
__attribute__((constructor)) static void make(void) { made = inner(1); }
long plugin_work(long n) { return n & 1 ? inner(n) : made; }
END
gcc -shared -fPIC -O1 -fpatchable-function-entry=5 -o "$T/plugin.so" "$T/plugin.c" || t_bad "cannot build it"
plugin() { # HOW ROUNDS
	rm -rf "$T/run"
	t_run "$T/bare" "$PROBE/trace_host" "$1" "$T/plugin.so" "$2"
	t_preload "$T/run" 'trace=plugin_work,inner' "$PROBE/trace_host" "$1" "$T/plugin.so" "$2"
	t_same "$T/bare" "$T/run"
	file=$(t_file "$T/run") || t_bad 'no record'
}
t_begin 'a plugin, opened and closed'
plugin alone 40
t_equal note 'plugin.so: 2 traced' "$(note)"
t_equal calls 'inner 2000, plugin_work 4000' "$(patched)"
plugin late 3
t_equal 'calls, after a thread' 'inner 150, plugin_work 300' "$(patched)"
t_done
t_begin 'a plugin, opened while another thread runs'
plugin thread 3
t_equal note 'plugin.so: 2 not (other threads were running)' "$(note)"
t_equal calls '' "$(patched)"
t_done
t_begin 'a library of the program'
gcc -O1 -o "$T/linked" -x c - -x none "$T/plugin.so" <<<'long plugin_work(long); int main(void) { return (int)plugin_work(3); }' || t_bad 'cannot build it'
t_record 'trace=*' "$T/linked" && t_equal calls 'inner 1, make 0, plugin_work 1' "$(patched)" # its constructor runs before we do
t_done

# --- life goes on -------------------------------------------------------------------
# Calls go on when nothing is recorded any more, and stacks that are looked at amid them are whole.
t_begin 'stacks through what was put in'
cat >"$T/busy.c" <<'END'
#include <stdlib.h>
long step(long n);
long spin(long n);
long step(long n) { return n * 7 + 1; }
long spin(long n) { long sum = 0; for (long i = 0; i < n; i++) sum += step(sum); return sum; }
int main(int argc, char **argv) { (void)argc; return spin(atol(argv[1])) == 1; }
END
for flags in '-O2' '-O2 -no-pie'; do
	# shellcheck disable=SC2086
	gcc $flags -fno-inline -fno-ipa-cp -fpatchable-function-entry=5 -o "$T/busy" "$T/busy.c" || t_bad 'cannot build it'
	for engine in auto timer; do
		t_record "cpu=2000:engine=$engine:trace=*" "$T/busy" 600000000
		t_equal calls '600000000' "$("$REPORT" counts --format json "$file" | jq '.functions[] | select(.function == "step").ncalls')"
		# all but a few lead to main; timers tick at 250 Hz on some machines
		"$REPORT" flat --format json -n 0 "$file" | jq -e '
			(.totals.samples > 40) and
			([.functions[] | select(.function == "main").total_ns] | add) > 0.97 * .totals.cpu_ns' >"$T/whole" ||
			t_bad "$flags, $engine: $("$REPORT" flat "$file" | head -12)"
	done
done
t_record 'trace=*:duration=0.05' "$T/busy" 150000000
calls=$("$REPORT" counts --format json "$file" | jq '.functions[] | select(.function == "step").ncalls')
[ "$calls" -gt 0 ] && [ "$calls" -lt 150000000 ] || t_bad "after its end there are $calls"
t_done

# A check that cannot fail is none: one call less is told.
t_begin 'a wrong count is seen'
t_need gcov && {
	count recursive 'trace=*'
	sed -i 's/"ncalls": 8361/"ncalls": 8360/' "$T/report.json"
	case $("$PYTHON" "$TOP/test/count_rows.py" recursive . gcov "$T/report.json" "$T/recursive.gcov") in
	*'fib: 8360 counted'*) ;;
	*) t_bad "it was not" ;;
	esac
	t_done
}
t_end
