#!/bin/bash
# Children have a file of their own and never write into the parent's.
. "$(dirname "$0")/../lib.sh"

parent_books='{"allocs":200,"frees":200,"bytes_allocated":10000,"live_blocks":0,"live_bytes":0,"peak_bytes":5000}'
child_books='{"allocs":30,"frees":20,"bytes_allocated":2100}'

family() { # MODE CHILD-FILES
	local mode=$1 children=$2 pid file
	t_begin "$mode"
	rm -rf "$T/bare" "$T/vprof"
	t_run "$T/bare" "$PROBE/fork_children" "$mode"
	t_preload "$T/vprof" "" "$PROBE/fork_children" "$mode"
	# the numbers of processes differ from run to run
	sed -i -E 's/^(parent|child) [0-9]+/\1/' "$T/bare/out"
	cp "$T/vprof/out" "$T/pids"
	sed -i -E 's/^(parent|child) [0-9]+/\1/' "$T/vprof/out"
	t_same "$T/bare" "$T/vprof"
	t_equal "ring files" $((children + 1)) "$(t_files "$T/vprof" | wc -l)"
	pid=$(sed -n 's/^parent //p' "$T/pids")
	file=$(ls "$T/vprof/fork_children.$pid.vprof" 2>/dev/null)
	if [ -z "$file" ]; then
		t_bad "no file of the parent $pid: $(ls "$T/vprof")"
	elif [ "$mode" != fork_threads ]; then
		case $mode in
		spawn) ;; # posix_spawn may allocate
		*) t_totals "$file" "$parent_books" ;;
		esac
	fi
	for pid in $(sed -n 's/^child //p' "$T/pids"); do
		file=$T/vprof/fork_children.$pid.vprof
		if [ ! -f "$file" ]; then
			[ "$mode" = raw ] || [ "$mode" = _Fork ] || t_bad "no file of child $pid"
			continue
		fi
		t_totals "$file" "$child_books" || break
	done
	for file in $(t_files "$T/vprof"); do
		"$REPORT" summary "$file" >/dev/null 2>"$T/err" ||
			{ t_bad "summary ${file##*/}: $(head -1 "$T/err")"; break; }
	done
	t_done
}

family fork 1
family many 20
family fork_threads 50
family double 2
family vfork 0
family vfork_exec 1
family vfork_exec_fails 0
family exec 2
family spawn 1
family raw 0
family _Fork 0

t_begin "follow_fork=off"
t_preload "$T/off" follow_fork=off "$PROBE/fork_children" many
t_equal status 0 "$(cat "$T/off/status")"
t_equal "ring files" 1 "$(t_files "$T/off" | wc -l)"
if file=$(t_file "$T/off"); then
	t_totals "$file" "$parent_books"
fi
t_done

t_begin "follow_exec=off"
t_preload "$T/noexec" follow_exec=off "$PROBE/fork_children" vfork_exec
t_equal status 0 "$(cat "$T/noexec/status")"
t_equal "ring files" 1 "$(t_files "$T/noexec" | wc -l)"
t_done

# What threads of the parent left is used again, and never mixed with the child's own.
t_begin "the waits of each generation"
t_preload "$T/waits" "" "$PROBE/forked_waits"
t_equal status 0 "$(cat "$T/waits/status")"
while read -r who pid; do
	got=$("$REPORT" locks "$T/waits/forked_waits.$pid.vprof" --format json 2>&1 |
		jq '[.locks[] | select(.kind == "cond") | .paths[].waits] | add')
	case $who in
	parent) t_equal "$who" 300 "$got" ;;
	child) t_equal "$who" 5 "$got" ;;
	*) t_equal "$who" 3 "$got" ;;
	esac
done <"$T/waits/out"
t_done
t_begin "a child of many threads gives back nothing of theirs piece by piece"
if t_need strace; then
	mkdir "$T/pieces"
	VPROF_OPTIONS=out=$T/pieces/%p.vprof strace -ff -qq -e trace=munmap -e signal=none \
		-E LD_PRELOAD="$LIB" -o "$T/pieces/calls" "$PROBE/forked_waits" \
		>"$T/pieces/out" 2>"$T/pieces/err"
	pid=$(sed -n 's/^child //p' "$T/pieces/out")
	if grep -q ptrace "$T/pieces/err"; then
		t_skip "no ptrace here"
	else
		calls=$(grep -c munmap "$T/pieces/calls.$pid")
		[ "${calls:-1000}" -lt 100 ] || t_bad "${calls:-no} calls of munmap for 300 threads"
		t_done
	fi
fi

# One name for everybody: the parent's books still are its own.
t_begin "a fixed name for parent and children"
t_preload "$T/fixed" out=one.vprof "$PROBE/fork_children" many
t_equal status 0 "$(cat "$T/fixed/status")"
if [ -f "$T/fixed/one.vprof" ]; then
	t_totals "$T/fixed/one.vprof" "$parent_books"
else
	t_bad "no one.vprof: $(ls "$T/fixed")"
fi
t_done

t_begin "executes itself three times, same pid"
t_differential "" "$PROBE/exec_again" 3
t_equal "ring files" 4 "$(t_files "$T/vprof" | wc -l)"
for file in $(t_files "$T/vprof"); do
	t_totals "$file" '{"allocs":100,"frees":90,"bytes_allocated":3000}' || break
done
t_done

t_begin "a shell pipeline: one file a process"
cat >"$T/pipeline" <<'END'
seq 1 2000 | while read -r n; do echo $((n * 2)); done | sort -rn | head -n 3
(exit 5) || echo "status $?"
echo "$(printf '%s' nested)"
END
t_differential "" /bin/bash "$T/pipeline"
[ "$(t_files "$T/vprof" | wc -l)" -ge 6 ] || t_bad "only $(t_files "$T/vprof" | wc -l) files"
for file in $(t_files "$T/vprof"); do
	"$REPORT" info "$file" >/dev/null 2>"$T/err" ||
		{ t_bad "info ${file##*/}: $(head -1 "$T/err")"; break; }
done
t_done
t_begin "forty processes that want one name"
rm -rf "$T/same"
mkdir -p "$T/same"
for ((i = 0; i < 40; i++)); do
	VPROF_OUT=$T/same/one.vprof LD_PRELOAD=$LIB sleep 4 2>>"$T/same/err" &
done
wait
t_equal "ring files" 40 "$(t_files "$T/same" | wc -l)"
t_equal stderr "" "$(head -c 300 "$T/same/err")"
for file in $(t_files "$T/same"); do
	"$REPORT" info "$file" >/dev/null 2>"$T/answer.err" || t_bad "$(head -1 "$T/answer.err")"
done
t_done
t_end
