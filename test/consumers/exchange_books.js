// The book of npm's `orderbooks` and that of examples/common, fed the same messages, compared level
// by level after each. Usage: exchange_books.js NODE_MODULES BOOK_REPLAY FILE [THEIRS]: a message a
// line, and other ones for `orderbooks`. What a client has to do by the venue's documents is done here once more: old messages
// are left out, and a crossed book is thrown away until a snapshot comes.
const fs = require('fs');
const { spawnSync } = require('child_process');
const { OrderBook } = require(process.argv[2] + '/orderbooks');
const text = fs.readFileSync(process.argv[5] || process.argv[4]);
const ours = spawnSync(process.argv[3], { input: fs.readFileSync(process.argv[4]), maxBuffer: 2 ** 31, encoding: 'buffer' });
if (ours.status !== 0)
	throw new Error(`book_replay ended with ${ours.status}`);
const said = new Float64Array(ours.stdout.buffer, ours.stdout.byteOffset, ours.stdout.length / 8);

const book = new OrderBook('BTCUSDT', { maxDepth: 100000 });
let last = 0, synced = false, at = 0, compared = 0, snapshots = 0, outOfStep = 0;
const levels = (rows, side) => rows.map(([price, size]) => ['BTCUSDT', +price, side, +size]);
const isLevel = (row) => Array.isArray(row) && row.length === 2 && row.every((text) => /^[0-9.]+$/.test(text) && typeof text === 'string');
const isWhole = (data) => data && Number.isInteger(data.u) && [data.b, data.a].every((rows) => Array.isArray(rows) && rows.every(isLevel));
// `orderbooks` knows a level by its price alone. After a gap a bid may come where an ask was not
// taken away: the sides touch, and of the two it would keep the later one.
function change(rows) {
	const sideAt = (price) => book.book.find((level) => level[1] === price)?.[2];
	book.handleDelta(rows.filter((row) => !row[3] && sideAt(row[1]) === row[2]), []);
	const news = rows.filter((row) => row[3]);
	const touching = news.some((row) => ![undefined, row[2]].includes(sideAt(row[1])));
	book.handleDelta([], news);
	return touching;
}
function feed(line) {
	let message;
	try {
		message = JSON.parse(line);
	} catch {
		return;
	}
	if (message?.topic !== 'orderbook.50.BTCUSDT' || !isWhole(message.data))
		return;
	const data = message.data;
	let touching = false;
	const rows = levels(data.b, 'Buy').concat(levels(data.a, 'Sell'));
	if (message.type === 'snapshot') {
		book.handleSnapshot(rows);
		synced = true;
		snapshots++;
	} else if (!synced || data.u <= last) {
		return;
	} else {
		touching = change(rows);
	}
	last = data.u;
	if (touching || book.getBestBid() !== null && book.getBestAsk() !== null && book.getBestBid() >= book.getBestAsk()) {
		book.reset();
		synced = false;
	}
}
function differs() {
	const bids = said[at++], asks = said[at++], inStep = said[at++];
	const start = at;
	at += 2 * (bids + asks);
	if (!!inStep !== synced || book.book.length !== bids + asks)
		return true;
	outOfStep += !synced;
	// the highest price first: asks from the worst on, then bids
	for (let i = 0; i < asks + bids; i++) {
		const row = book.book[i];
		const place = start + 2 * (i < asks ? bids + asks - 1 - i : i - asks);
		if (row[2] !== (i < asks ? 'Sell' : 'Buy') || row[1] !== said[place] || row[3] !== said[place + 1])
			return true;
	}
	return false;
}
for (const line of text.toString('latin1').split('\n').slice(0, -1)) {
	feed(line);
	compared++;
	if (differs()) {
		console.log(`they differ after message ${compared}`);
		process.exit(0);
	}
}
console.error(`${compared} messages, ${snapshots} snapshots, ${outOfStep} out of step; ${ours.stderr}`.trim());
