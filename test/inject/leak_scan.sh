#!/bin/bash
# The search for leaks disturbs nobody: no interrupted call, no strange child, no
# descriptor, no other status; and it finds what was lost.
. "$(dirname "$0")/../lib.sh"
T_LIMIT=40

# found FILE VERDICT: "BLOCKS BYTES"
found() {
	$PYTHON "$TOP/test/leak_rows.py" "$1" | sed -n "s/^$2 //p"
}
account() {
	$PYTHON "$TOP/test/leak_rows.py" "$1" | sed -n 1p
}

# MODE LOST: the program says the same as without us, and has lost that much
for row in "eight_threads 30 1200" "waits 20 800" "files 10 400" "exit_in_handler 10 400" \
	"deaf_thread 10 400" "nothing 10 400"; do
	mode=${row%% *}
	t_begin "$mode"
	t_differential "" "$PROBE/leak_scan" "$mode"
	file=$(ls "$T/vprof/"leak_scan.*.vprof 2>/dev/null | head -1)
	if [ -n "$file" ]; then
		t_equal lost "${row#* }" "$(found "$file" lost)"
	else
		t_bad "no ring file"
	fi
	[ $mode != deaf_thread ] || case $(account "$file") in
	*"1 thread with all signals blocked"*) ;;
	*) t_bad "the deaf thread is not said: $(account "$file")" ;;
	esac
	t_done
done

# A search stops threads by a signal, also those that are in a handler on a stack
# of its own, whatever they are doing for us there.
t_begin "handlers on alternate stacks"
for i in 1 2 3; do cp "$PROBE/plugin_work.so" "$T/work$i.so"; done
for engine in perf timer; do
	t_preload "$T/alt-$engine" "engine=$engine:cpu=1000" \
		"$PROBE/scan_altstack" 2 "$T/work1.so" "$T/work2.so" "$T/work3.so"
	t_equal "$engine: status and output" "0 done" \
		"$(cat "$T/alt-$engine/status") $(cat "$T/alt-$engine/out" "$T/alt-$engine/err")"
	[ "$("$REPORT" leaks --format json "$(t_file "$T/alt-$engine")" 2>/dev/null |
		jq .examined.searches)" -gt 10 ] || t_bad "$engine: hardly searched"
done
t_done

# Where there is no search, the file says why.
t_begin "heap=sample: not searched, and said"
t_preload "$T/sample" heap=sample=512 "$PROBE/leak_scan" nothing
t_equal status 10 "$(cat "$T/sample/status")"
t_equal account "state none trigger 0 note: not searched: only heap=exact knows every block" \
	"$(account "$(t_file "$T/sample")")"
t_done
t_begin "leakscan=off: not searched, and said"
t_preload "$T/off" leakscan=off "$PROBE/leak_scan" nothing
t_equal account "state none trigger 0 note: not searched: leakscan=off" \
	"$(account "$(t_file "$T/off")")"
t_done

# The snapshot copies an entry for each page: the table of a great many blocks is
# in large ones, and stays there.
t_begin "a large table lies in large pages"
case $(cat /sys/kernel/mm/transparent_hugepage/enabled 2>/dev/null) in
*"[always]"* | *"[madvise]"*)
	t_preload "$T/many" cpu=off:leakscan=off "$PROBE/many_blocks"
	read -r resident large <"$T/many/out"
	[ "${resident:-0}" -gt 30000 ] && [ $((large * 20)) -ge $((resident * 19)) ] ||
		t_bad "${large:-?} of ${resident:-?} KiB are"
	t_done
	;;
*) t_skip "the system has no large pages" ;;
esac

# A process that may have no more children ends as it would have.
t_begin "no process to spare"
mkdir -p "$T/few"
chmod 711 "$T" && chmod 777 "$T/few"
if t_is_root && command -v setpriv >/dev/null; then
	# the library comes last: setpriv drops the capabilities of one thread
	(cd "$T/few" && exec setpriv --reuid 54321 --clear-groups bash -c \
		'ulimit -u 1; exec env "LD_PRELOAD=$0" VPROF_OUT=few.vprof "$1" nothing' \
		"$LIB" "$PROBE/leak_scan" >out 2>err)
	t_equal status 10 $?
	t_equal account "state failed trigger 1 note: no snapshot: the system refused a process or its memory" \
		"$(account "$T/few/few.vprof")"
else
	t_skip "not root"
fi
[ -z "$t_name" ] || t_done
t_end
