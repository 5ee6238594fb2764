#!/bin/bash
# Real programs under the search for leaks: what is lost, and what lost blocks
# lead to, is what valgrind finds, or the verdict is clean; and none hangs.
# docs/leaks.md says what they leave behind.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../lib-workloads.sh"
T_LIMIT=60

# An nginx worker's 512 connections of 240 bytes and their events, 96 bytes each: at its
# exit ngx_cycle is a static copy without them and the pool with the pointers is freed, so
# that only words left in freed memory and below the stack pointer lead there. Whether
# some live block or frame took such a word over is chance, for every tool. These blocks
# must be seen, and count on neither side. By frames: ngx_event_process_init and its two
# callers have no names here.
chance='def chance: .frames[0].function == "ngx_alloc" and .frames[4].function == "ngx_spawn_process"
	and (.bytes == 122880 * .blocks or .bytes == 49152 * .blocks);'

# "PROGRAM LOST INDIRECT" of each process, sorted; processes that have only
# executed another program are left out.
ours() { # DIR
	local file
	for file in $(t_files "$1"); do
		t_json "$chance"'
			def left($verdict): .totals[$verdict] as $all
				| [.sites[] | select(.verdict == $verdict and chance)] as $not
				| "\($all.blocks - ($not | map(.blocks) | add // 0))/\(
				$all.bytes - ($not | map(.bytes) | add // 0))";
			select(.examined.search != "none")
			| "\(.examined.search) \(left("lost")) \(left("indirect"))"' leaks "$file" |
			sed "s,^complete,$(t_json '.run.exe | split("/") | last' info "$file"),"
	done | sort
}
valgrinds() { # DIR
	local log
	for log in "$1"/log.*; do
		awk '/ Command: / { n = split($3, part, "/"); name = part[n] }
			/(definitely|indirectly) lost:/ { gsub(",", ""); kind = / def/ ? 1 : 2
				for (i = 2; i <= NF; i++) {
					if ($i == "bytes") bytes[kind] += $(i - 1)
					if ($i == "blocks") blocks[kind] += $(i - 1) } }
			/LEAK SUMMARY|no leaks are possible/ { ended = 1 }
			END { print name, ended ? blocks[1] + 0 "/" bytes[1] + 0 " " blocks[2] + 0 "/" bytes[2] + 0 : "no word" }' "$log"
	done | sort
}
# Servers listen at the socket `s` of the directory they run in. Each talker
# fails when nobody is there yet, and asks the server to end.
redis_talk() { # DIR
	redis-cli -s "$1/s" ping | grep -q PONG || return
	for i in {1..200}; do
		echo "set k$i v$i"
		echo "rpush l$((i % 7)) $i"
		echo "hset h$((i % 5)) f$i $i"
		echo "zadd z $i m$i"
		echo "del k$((i / 2))"
	done | redis-cli -s "$1/s"
	redis-cli -s "$1/s" eval 'return redis.call("get", "k199")' 0
	redis-cli -s "$1/s" shutdown nosave
}
nginx_talk() { # DIR
	curl -s --unix-socket "$1/s" http://x/ && curl -s --unix-socket "$1/s" http://x/ || return
	kill -QUIT "$(cat "$1/pid")"
}
talk() { # TALKER DIR
	local i
	for ((i = 0; i < 300; i++)); do
		! "$1" "$2" >"$T/said" 2>&1 || break
		sleep 0.1
	done
}
# word TOOL COMMAND...: what ours or valgrind says of it, to $T/TOOL.word; $talker
# speaks to it meanwhile
word() {
	local tool=$1 talk=
	shift
	rm -rf "${T:?}/$tool"
	if [ -n "${talker-}" ]; then
		talk "$talker" "$T/$tool" &
		talk=$!
	fi
	case $tool in
	ours) t_preload "$T/ours" cpu=off "$@" ;;
	*) T_LIMIT=300 t_run "$T/$tool" valgrind --leak-check=full --suppressions="$T/supp" --log-file=log.%p "$@" ;;
	esac
	[ -z "$talk" ] || wait $talk
	"$tool" "$T/$tool" | cut -d' ' -f2- >"$T/$tool.word"
}
compare() { # NAME COMMAND...; $talker needs the tool $needs
	local name=$1 tool=$2
	shift
	t_begin "$name: as valgrind has it"
	t_need valgrind "$tool" ${needs-} || return
	word ours "$@"
	word valgrinds "$@"
	t_equal status "$(cat "$T/valgrinds/status")" "$(cat "$T/ours/status")"
	echo "  libvprof: $(tr '\n' ' ' <"$T/ours.word") valgrind: $(tr '\n' ' ' <"$T/valgrinds.word")"
	[ -s "$T/ours.word" ] || t_bad "no answer"
	cmp -s "$T/ours.word" "$T/valgrinds.word" ||
		t_bad "libvprof $(tr '\n' ' ' <"$T/ours.word"), valgrind $(tr '\n' ' ' <"$T/valgrinds.word")"
	t_done
}
clean() { # NAME COMMAND...
	local name=$1 tool=$2
	shift
	t_begin "$name: clean"
	t_need "$tool" || return
	rm -rf "$T/ours"
	t_preload "$T/ours" cpu=off "$@"
	t_equal status 0 "$(cat "$T/ours/status")"
	ours "$T/ours" >"$T/a"
	echo "  $(tr '\n' ' ' <"$T/a")"
	[ -s "$T/a" ] || t_bad "no answer"
	! grep -v ' 0/0 0/0$' "$T/a" || t_bad "$(grep -v ' 0/0 0/0$' "$T/a" | head -3 | tr '\n' ' ')"
	t_done
}

