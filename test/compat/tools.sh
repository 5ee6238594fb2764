#!/bin/bash
# Programs that wait for somebody else: tail -f and its kin, and apt-get, whose methods are processes
# of their own at the ends of pipes, on an archive made here, by file and by HTTP.
# alone: it runs its own units side by side
. "$(dirname "$0")/lib.sh"
suite_name=tools

suite_prepare() {
	local tool
	for tool in tail apt-get dpkg-deb dpkg-scanpackages python3 flock; do
		command -v $tool >/dev/null || { echo "no $tool here" && return 1; }
	done
}
suite_version() {
	echo "$(tail --version | awk 'NR == 1 { print $NF }')-$(apt-get --version | awk 'NR == 1 { print $2 }')"
}
suite_units() { printf '%s\n' tail waiters apt; }

# What each unit runs in its directory; says NAME<TAB>OUTCOME.
common() {
	cat <<'END'
said() { # NAME STATUS FILE...: how it ended, and what it wrote
	printf '%s\tstatus %s, %s\n' "$1" "$2" "$(cat "${@:3}" | cksum | tr ' ' :)"
}
holds() { # FILE LINES: waits until it has as many
	for ((try = 0; try < 400; try++)); do
		[ "$(cat "$1" 2>/dev/null | wc -l)" -lt "$2" ] || return 0
		sleep 0.05
	done
}
ended() { # NAME PID FILE...: asked to end
	kill -TERM "$2"
	wait "$2"
	said "$1" $? "${@:3}"
}
END
}
unit_tail() {
	cat <<'END'
lines() { for i in $(seq "$1"); do echo "line $i"; sleep 0.02; done; }
for how in "-f" "-F" "-f ---disable-inotify -s 0.05" "-f -c +1" "-q -f"; do
	echo first >f
	tail -n +1 $how f >out 2>err &
	holds out 1
	lines 20 >>f
	holds out 21
	ended "tail $how" $! out err
done
echo first >f
tail -n +1 -F f >out 2>err &
holds out 1
mv f g && echo second >f
holds out 2
rm f && echo third >f
holds out 3
ended "tail -F, replaced" $! out
tail --retry -s 0.05 -F later >out 2>err &
sleep 0.3
echo there >later
holds out 1
ended "tail --retry" $! out
: >told
lines 30 >>told &
tail --pid=$! -s 0.05 -n +1 -f told >out 2>err
said "tail --pid" $? out err
lines 10 | tail -n 5 -f >out
said "tail of a pipe" $? out
mkfifo fifo
lines 10 >fifo &
tail -n +1 -f fifo >out &
holds out 10
ended "tail of a fifo" $! out
seq 5 >g
(lines 200 >>g) &
tail -n +1 -f g | head -n 8 >out
said "tail whose reader left" "${PIPESTATUS[*]}" out
timeout 0.5 tail -f f >/dev/null
said "tail out of time" $? /dev/null
echo first >f
tail -n +1 -f f >out &
holds out 1
kill -STOP $!
lines 5 >>f
kill -CONT $!
holds out 6
ended "tail, stopped and continued" $! out
END
}
unit_waiters() {
	cat <<'END'
(flock 9; echo a >>out; sleep 0.4; echo b >>out) 9>lock &
sleep 0.1
flock -w 5 lock sh -c 'echo c' >>out
said "flock waits" $? out
(flock 9; sleep 1) 9>lock &
sleep 0.1
flock -w 0.2 lock true
said "flock gives up" $? /dev/null
flock -n lock true
said "flock does not wait" $? /dev/null
wait
mkfifo in
(for i in 1 2 3 4; do sleep 0.1; seq 20000; done >in) &
tee one two <in | sort -u | wc -l >out
said "tee of a slow fifo" "${PIPESTATUS[*]}" out one two
timeout -s INT 0.3 sleep 5
said "sleep, interrupted" $? /dev/null
timeout -k 0.3 0.2 sh -c 'trap "" TERM; sleep 1; sleep 1'
said "what ignores its end" $? /dev/null
sleep 0.2 & sleep 0.1 & sleep 0.3 &
wait -n; first=$?
wait
said "wait -n" $first /dev/null
python3 - >out <<'PY'
import os, select, signal, socket, subprocess, threading, time
hits = []
signal.signal(signal.SIGALRM, lambda *a: hits.append(1))
signal.siginterrupt(signal.SIGALRM, True)
signal.setitimer(signal.ITIMER_REAL, 0.05, 0.05)
a, b = socket.socketpair()
threading.Timer(0.6, lambda: b.send(b"x")).start()
print(a.recv(1), len(hits) > 3)
print(select.select([a], [], [], 0.2)[0])
print(subprocess.run(["sleep", "0.2"]).returncode, bool(os.popen("echo hi").read()))
signal.setitimer(signal.ITIMER_REAL, 0)
print(sum(1 for line in subprocess.Popen(["seq", "5000"], stdout=subprocess.PIPE).stdout))
PY
said "python, timers and pipes" $? out
END
}
unit_apt() {
	cat <<'END'
mkdir -p repo pkg/DEBIAN pkg/usr/share/vprof-tool etc/parts state/lists/partial cache/archives/partial
head -c 200000 /dev/zero | tr '\0' y >pkg/usr/share/vprof-tool/data
printf 'Package: vprof-tool\nVersion: 1.0\nArchitecture: all\nMaintainer: nobody <n@invalid>\nDescription: none\n' \
	>pkg/DEBIAN/control
find pkg repo -exec touch -d @1000000000 {} +
SOURCE_DATE_EPOCH=1000000000 dpkg-deb -b pkg repo/vprof-tool_1.0_all.deb >out 2>&1
said "dpkg-deb" $? /dev/null
(cd repo && dpkg-scanpackages . /dev/null 2>/dev/null >Packages)
said "dpkg-scanpackages" $? /dev/null
: >state/status
python3 -u -m http.server --bind 127.0.0.1 --directory repo 0 >http.log 2>&1 &
server=$!
for ((try = 0; try < 200; try++)); do
	port=$(sed -n 's/.* port \([0-9]*\) .*/\1/p' http.log)
	[ -z "$port" ] || break
	sleep 0.05
done
cat >apt.conf <<CONF
Dir "$PWD"; Dir::State "state"; Dir::State::status "$PWD/state/status"; Dir::Cache "cache";
Dir::Etc "etc"; Dir::Etc::sourcelist "list"; Dir::Etc::sourceparts "parts"; Dir::Etc::trusted "none";
Dir::Bin::methods "/usr/lib/apt/methods"; Dir::Log "state"; APT::Sandbox::User "";
Acquire::http::Proxy "false"; Acquire::Retries "0"; Debug::NoLocking "false"; APT::Architecture "amd64";
CONF
export APT_CONFIG=$PWD/apt.conf
apt_said() { # NAME COMMAND...: without rates and places
	"${@:2}" >out 2>err
	local status=$?
	cat out err | grep -vE '^Fetched |WARNING: apt does not' | sed "s,$PWD,HERE,g;s/:$port/:PORT/g;s/process [0-9]* /process PID /" | sort >text
	said "$1" $status text
}
for by in "file:$PWD/repo" "http://127.0.0.1:$port"; do
	echo "deb [trusted=yes] $by ./" >etc/list
	apt_said "update by ${by%%:*}" apt-get -q update
	apt_said "policy by ${by%%:*}" apt-cache policy vprof-tool
	apt_said "simulated install by ${by%%:*}" apt-get -q -s install vprof-tool
	apt_said "only downloaded by ${by%%:*}" apt-get -q -y --download-only install vprof-tool
	apt_said "where from by ${by%%:*}" apt-get -q --print-uris download vprof-tool
	apt-get -q download vprof-tool >/dev/null 2>&1
	said "what was downloaded by ${by%%:*}" $? vprof-tool_1.0_all.deb
	apt_said "clean by ${by%%:*}" apt-get clean
	rm -f vprof-tool_1.0_all.deb state/lists/*Packages*
done
kill $server
wait $server
apt_said "update, the server gone" apt-get -q update
echo "deb [trusted=yes] file:$PWD/repo ./" >etc/list
python3 -c 'import fcntl, time
f = open("state/lists/lock", "w")
fcntl.lockf(f, fcntl.LOCK_EX)
print("held", flush=True)
time.sleep(1.5)' >held &
holds held 1
apt_said "update, lists locked" apt-get -q update
wait
apt_said "update, lists free again" apt-get -q update
END
}
suite_unit() { # UNIT DIR
	{ common && "unit_$1"; } >"$2/script"
	compat_run "$SIDE" "$2" bash script 2>"$2/log"
	printf '[unit]\tstatus %s\n' $?
}
compat_main "$@"
