#!/bin/bash
# What a program can see of the world is what it sees without the library:
# descriptors, signals, errno, environment, output, status, identity, limits.
. "$(dirname "$0")/../lib.sh"

t_unchanged "errno is kept" "" "$PROBE/errno_kept"
t_unchanged "errno is kept, timer engine" engine=timer "$PROBE/errno_kept"
t_unchanged "output and status" "" "$PROBE/identity" output 5000
t_unchanged "messages after closing every descriptor" "" "$PROBE/fd_hygiene"
t_unchanged "messages after closing every descriptor, timer engine" engine=timer "$PROBE/fd_hygiene"
t_unchanged "messages at 10,000 Hz" cpu=10000:heap=exact "$PROBE/fd_hygiene"
t_unchanged "messages at 10,000 Hz, timer engine" cpu=10000:heap=exact:engine=timer "$PROBE/fd_hygiene"
t_unchanged "no descriptor of ours is visible" "" "$PROBE/fd_hygiene" list
t_unchanged "no descriptor of ours is visible, timer engine" engine=timer "$PROBE/fd_hygiene" list
for mode in eintr default_all sigwait signalfd altstack masks handlers pending; do
	t_unchanged "signals: $mode" "" "$PROBE/signals" $mode
done
t_unchanged "signals: eintr at 10,000 Hz" cpu=10000:heap=exact "$PROBE/signals" eintr
for mode in eintr default_all sigwait signalfd altstack pending; do
	t_unchanged "signals: $mode, timer engine" engine=timer "$PROBE/signals" $mode
done
# Two programs that load others from where they are told: plugin_throw, plugin_work, plugin_scope.
t_unchanged "C++ exceptions of a plugin in a C program" "" "$PROBE/dlopen_close" "$PROBE" throw
t_unchanged "C++ exceptions of a plugin, timer engine" engine=timer:cpu=1000 "$PROBE/dlopen_close" "$PROBE" throw
t_unchanged "providers of a plugin in a C program" cpu=10000:heap=exact "$PROBE/scope" "$PROBE"
t_unchanged "providers of a plugin, timer engine" cpu=10000:heap=exact:engine=timer "$PROBE/scope" "$PROBE"

# The loader's own word for it: every name that an object of the program is
# bound to comes from where it came without the preload, the hooks apart.
t_begin "every name is bound where it was"
hooks=$(nm -D --defined-only "$LIB" | awk '{ sub(/@.*/, "", $3); print $3 }' | sort -u | paste -sd '|')
bindings() { # DIR
	cat "$1"/bindings.* | sed -nE "s/.*binding file ([^ ]+) .* to ([^ ]+) .*symbol .([^' ]+)'.*/\1 \3 \2/p" |
		grep -vE '^[^ ]*(libvprof|libunwind|liblzma)[^ ]* ' | sort -u
}
for way in bare vprof; do
	rm -rf "${T:?}/$way"
	mkdir "$T/$way"
done
t_run "$T/bare" env LD_DEBUG=bindings "LD_DEBUG_OUTPUT=$T/bare/bindings" \
	"$PROBE/scope" "$PROBE"
t_preload "$T/vprof" cpu=1000 env LD_DEBUG=bindings "LD_DEBUG_OUTPUT=$T/vprof/bindings" \
	"$PROBE/scope" "$PROBE"
t_same "$T/bare" "$T/vprof"
bindings "$T/bare" >"$T/bare/names"
bindings "$T/vprof" | grep -vE "/env " >"$T/vprof/names"
t_equal "other providers" "" "$(awk 'NR == FNR { was[$1 " " $2] = $3; next }
	($1 " " $2) in was && was[$1 " " $2] != $3 { print $2 " of " $1 " from " $3 }' \
	"$T/bare/names" "$T/vprof/names" | grep -vwE "^($hooks)" | head -n 5)"
[ "$(grep -c . "$T/bare/names")" -gt 200 ] || t_bad "too few names"
for name in _Unwind_RaiseException _Unwind_Resume; do
	grep -qE " $name .*libgcc_s" "$T/vprof/names" || t_bad "$name is not bound to libgcc_s"
done
grep -qE ' backtrace .*libc\.so' "$T/vprof/names" || t_bad "backtrace is not bound to libc"
t_done
t_unchanged "dlerror" "" "$PROBE/dlopen_close" "$PROBE" missing
for mode in as fsize nofile seccomp_errno seccomp_kill seccomp_other; do
	t_unchanged "limits: $mode" "" "$PROBE/limits" $mode
done
# What one thread gives up, glibc expects the others to have given up too. The
# file is in a directory that the new user may write to.
if t_is_root; then
	mkdir -p "$T/open"
	chmod 755 "$T"
	chmod 777 "$T/open"
	for how in "--reuid 54321 --clear-groups" "--reuid 1 --regid 1 --keep-groups --no-new-privs" \
		"--bounding-set -all --inh-caps -all --reuid 1 --regid 1 --clear-groups" \
		"--ambient-caps +chown --inh-caps +chown --reuid 1 --clear-groups"; do
		# shellcheck disable=SC2086
		t_unchanged "setpriv $how" "out=$T/open/%e.%p.vprof" setpriv $how grep -E '^(Uid|Gid|Groups|Cap|NoNew)' \
			/proc/self/status
	done