workload_sql 2000 >"$T/load.sql"
echo 'int main(void) { return 0; }' >"$T/x.c"
mkdir "$T/repository"
(
	cd "$T/repository" && git init -q . && seq 1000 >numbers && git add . &&
		git -c user.name=x -c user.email=x@x commit -qm one && seq 5 2000 >numbers
) >/dev/null 2>&1
# An empty environment of its own that nginx leaves in `environ`, and what is left to
# chance, see above.
cat >"$T/supp" <<'END'
{
   connections and events
   Memcheck:Leak
   fun:malloc
   fun:ngx_alloc
   obj:*/nginx
   obj:*/nginx
   obj:*/nginx
   fun:ngx_spawn_process
}
{
   environ
   Memcheck:Leak
   fun:malloc
   fun:ngx_alloc
   fun:ngx_set_environment
}
END
cat >"$T/nginx.conf" <<'END'
daemon off;
user root;
worker_processes 1;
pid pid;
error_log log;
events { worker_connections 512; }
http {
	access_log off;
	client_body_temp_path t1;
	proxy_temp_path t2;
	fastcgi_temp_path t3;
	uwsgi_temp_path t4;
	scgi_temp_path t5;
	server {
		listen unix:s;
		location / { return 200 "hello"; }
	}
}
END
export PYTHONMALLOC=malloc PYTHONHASHSEED=0 GIT_PAGER=cat

compare sqlite3 sqlite3 :memory: ".read $T/load.sql"
compare python3 "$PYTHON" -c 'import json; print(len(json.dumps(list(range(1000)))))'
compare "git log" git -C "$T/repository" log --stat
compare "git diff" git -C "$T/repository" diff
compare "node --jitless" node --jitless -e 'console.log([1, 2, 3].map(String))'
talker=redis_talk needs=redis-cli compare redis-server redis-server --port 0 --unixsocket s --save ""
talker=nginx_talk needs=curl compare nginx nginx -p . -e log -c "$T/nginx.conf"
t_begin "nginx: the worker's connections and events are seen, whatever the verdict"
if t_need valgrind nginx curl; then
	t_equal blocks "1/122880 2/98304" "$(for file in $(t_files "$T/ours"); do
		t_json "$chance"'[.sites[] | select(chance)] | group_by(.bytes / .blocks) | reverse[]
			| "\(map(.blocks) | add)/\(map(.bytes) | add)"' leaks "$file"
	done | tr '\n' ' ' | sed 's/ $//')"
	t_done
fi
clean node node -e 'const m = new Map(); for (let i = 0; i < 1e5; i++) m.set(i, { i }); console.log(m.size)'

t_begin "g++: the compiler proper is searched in each of its processes"
if t_need g++; then
	rm -rf "$T/ours"
	t_preload "$T/ours" cpu=off g++ -x c++ "$T/x.c" -o x
	t_equal status 0 "$(cat "$T/ours/status")"
	ours "$T/ours" >"$T/a"
	sed 's/^/  /' "$T/a"
	! grep -qE '^(failed|unfinished)' "$T/a" || t_bad "a search did not end"
	grep -q '^cc1plus ' "$T/a" || t_bad "no answer of cc1plus"
	t_done
fi

t_begin "no hang in ${LEAK_RUNS:=10} runs each of true, sqlite3, git, python3, redis and nginx"
for ((i = 0; i < LEAK_RUNS; i++)); do
	for run in true "sqlite3 :memory: .tables" \
		"git --version" "$PYTHON -c pass" \
		"redis-cli --version" "redis-server --version" "nginx -t -q -p . -e log -c $T/nginx.conf"; do
		command -v "${run%% *}" >/dev/null || continue
		rm -rf "$T/ours"
		# shellcheck disable=SC2086
		t_preload "$T/ours" "" $run
		t_equal "run $i of $run" 0 "$(cat "$T/ours/status")"
	done
done
t_done
t_end
