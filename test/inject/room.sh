#!/bin/bash
# Room that the program and the record share: a small disk, a memory cgroup, an
# address space; and names that other processes want or have planted.
. "$(dirname "$0")/../lib.sh"

nobody() {
	setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
}
chmod 755 "$T"

# disk SIZE: an empty file system of that size at $T/disk.
disk() {
	mkdir -p "$T/disk"
	if ! t_is_root || ! mount -t tmpfs -o "size=$1,mode=1777" vprof-test "$T/disk" 2>/dev/null; then
		t_skip "no tmpfs can be mounted here"
		return 1
	fi
	trap 'umount -l "$T/disk" 2>/dev/null; t_cleanup' EXIT
}
blocks_kib() { # FILE
	du -k "$1" | cut -f1
}

t_begin "60 MiB of 100"
if disk 100m; then
	t_preload "$T/write" "out=$T/disk/%p.vprof" "$PROBE/room" write "$T/disk/data" 60
	t_equal written "60 MiB" "$(cat "$T/write/out")"
	file=$(t_file "$T/disk")
	[ "$(blocks_kib "$file")" -le 256 ] || t_bad "the record takes $(blocks_kib "$file") KiB"
	rm -f "$T/disk"/*
	t_preload "$T/write" "out=$T/disk/%p.vprof" "$PROBE/room" write "$T/disk/data" 98
	t_equal written "98 MiB" "$(cat "$T/write/out")"
	umount "$T/disk"
	t_done
fi

t_begin "the disk is full before the record has what it needs"
if disk 16m; then
	t_preload "$T/full" "out=$T/disk/%p.vprof" "$PROBE/room" fill "$T/disk/data" 20000
	t_equal status 5 "$(cat "$T/full/status")"
	t_equal out "20000 blocks" "$(cat "$T/full/out")"
	file=$(t_file "$T/disk")
	allocs=$(t_heap "$file" allocs)
	[ "$allocs" -ge 20000 ] || t_bad "of 20000 allocations $allocs are counted"
	"$REPORT" info "$file" | grep -q 'no room' || t_bad "info does not say so"
	umount "$T/disk"
	t_done
fi

t_begin "100 children at once"
mkdir "$T/many"
t_preload "$T/many" "" "$PROBE/room" children 100
t_equal out "100 children" "$(cat "$T/many/out")"
t_equal records 101 "$(t_files "$T/many" | wc -l)"
taken=$(du -ck "$T/many"/*.vprof | tail -n 1 | cut -f1)
[ "$taken" -le 16384 ] || t_bad "they take $taken KiB"
t_done

t_begin "a memory cgroup of 30 MiB, the record on tmpfs"
group=/sys/fs/cgroup/memory/vprof-test.$$ limit=memory.limit_in_bytes
[ -d /sys/fs/cgroup/memory ] || group=/sys/fs/cgroup/vprof-test.$$ limit=memory.max
if disk 100m; then
	if mkdir "$group" 2>/dev/null && echo 31457280 >"$group/$limit" 2>/dev/null; then
		# shellcheck disable=SC2016
		t_run "$T/cgroup" bash -c 'echo $$ >"$0/cgroup.procs" && exec env "$@"' "$group" \
			"LD_PRELOAD=$LIB" "VPROF_OPTIONS=out=$T/disk/%p.vprof" "$PROBE/room" children 3
		t_equal status 0 "$(cat "$T/cgroup/status")"
		t_equal out "3 children" "$(cat "$T/cgroup/out")"
		t_equal records 4 "$(t_files "$T/disk" | wc -l)"
		t_done
	else
		t_skip "no memory cgroup can be made here"
	fi
	rmdir "$group" 2>/dev/null
	umount "$T/disk"
fi

t_begin "address space: 40 MB will do"
# shellcheck disable=SC2016
t_run "$T/space" bash -c 'ulimit -v 40000; exec env LD_PRELOAD="$0" "$@"' "$LIB" "$PROBE/identity" output 20
t_equal status 17 "$(cat "$T/space/status")"
[ -n "$(t_file "$T/space")" ] || t_bad "no record"
t_done

t_begin "never more than size"
t_preload "$T/size" size=1M "$PROBE/room" fill "$T/size/data.none/x" 60000
file=$(t_file "$T/size")
[ "$(stat -c %s "$file")" -le 1048576 ] || t_bad "$(stat -c %s "$file") bytes"
t_equal allocs 1 "$(($(t_heap "$file" allocs) >= 60000))"
t_done

# planted NAME WORD OPTIONS PREPARE...: somebody else has been at the name.
planted() {
	local name=$1 word=$2
	shift 2
	t_begin "planted: $name"
	if t_is_root && t_need setpriv; then
		rm -rf "$T/open" "$T/run"
		mkdir -m 1777 "$T/open"
		(cd "$T/open" && nobody "$@") || t_bad "could not be planted"
		t_preload "$T/run" "out=$T/open/a.vprof" "$PROBE/identity" output 20
		t_equal status 17 "$(cat "$T/run/status")"
		if [ -n "$word" ]; then
			grep -v '^and a word' "$T/run/err" | grep -q "$word" || t_bad "said: $(tail -n 1 "$T/run/err")"
			t_equal records 0 "$(find "$T/open" -name '*.vprof' -uid 0 | wc -l)"
		else
			t_equal records 1 "$(find "$T/open" -name 'a.*.vprof' -uid 0 | wc -l)"
		fi
		t_done
	fi
}
planted "an empty file" "somebody else's" touch a.vprof
planted "an empty file that only its owner may read" "somebody else's" sh -c 'umask 077; : >a.vprof'
planted "a link to an empty file of nobody's" "not a vprof file" sh -c ': >b; ln -s b a.vprof'
planted "a link that leads nowhere" "not a vprof file" ln -s nowhere a.vprof
planted "a FIFO" "not a vprof file" mkfifo a.vprof
planted "a text" "not a vprof file" sh -c 'echo hello >a.vprof'
planted "a directory" "not a vprof file" mkdir a.vprof
planted "a record of nobody's" "" env "LD_PRELOAD=$LIB" VPROF_OUT=a.vprof true

t_begin "two pid namespaces in one directory, at once and one after the other"
mkdir "$T/namespaces"
inside() {
	(cd "$T/namespaces" && unshare --pid --fork --mount-proc env "LD_PRELOAD=$LIB" "$@")
}
if t_is_root && t_need unshare && unshare --pid --fork --mount-proc true 2>/dev/null; then
	inside "$PROBE/room" children 0 >/dev/null &
	inside "$PROBE/room" children 0 >/dev/null &
	inside "$PROBE/room" children 0 >/dev/null
	wait
	t_equal records 3 "$(t_files "$T/namespaces" | wc -l)"
	inside "$PROBE/room" children 0 >/dev/null
	t_equal records 4 "$(t_files "$T/namespaces" | wc -l)"
	for file in "$T/namespaces"/*.vprof; do
		"$REPORT" info "$file" >/dev/null 2>"$T/said" || t_bad "$file: $(cat "$T/said")"
	done
	t_done
elif [ -n "$t_name" ]; then
	t_skip "no pid namespace can be made here"
fi

t_begin "one name for twenty processes at once"
mkdir "$T/one"
for _ in $(seq 20); do
	(cd "$T/one" && exec env "LD_PRELOAD=$LIB" VPROF_OUT=a.vprof "$PROBE/room" children 0 >/dev/null) &
done
wait
t_equal records 20 "$(t_files "$T/one" | wc -l)"
for file in "$T/one"/*.vprof; do
	[ "$("$REPORT" info "$file" --format json 2>/dev/null | jq -r .run.status)" = exited ] ||
		t_bad "$file is not whole"
done
(cd "$T/one" && env "LD_PRELOAD=$LIB" VPROF_OUT=a.vprof "$PROBE/room" children 0 >/dev/null)
t_equal "after one more" 20 "$(t_files "$T/one" | wc -l)"
t_done
t_end
