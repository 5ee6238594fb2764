#!/bin/bash
# The gate: examples/leak-gate.sh on the monitor and on programs of one mistake; what
# passes, what fails with which status, suppressions, and baselines over a rebuild.
. "$(dirname "$0")/../lib.sh"
gate=$TOP/examples/leak-gate.sh
export VPROF_LIB=$LIB VPROF_REPORT=$REPORT
unset GITHUB_ACTIONS GITHUB_STEP_SUMMARY VPROF_DIR
cd "$T" || exit 1

# run STATUS COMMAND...: output in $T/out; notes another status
run() {
	local want=$1 got
	shift
	timeout -k 5 60 "$@" >"$T/out" 2>&1 </dev/null
	got=$?
	[ $got = "$want" ] || t_bad "wanted status $want, got $got: $(tail -n 3 "$T/out" | tr '\n' ' ')"
}
said() {
	grep -qE "$1" "$T/out" || t_bad "does not say '$1': $(tail -n 4 "$T/out" | tr '\n' ' ')"
}

t_begin "the monitor passes clean"
run 0 "$gate" --fail-if 'peak_heap>256MiB' -- "$B/monitor" -q -d 3
said '^Gate: passed'
t_done
t_begin "the monitor with a planted leak: 23, file and line"
run 23 "$gate" -- "$B/monitor" -q -d 3 --plant leak
said 'lost in .* allocated by .*monitor/plant\.c:[0-9]+'
t_done
t_begin "the monitor with a planted cache that is in use: 23, file and line"
run 23 "$gate" -- "$B/monitor" -q -d 6 --plant cache
said 'growing in .* allocated by .*monitor/plant\.c:[0-9]+'
t_done

t_begin "no profile: the gate does not pass"
run 15 "$gate" -- "$PROBE/static_hello" # its own
said 'left no profile'
VPROF_OPTIONS=nosuchkey=1 run 2 "$gate" -- true
said 'left no profile'
VPROF_OPTIONS=heap=off run 2 "$gate" -- "$B/monitor" -q -d 0.2
said 'nothing was seen to judge'
t_done
t_begin "the command's own failure is passed on"
run 7 "$gate" -- sh -c 'exit 7'
said 'ended with status 7'
t_done

# A program that loses ARGV blocks, as text so that it can be changed and rebuilt.
cat >app.c <<'END'
#include <stdlib.h>
static char *volatile last;
static void __attribute__((noinline)) lose_orders(int n)
{
	while (n-- > 0)
		last = malloc(64);
	last = 0;
}
/*more*/
int main(int argc, char **argv)
{
	lose_orders(argc > 1 ? atoi(argv[1]) : 0);
	/*call*/
	return 0;
}
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:lose_quotes\n";
}
END
build() { # the functions move: other addresses, other lines
	${CC:-gcc} -g -O1 ${1-} -o app app.c || t_bad "does not compile"
}
record() { # FILE ARGS...
	local file=$1
	shift
	rm -f "$file"
	VPROF_OPTIONS=cpu=off:out=$T/$file LD_PRELOAD=$LIB ./app "$@" || t_bad "app failed"
}
t_begin "suppressions: read, counted, written"
build
record old.vprof 5
printf '# ours\nleak:lose_ord\n' >ours.supp
run 0 "$REPORT" leaks --gate --suppressions ours.supp old.vprof
said '320 B in 5 blocks, leak:lose_ord \(ours.supp\)'
run 23 "$REPORT" leaks --gate --write-suppressions new.supp old.vprof
run 0 "$REPORT" leaks --gate --suppressions new.supp old.vprof
said '320 B in 5 blocks, leak:\^lose_orders\$'
run 0 "$REPORT" leaks --gate --allow lost old.vprof
run 0 "$REPORT" leaks --gate --allow 'lose_*ders' old.vprof
run 23 "$REPORT" leaks --gate --allow growing --allow lose_quotes old.vprof
t_done

