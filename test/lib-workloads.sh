# Workloads of real programs, shared by several tests; sourced after lib.sh.
# shellcheck shell=bash

# 300,000 rows, an index, a join, on a database in memory.
workload_sql() { # ROWS
	cat <<END
CREATE TABLE trades(id INTEGER PRIMARY KEY, symbol TEXT, price REAL, size REAL, note TEXT);
CREATE TABLE symbols(symbol TEXT PRIMARY KEY, tick REAL);
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 49)
  INSERT INTO symbols SELECT 'S' || i || '/USDT', 1.0 / (i + 1) FROM n;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
  INSERT INTO trades SELECT i, 'S' || (i * 7919 % 50) || '/USDT', (i * 104729 % 100003) / 100.0,
    (i * 31 % 997) / 10.0, printf('trade %d of many', i) FROM n;
CREATE INDEX by_symbol ON trades(symbol, price);
SELECT t.symbol, count(*), round(avg(t.price), 6), round(sum(t.size * s.tick), 4)
  FROM trades t JOIN symbols s ON s.symbol = t.symbol
  GROUP BY t.symbol ORDER BY t.symbol;
SELECT count(*) FROM trades a JOIN trades b ON b.id = a.id + 1 WHERE a.price < b.price;
SELECT note FROM trades WHERE price > 999 ORDER BY note LIMIT 5;
UPDATE trades SET size = size + 1 WHERE symbol = 'S7/USDT';
DELETE FROM trades WHERE id % 3 = 0;
SELECT count(*), round(sum(size), 3) FROM trades;
END
}

# JSON back and forth, sorting, joining; no clock, no hash seed in the result.
workload_python() { # ROUNDS
	cat <<END
import json, hashlib
def build(n):
    return [{"id": i, "symbol": "S%d/USDT" % (i % 50), "bids": [[i * 0.5 + k, k] for k in range(20)],
             "note": "level %d" % i} for i in range(n)]
def encode(rows):
    return json.dumps(rows, indent=1, sort_keys=True)
def decode(text):
    return json.loads(text)
def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()
last = ""
for round in range($1):
    text = encode(build(400))
    rows = decode(text)
    best = sorted(rows, key=lambda r: (-r["bids"][3][0] % 7, r["id"]))[:3]
    last = digest(last + text + ",".join(r["note"] for r in best))
print(last)
END
}

workload_xml() { # ELEMENTS
	awk -v n="$1" 'BEGIN {
		print "<?xml version=\"1.0\"?><book symbol=\"SOL/USDT\">"
		for (i = 0; i < n; i++)
			printf "<level id=\"%d\" side=\"%s\"><price>%.2f</price><size>%d</size></level>\n",
				i, i % 2 ? "bid" : "ask", 100 + i / 100, i % 977
		print "</book>" }'
}
