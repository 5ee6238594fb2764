#!/bin/bash
# Stalls of a loop are in the record while they last, each with its class, function and line,
# and who had the lock: copies of the file, made before the test lets the loop go on, show
# them. A stop by a signal or at a breakpoint is none, and no call of the program is
# interrupted. 20 seeds by hand: SEEDS="$(seq 20)".
# long: it waits for some twenty stalls, a seed
. "$(dirname "$0")/../lib.sh"
. "$TOP/test/lib-fuse.sh"

drive() { # SEED RUN...
	local seed=$1
	shift
	rm -f "$T/run/"*.vprof
	timeout 300 $PYTHON "$TOP/test/stall_drive.py" "$seed" "$fsyncs" "$PROBE/stall_live" "$REPORT" \
		"$T/run" "$@" >"$T/out" 2>"$T/err" </dev/null || t_bad "status $?: $(tail -1 "$T/err")"
	while read -r line; do
		t_bad "$line"
	done < <(sed -n 's/^bad //p' "$T/out")
}

mkdir -p "$T/run"
fsyncs=0
if slow_fs "$T/run"; then
	fsyncs=7
else
	t_begin "fsync of a slow file system"
	t_skip "no /dev/fuse or no libfuse3-dev here"
fi

for seed in ${SEEDS:-1 2}; do
	t_begin "seed $seed"
	drive "$seed" env "LD_PRELOAD=$LIB"
	t_equal "stalls seen while they lasted" $((fsyncs + 10)) "$(sed -n 's/^seen \([0-9]*\) .*/\1/p' "$T/out")"
	t_done
done

t_begin "interrupted calls as without the library"
drive 1
bare=$(sed -n 's/.* interrupted \([0-9]*\) .*/\1/p' "$T/out")
export NO_GDB=1
drive 1 env "LD_PRELOAD=$LIB"
t_equal interrupted "$bare" "$(sed -n 's/.* interrupted \([0-9]*\) .*/\1/p' "$T/out")"
t_done
umount -l "$T/run/mount" 2>/dev/null
t_end
