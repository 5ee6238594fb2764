# Real programs that wait, each with a client that does the same every time; sourced by
# test/inject/waiting_programs.sh, whose output docs/waiting.md shows.
#
# A function serve_NAME runs in a directory of its own and says what came of it; what it starts
# with `under` is what is recorded, on one of the two sides.
# shellcheck shell=bash

under() {
	if [ "$SIDE" = vprof ]; then
		VPROF_OPTIONS=out=$PWD/%e.%p.vprof:${WAITING_OPTIONS-} LD_PRELOAD=$LIB exec "$@"
	fi
	exec "$@"
}
# until_there FILE...: a socket of a server that starts
until_there() {
	for ((try = 0; try < 400; try++)); do
		[ ! -e "$1" ] || return 0
		sleep 0.02
	done
	return 1
}

# redis on a Unix socket: 100,000 keys, then three SAVE, each of which stops the world, while a client
# goes on asking.
serve_redis() {
	local cli="redis-cli -s $PWD/sock" job
	(under redis-server --port 0 --unixsocket "$PWD/sock" --save "" --appendonly no --dir "$PWD" >log 2>&1) &
	job=$!
	until_there sock || return
	seq 100000 | awk '{ printf "SET key:%d %0100d\r\n", $1, $1 }' | $cli --pipe | tail -n 1
	redis-benchmark -s "$PWD/sock" -q -n 60000 -t get,set >/dev/null 2>&1 &
	for _ in 1 2 3; do
		$cli save
		sleep 0.3
	done
	wait $!
	$cli get key:99999
	$cli strlen key:77777
	$cli info commandstats | tr -d '\r' >stats
	sed -n 's/^cmdstat_save:\(calls=[0-9]*\),.*/\1/p' stats
	$cli shutdown nosave
	wait $job
	echo "status $?"
	redis-check-rdb dump.rdb | sed -n 's/.*\(RDB looks OK\).*/\1/p; s/.* \([0-9]* keys read\).*/\1/p'
}

# nginx with one worker: files of 20 kB, and one that a filter rewrites.
serve_nginx() {
	mkdir -p html logs
	for i in 1 2 3 4 5 6 7 8; do
		{ seq "$i" 100 4000; echo end; } >html/$i
	done
	cat >conf <<-END
		$([ "$(id -u)" != 0 ] || echo "user root;")
		daemon off;
		pid $PWD/pid;
		error_log $PWD/error.log;
		worker_processes 1;
		events { worker_connections 256; }
		http { access_log $PWD/access.log; gzip on; gzip_min_length 1; gzip_types *;
			keepalive_requests 100000;
			server { listen unix:$PWD/sock; root $PWD/html; } }
	END
	(PATH=$PATH:/usr/sbin && under nginx -p "$PWD" -c "$PWD/conf") &
	local job=$!
	until_there sock || return
	for client in 1 2 3 4; do
		for i in 1 2 3 4 5 6 7 8; do
			printf 'url = "http://x/[1-8]?%s-%s"\noutput = "/dev/stdout"\n' "$client" "$i"
		done >want.$client
		curl -s --unix-socket sock -K want.$client >got.$client &
	done
	jobs -p | grep -vx $job >clients
	while read -r client; do wait "$client"; done <clients
	curl -s --compressed -H 'Accept-Encoding: gzip' --unix-socket sock "http://x/[1-8]" >packed
	cat got.[1-4] packed | cksum
	sleep 0.5
	kill -QUIT "$(cat pid)"
	wait $job
	echo "status $?"
	wc -l <access.log
}

# memcached with its four threads: four clients that set, get and delete.
serve_memcached() {
	(under memcached -u "$(id -un)" -s "$PWD/sock" -t 4 -m 64 >log 2>&1) &
	local job=$!
	until_there sock || return
	"$PYTHON" - "$PWD/sock" <<-'END'
		import socket, sys, threading
		def ask(s, line, end):
		    s.sendall(line)
		    got = b""
		    while not got.endswith(end):
		        got += s.recv(65536)
		    return got
		seen = [0] * 4
		def client(n):
		    s = socket.socket(socket.AF_UNIX)
		    s.connect(sys.argv[1])
		    for i in range(4000):
		        key, value = b"k%d-%d" % (n, i % 700), b"v" * (i % 3000)
		        ask(s, b"set %s 0 0 %d\r\n%s\r\n" % (key, len(value), value), b"STORED\r\n")
		        seen[n] += len(ask(s, b"get %s\r\n" % key, b"END\r\n"))
		        if i % 10 == 0:
		            ask(s, b"delete %s\r\n" % key, b"\r\n")
		t = [threading.Thread(target=client, args=(n,)) for n in range(4)]
		[x.start() for x in t]
		[x.join() for x in t]
		s = socket.socket(socket.AF_UNIX)
		s.connect(sys.argv[1])
		stats = dict(l.split()[1:3] for l in ask(s, b"stats\r\n", b"END\r\n").decode().splitlines() if l != "END")
		print(seen, [stats[k] for k in ("curr_items", "cmd_get", "cmd_set", "get_hits", "delete_hits")])
	END
	kill -TERM $job
	wait $job
	echo "status $?"
}