fi
mkdir -p "$T/elsewhere"
t_unchanged "chdir after start" "" "$PROBE/identity" chdir "$T/elsewhere"

t_begin "the file lies where the program started"
t_equal "files there" 1 "$(t_files "$T/vprof" | wc -l)"
t_equal "files elsewhere" 0 "$(t_files "$T/elsewhere" | wc -l)"
t_done

t_begin "environment"
rm -rf "$T/bare" "$T/vprof"
t_run "$T/bare" env SOME=thing VPROF_OPTIONS=tick=50 "$PROBE/identity" environment
t_preload "$T/vprof" tick=50 env SOME=thing "$PROBE/identity" environment
sed -i -E '/^(LD_PRELOAD=|OLDPWD=|PWD=|_=|getenv)/d' "$T/bare/out"
t_equal "getenv(LD_PRELOAD)" "getenv: $LIB" "$(grep '^getenv' "$T/vprof/out")"
t_equal "LD_PRELOAD in environ" "LD_PRELOAD=$LIB" "$(grep '^LD_PRELOAD=' "$T/vprof/out")"
sed -i -E '/^(LD_PRELOAD=|OLDPWD=|PWD=|_=|getenv)/d' "$T/vprof/out"
sort -o "$T/bare/out" "$T/bare/out"
sort -o "$T/vprof/out" "$T/vprof/out"
t_same "$T/bare" "$T/vprof"
t_done

for mode in change_id threads_id; do
	t_begin "as root: $mode"
	if t_is_root; then
		chmod 755 "$T"
		t_differential "" "$PROBE/identity" $mode
		t_done
	else
		t_skip "needs root"
	fi
done

t_begin "chroot, then fork"
if t_is_root; then
	mkdir -p "$T/jail"
	t_differential "" "$PROBE/identity" chroot "$T/jail"
	t_done
else
	t_skip "needs root"
fi

t_begin "set-user-ID program: inert"
if t_is_root; then
	chmod 755 "$T"
	cp "$PROBE/identity" "$T/suid"
	chown 65534 "$T/suid" && chmod 4755 "$T/suid"
	t_differential "" "$T/suid" at_secure
	if grep -q 'secure 1' "$T/bare/out"; then
		t_equal "ring files" 0 "$(t_files "$T/vprof" | wc -l)"
		t_done
	else
		t_skip "set-user-ID has no effect on this file system"
	fi
else
	t_skip "needs root"
fi

t_begin "no process to spare (RLIMIT_NPROC)"
if t_is_root && t_need setpriv; then
	chmod 755 "$T"
	for way in bare vprof; do
		rm -rf "${T:?}/$way"
		mkdir "$T/$way"
		chmod 777 "$T/$way"
	done
	# shellcheck disable=SC2016
	limited='ulimit -u 1; exec "$0" "$@"'
	t_run "$T/bare" setpriv --reuid=65533 --clear-groups bash -c "$limited" \
		"$PROBE/identity" output 10
	t_run "$T/vprof" setpriv --reuid=65533 --clear-groups bash -c "$limited" \
		env "LD_PRELOAD=$LIB" "$PROBE/identity" output 10
	cmp -s "$T/bare/out" "$T/vprof/out" || t_bad "stdout differs"
	t_equal status "$(cat "$T/bare/status")" "$(cat "$T/vprof/status")"
	[ "$(wc -l <"$T/vprof/err")" -le $(($(wc -l <"$T/bare/err") + 1)) ] ||
		t_bad "more than one line on stderr: $(cat "$T/vprof/err")"
	t_done
elif [ -n "$t_name" ]; then
	t_skip "needs root"
fi

t_begin "a program with its own malloc"
t_differential "" "$PROBE/own_malloc"
if file=$(t_file "$T/vprof"); then
	"$REPORT" info "$file" >"$T/info" 2>&1
	grep -qi 'malloc' "$T/info" || t_bad "info does not say so: $(tr '\n' ' ' <"$T/info" | head -c 300)"
else
	t_bad "no ring file"
fi
t_done

t_begin "a static program"
t_differential "" "$PROBE/static_hello"
t_equal "ring files" 0 "$(t_files "$T/vprof" | wc -l)"
t_done

for host in libjemalloc.so.2 libtcmalloc_minimal.so.4; do
	t_begin "$host before us in LD_PRELOAD"
	path=$(ldconfig -p | awk -v n=$host '$1 == n { print $NF; exit }')
	if [ -n "$path" ]; then
		t_run "$T/host-bare" env "LD_PRELOAD=$path" "$PROBE/eight_threads" 100
		t_run "$T/host-both" env "LD_PRELOAD=$path $LIB" "$PROBE/eight_threads" 100
		t_same "$T/host-bare" "$T/host-both"
		rm -rf "$T/host-bare" "$T/host-both"
		t_done
	else
		t_skip "not installed"
	fi
done
t_end