t_begin "suppressions of the program itself"
sed 's/leak:lose_quotes/leak:^lose_ord*s$/' app.c >own.c
${CC:-gcc} -g -O1 -rdynamic -o own own.c || t_bad "does not compile"
rm -f own.vprof
VPROF_OPTIONS=cpu=off:out=$T/own.vprof LD_PRELOAD=$LIB ./own 5 || t_bad "failed"
run 0 "$REPORT" leaks --gate own.vprof
said '320 B in 5 blocks, leak:\^lose_ord\*s\$ \(the program\)'
t_done

t_begin "budgets"
run 24 "$REPORT" leaks --fail-if 'lost_blocks>=5' old.vprof
said 'budget lost_blocks>=5: the run has 5'
run 0 "$REPORT" leaks --fail-if 'lost_blocks>5' --fail-if 'peak_heap>1M' old.vprof
t_done

t_begin "contracts: what broke one is annotated at its line"
VPROF_OPTIONS=size=8M run 0 "$gate" --fail-if 'allocs(on_tick)>0 after mark:warm' \
	--fail-if 'blocked(fsync)@loop>0' --fail-if='lock(m_book).wait>50%' -- "$PROBE/contracts" none
said '^Gate: passed'
GITHUB_ACTIONS=true GITHUB_STEP_SUMMARY=$T/contract.md run 24 "$gate" \
	--fail-if 'allocs(on_tick)>0 after mark:warm' -- "$PROBE/contracts" string
said '^ +append_quote'
said '^::error file=.*contracts\.cpp,line=[0-9]+.*title='
grep -q '^### Budgets' "$T/contract.md" || t_bad "no summary of budgets"
run 2 "$gate" --fail-if 'allocs(on_tik)>0 after mark:warm' -- "$PROBE/contracts" none
said "no function 'on_tik' was seen"
t_done

t_begin "baseline: the same program"
"$REPORT" leaks --format json old.vprof >old.json || t_bad "no JSON"
cp app app.old
record same.vprof 5
record more.vprof 6
record fewer.vprof 4
for old in old.vprof old.json; do
	run 0 "$REPORT" leaks --baseline $old same.vprof
	run 0 "$REPORT" leaks --gate --baseline $old fewer.vprof
	run 25 "$REPORT" leaks --gate --baseline $old more.vprof
	said 'more than in the baseline: 384 B lost in 6 blocks, allocated by lose_orders'
done
t_done
t_begin "baseline: the program was built anew, with other lines and addresses"
sed -i '1i #include <stdio.h>\nint unused_before(int x)\n{\n\tprintf("%d", x);\n\treturn x;\n}' app.c
build -g3
record rebuilt.vprof 5
record worse.vprof 9
run 0 "$REPORT" leaks --gate --baseline old.json rebuilt.vprof
run 25 "$REPORT" leaks --gate --baseline old.json worse.vprof
# without its program the old ring file has no names: compared by object
run 0 "$REPORT" leaks --gate --baseline old.vprof rebuilt.vprof
said 'compared by object only'
run 25 "$REPORT" leaks --gate --baseline old.vprof worse.vprof
sed -i 's,/\*more\*/,static void __attribute__((noinline)) lose_trades(void) { last = malloc(48); last = 0; },
	s,/\*call\*/,lose_trades();,' app.c
build
record new.vprof 5
run 25 "$REPORT" leaks --gate --baseline old.json new.vprof
said 'new since the baseline: 48 B lost in 1 block, allocated by lose_trades'
grep -q 'baseline: 320 B' "$T/out" && t_bad "what is no news is news"
run 25 "$REPORT" leaks --gate --baseline old.vprof new.vprof
t_done

t_begin "a workflow: annotations and a summary"
GITHUB_ACTIONS=true GITHUB_STEP_SUMMARY=$T/summary.md run 23 "$gate" -- "$T/app" 5
said '^::error file=app.c,line=[0-9]+,title='
grep -q '^| lost | 320 B | 5 | `lose_orders' "$T/summary.md" || t_bad "no summary"
t_done
t_end
