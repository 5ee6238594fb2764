#!/bin/bash
# Functions of the vdso, which has no file, have the names that its symbol table gives them,
# if it is the vdso that ran.
. "$(dirname "$0")/../lib.sh"
file= # of the last t_record

# The vdso as this kernel maps it, also with another build-id; what readelf says of both.
cat >"$T/dump.py" <<'P'
import re, sys
image = b""
for line in open("/proc/self/maps"):
    if line.rstrip().endswith("[vdso]"):
        start, end = (int(x, 16) for x in line.split()[0].split("-"))
        with open("/proc/self/mem", "rb") as memory:
            memory.seek(start)
            image = memory.read(end - start)
open(sys.argv[1], "wb").write(image)
P
# other FROM TO: a copy in which the vdso has the build-id $OTHER
other() {
	"$PYTHON" -c 'import sys
a, b, old, new = sys.argv[1:]
data = open(a, "rb").read()
changed = data.replace(bytes.fromhex(old), bytes.fromhex(new))
assert changed != data
open(b, "wb").write(changed)' "$1" "$2" "$ID" "$OTHER"
}
# share FILTER FILE [OPTION...]: percent of the CPU time in the rows of the vdso that FILTER picks
share() {
	local filter=$1 at=$2
	shift 2
	t_json "([.functions[] | select(.module == \"[vdso]\") | select($filter) | .total_ns] | add // 0)
		* 100 / .totals.cpu_ns | round" flat "$at" -n 0 "$@"
}

t_begin "a loop over clock_gettime is called as the vdso's symbol table calls it"
t_need readelf || t_end
"$PYTHON" "$T/dump.py" "$T/vdso.so"
if ! [ -s "$T/vdso.so" ]; then
	t_skip "no vdso here"
	t_end
fi
ID=$(readelf -n "$T/vdso.so" | sed -n 's/.*Build ID: //p')
OTHER=$(echo "$ID" | tr 0-9a-f 1-9a-f0)
NAME=$(readelf -Ws --dyn-syms "$T/vdso.so" | sed -n 's/.* FUNC  *GLOBAL .* \([a-z_]*_clock_gettime\)@.*/\1/p' | sort -u)
t_record cpu=997:leakscan=off "$PROBE/asks_time" 600
echo "  $NAME: $(share ".function == \"$NAME\"" "$file") %, without a name: $(share '.function == "[vdso]"' "$file") %"
[ "$(share ".function == \"$NAME\"" "$file")" -ge 70 ] || t_bad "$NAME has no 70 % of the time"
[ "$(share '.function == "[vdso]"' "$file")" -le 2 ] || t_bad "there is a row [vdso]"
t_done

t_begin "its callers are the true ones"
"$REPORT" export --format folded -o - "$file" 2>/dev/null | grep "$NAME" >"$T/stacks"
all=$(awk '{ n += $NF } END { print n + 0 }' "$T/stacks")
true=$(grep "main;.*ask;.*;$NAME" "$T/stacks" | awk '{ n += $NF } END { print n + 0 }')
awk -v a="$all" -v t="$true" 'BEGIN { exit !(a > 0 && t >= 0.97 * a) }' || t_bad "$true of $all under main and ask"
t_done

t_begin "the vdso of another kernel has no names ..."
other "$file" "$T/elsewhere.vprof"
t_equal "with a name" 0 "$(share '.function != "[vdso]"' "$T/elsewhere.vprof")"
[ "$(share '.function == "[vdso]"' "$T/elsewhere.vprof")" -ge 70 ] || t_bad "[vdso] has no 70 % of the time"
t_equal "words" "" "$(cat "$T/report.err")"
t_done

t_begin "... but where somebody kept it"
mkdir -p "$T/kept/.build-id/${OTHER:0:2}"
other "$T/vdso.so" "$T/kept/.build-id/${OTHER:0:2}/${OTHER:2}.debug"
[ "$(share ".function == \"$NAME\"" "$T/elsewhere.vprof" --symfs "$T/kept")" -ge 70 ] ||
	t_bad "$NAME has no 70 % of the time"
t_done
t_end
