# A file system whose fsync waits for a byte from a pipe; sourced.
# shellcheck shell=bash

# slow_fs DIR: DIR/mount/journal and DIR/pipe are there; returns 1 where there is no FUSE
slow_fs() {
	local flags
	flags=$(pkg-config --cflags --libs fuse3 2>/dev/null) || return
	[ -c /dev/fuse ] || return
	mkdir -p "$1/mount"
	[ -p "$1/pipe" ] || mkfifo "$1/pipe"
	# shellcheck disable=SC2086
	${CC:-gcc} -D_FILE_OFFSET_BITS=64 -o "$T/slow_fsync" "$TOP/test/fuse/slow_fsync.c" $flags || return
	"$T/slow_fsync" "$1/pipe" -f "$1/mount" 2>/dev/null &
	t_pids="$t_pids $!"
	for ((i = 0; i < 100; i++)); do
		[ -f "$1/mount/journal" ] && return
		sleep 0.05
	done
	return 1
}