# node: a server whose handler now and then reads a file and hashes it the synchronous way.
serve_node() {
	head -c 3000000 /dev/zero | tr '\0' n >data
	cat >server.js <<-'END'
		const http = require('http'), fs = require('fs'), crypto = require('crypto');
		let asked = 0;
		function report() {
		  fs.writeFileSync('report', fs.readFileSync('data'));
		  const fd = fs.openSync('report', 'r+');
		  fs.fsyncSync(fd);
		  fs.closeSync(fd);
		  return crypto.pbkdf2Sync('p', 's', 60000, 32, 'sha256').toString('hex');
		}
		const server = http.createServer((q, r) => {
		  if (q.url === '/stop') { r.end('bye\n'); server.close(); server.closeAllConnections?.(); return; }
		  const body = ++asked % 200 === 0 ? report() : JSON.stringify({ at: q.url, n: [1, 2, 3] });
		  fs.readFile('data', (e, d) => r.end(body + ' ' + d.length + '\n'));
		});
		server.listen(process.argv[2]);
	END
	(under node server.js "$PWD/sock") &
	local job=$!
	until_there sock || return
	curl -s --unix-socket sock "http://x/[1-1000]" | cksum
	sleep 0.4
	curl -s --unix-socket sock http://x/stop
	wait $job
	echo "status $?"
}

# PostgreSQL, written to disk at each commit: pgbench with four clients.
serve_postgres() {
	local bin as=() job psql port=$((20000 + $(od -An -N2 -tu2 /dev/urandom) % 20000))
	bin=$(printf '%s\n' /usr/lib/postgresql/*/bin | tail -n 1)
	chmod 755 "$T" ..
	if t_is_root; then
		chown -R nobody .
		as=(setpriv --reuid=65534 --regid=65534 --clear-groups)
	fi
	cp "$LIB" ./libvprof.so
	"${as[@]}" "$bin/initdb" -D "$PWD/data" -A trust -U pg --locale=C >initdb.log 2>&1 || return
	(LIB=$PWD/libvprof.so under "${as[@]}" "$bin/postgres" -D "$PWD/data" -k "$PWD" -p $port -c listen_addresses= \
		-c autovacuum=off >log 2>&1) &
	job=$!
	until_there .s.PGSQL.$port || return
	psql=(psql -h "$PWD" -p "$port" -U pg -d postgres -Atq)
	for ((try = 0; try < 100; try++)); do
		"${psql[@]}" -c 'select 1' >/dev/null 2>&1 && break
		sleep 0.1
	done
	pgbench -h "$PWD" -p $port -U pg -i -s 1 -q postgres >init.log 2>&1
	pgbench -h "$PWD" -p $port -U pg -n -c 4 -j 2 -t 150 --random-seed=7 postgres >bench.log 2>&1
	echo "pgbench $?"
	"${psql[@]}" -c 'select count(*), sum(delta) from pgbench_history' \
		-c 'select sum(abalance) from pgbench_accounts' 2>&1 | tr '\n' ' '
	kill -INT $job
	wait $job
	echo "status $?"
}

# A journal of orders in Rust: a channel, a lock that a reporter holds while it sleeps, and a file that
# is written to disk now and then.
serve_rust() {
	cat >journal.rs <<-'END'
		use std::{fs::File, io::Write, sync::{mpsc, Arc, Mutex}, thread, time::Duration};
		#[derive(Default)]
		struct Book { orders: u64, sum: u64 }
		#[inline(never)]
		fn report(book: &Mutex<Book>) {
		    let held = book.lock().unwrap();
		    thread::sleep(Duration::from_millis(8));
		    assert!(held.orders <= 3000);
		}
		#[inline(never)]
		fn append(journal: &mut File, order: u64) {
		    writeln!(journal, "order {order}").unwrap();
		    if order % 100 == 0 { journal.sync_data().unwrap(); }
		}
		#[inline(never)]
		fn matching(orders: mpsc::Receiver<u64>, book: Arc<Mutex<Book>>) {
		    let mut journal = File::create("journal").unwrap();
		    for order in orders {
		        append(&mut journal, order);
		        let mut b = book.lock().unwrap();
		        b.orders += 1;
		        b.sum = b.sum.wrapping_mul(31).wrapping_add(order);
		    }
		}
		fn main() {
		    let (send, orders) = mpsc::channel();
		    let book = Arc::new(Mutex::new(Book::default()));
		    let other = book.clone();
		    let m = thread::Builder::new().name("matching".into()).spawn(move || matching(orders, other)).unwrap();
		    let other = book.clone();
		    let r = thread::Builder::new().name("reporter".into()).spawn(move || for _ in 0..40 {
		        report(&other);
		        thread::sleep(Duration::from_millis(25));
		    }).unwrap();
		    for order in 1..=3000u64 {
		        send.send(order).unwrap();
		        if order % 8 == 0 { thread::sleep(Duration::from_millis(3)); }
		    }
		    drop(send);
		    m.join().unwrap();
		    r.join().unwrap();
		    let b = book.lock().unwrap();
		    println!("{} {}", b.orders, b.sum);
		}
	END
	[ -x ../journal ] || rustc -g -O -o ../journal journal.rs || return
	(under ../journal)
	echo "status $?"
	cksum <journal
}

# The monitor of this tree, which watches two markets: as fast as it can, which comes out the same every
# time, and then for three seconds at ten times the speed of the markets.
serve_monitor() {
	(under "$B/monitor" --speed 0 --duration 1 --quiet --symbol BTC/USDT --symbol ETH/USDT) | grep -v '^time:'
	(under "$B/monitor" --speed 10 --duration 3 --quiet --symbol BTC/USDT --symbol ETH/USDT) >said
	echo "status $?"
	grep -oE '0 bad|0 crossed, 0 gaps, 0 stale' said
}
