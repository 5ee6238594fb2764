# SQL for a database to work on: a table of trades, an index, a join, changes.
#   awk -v seed=SEED -v rows=ROWS -f rows_of.awk
# How many symbols there are, how values spread and how long texts are, is drawn from the seed.
# @ stands for the quote.
function draw(from, to) { return from + int(rand() * (to - from)) }
function say(line) { gsub("@", "\047", line); print line }
BEGIN {
	srand(seed)
	symbols = draw(20, 400)
	step = draw(1000, 9000) * 2 + 1
	prices = draw(5000, 90000)
	say("CREATE TABLE trades(id INTEGER PRIMARY KEY, symbol TEXT, price REAL, size REAL, note TEXT);")
	say("CREATE TABLE symbols(symbol TEXT PRIMARY KEY, tick REAL);")
	say("WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < " symbols ")")
	say("  INSERT INTO symbols SELECT @S@ || i || @/USDT@, 1.0 / (i + 1) FROM n;")
	say("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " rows ")")
	say("  INSERT INTO trades SELECT i, @S@ || (i * " step " % " symbols ") || @/USDT@,")
	say("    (i * " step + 2 " % " prices ") / 100.0, (i * 31 % 997) / 10.0,")
	say("    substr(printf(@trade %d of many, %0" draw(10, 80) "d@, i, i), 1, 12 + i * " draw(3, 99) " % " draw(20, 90) ") FROM n;")
	say("CREATE INDEX by_symbol ON trades(symbol, price);")
	say("SELECT t.symbol, count(*), avg(t.price), sum(t.size * s.tick) FROM trades t")
	say("  JOIN symbols s ON s.symbol = t.symbol GROUP BY t.symbol ORDER BY t.symbol;")
	say("SELECT note FROM trades WHERE price > " draw(10, prices / 100) " ORDER BY note LIMIT 50;")
	say("UPDATE trades SET size = size + 1, note = note || @ changed@ WHERE id % " draw(2, 6) " = 0;")
	say("DELETE FROM trades WHERE id % " draw(2, 6) " = 0;")
	say("SELECT count(*), round(sum(size), 3) FROM trades;")
}
