#include "tape.h"

#include <csv.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHUNK_BYTES   4096
#define FIELDS	      13
#define FIELD_BYTES   32
#define REPLAY_GAP_MS 100 /* between the last event and the first again */

struct virt_tape {
	int fd;
	struct csv_parser csv;
	char field[FIELDS][FIELD_BYTES]; /* of the row under way */
	size_t field_nr;		 /* may exceed FIELDS: then the row is bad */
	bool field_cut;
	struct virt_event *queue; /* read, not taken: [head, nr) */
	size_t head, nr, cap;
	bool out_of_memory;
	bool has_live; /* this pass has an event with ts_ms >= 0 */
	int64_t shift_ms, last_ms;
	uint64_t passes, bad_rows;
};

static void on_field(void *text, size_t len, void *arg)
{
	struct virt_tape *tape = arg;
	size_t idx = tape->field_nr++;

	if (idx >= FIELDS || len >= FIELD_BYTES) {
		tape->field_cut = true;
		return;
	}
	memcpy(tape->field[idx], text, len);
	tape->field[idx][len] = '\0';
}

static bool number(const char *text, double *out)
{
	char *end;

	*out = strtod(text, &end);
	return end != text && !*end && isfinite(*out);
}

static bool whole(const char *text, int64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoll(text, &end, 10);
	return end != text && !*end && !errno;
}

static bool read_type(const char *text, struct virt_event *event, size_t *fields)
{
	static const struct {
		const char *name;
		size_t fields;
	} types[] = {
	    [VIRT_EVENT_KLINE] = {"kline", 11},	  [VIRT_EVENT_SNAPSHOT] = {"snapshot", 7},
	    [VIRT_EVENT_DELTA] = {"delta", 7},	  [VIRT_EVENT_TRADE] = {"trade", 7},
	    [VIRT_EVENT_TICKER] = {"ticker", 13},
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (!strcmp(text, types[i].name)) {
			event->type = (enum virt_event_type)i;
			*fields = types[i].fields;
			return true;
		}
	}
	return false;
}

static bool read_side(const char *text, struct virt_event *event)
{
	if (event->type == VIRT_EVENT_KLINE || event->type == VIRT_EVENT_TICKER)
		return !*text;
	event->is_buy = !strcmp(text, "bid") || !strcmp(text, "buy");
	return event->is_buy || !strcmp(text, "ask") || !strcmp(text, "sell");
}

static bool read_event(struct virt_tape *tape, struct virt_event *event)
{
	size_t fields;
	int64_t seq;

	*event = (struct virt_event){0};
	if (tape->field_cut || tape->field_nr < 7 || !read_type(tape->field[2], event, &fields) ||
	    tape->field_nr != fields || strlen(tape->field[1]) >= APP_SYMBOL_MAX)
		return false;
	strcpy(event->symbol, tape->field[1]);
	if (!whole(tape->field[0], &event->ts_ms) || !read_side(tape->field[3], event) ||
	    !number(tape->field[4], &event->price) || !number(tape->field[5], &event->size) ||
	    !whole(tape->field[6], &seq) || seq < 0 || event->price < 0 || event->size < 0)
		return false;
	event->seq = (uint64_t)seq;
	if (event->type == VIRT_EVENT_KLINE)
		return number(tape->field[7], &event->open) &&
		       number(tape->field[8], &event->high) && number(tape->field[9], &event->low);
	return event->type != VIRT_EVENT_TICKER || number(tape->field[11], &event->funding);
}

static void queue_event(struct virt_tape *tape, const struct virt_event *event)
{
	if (tape->nr == tape->cap) {
		size_t cap = tape->cap ? tape->cap * 2 : 128;
		struct virt_event *queue = reallocarray(tape->queue, cap, sizeof(*queue));

		if (!queue) {
			tape->out_of_memory = true;
			return;
		}
		tape->queue = queue;
		tape->cap = cap;
	}
	tape->queue[tape->nr++] = *event;
}

static void take_row(struct virt_tape *tape)
{
	struct virt_event event;

	if (!read_event(tape, &event) || event.ts_ms < tape->last_ms) {
		if (!tape->passes)
			tape->bad_rows++;
		return;
	}
	tape->last_ms = event.ts_ms;
	tape->has_live |= event.ts_ms >= 0;
	if (event.ts_ms < 0 && tape->passes)
		return; /* history is for the first pass */
	event.ts_ms += tape->shift_ms;
	queue_event(tape, &event);
}

static void on_row(int terminator, void *arg)
{
	struct virt_tape *tape = arg;

	(void)terminator;
	if (strcmp(tape->field[0], "ts_ms"))
		take_row(tape);
	tape->field_nr = 0;
	tape->field_cut = false;
}

int virt_tape_open(const char *path, struct virt_tape **out)
{
	struct virt_tape *tape = calloc(1, sizeof(*tape));
	int err;

	if (!tape)
		return -ENOMEM;
	tape->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (tape->fd < 0) {
		err = -errno;
		free(tape);
		return err;
	}
	csv_init(&tape->csv, 0);
	tape->last_ms = INT64_MIN;
	*out = tape;
	return 0;
}

void virt_tape_close(struct virt_tape *tape)
{
	if (!tape)
		return;
	csv_free(&tape->csv);
	close(tape->fd);
	free(tape->queue);
	free(tape);
}

static int rewind_tape(struct virt_tape *tape)
{
	csv_fini(&tape->csv, on_field, on_row, tape);
	tape->passes++;
	if (!tape->has_live)
		return -ENODATA;
	if (lseek(tape->fd, 0, SEEK_SET))
		return -errno;
	tape->shift_ms += tape->last_ms + REPLAY_GAP_MS;
	tape->last_ms = INT64_MIN;
	tape->has_live = false;
	return 0;
}

static int read_chunk(struct virt_tape *tape)
{
	char chunk[CHUNK_BYTES];
	ssize_t len = read(tape->fd, chunk, sizeof(chunk));

	if (len < 0)
		return errno == EINTR ? 0 : -errno;
	if (!len)
		return rewind_tape(tape);
	if (csv_parse(&tape->csv, chunk, (size_t)len, on_field, on_row, tape) != (size_t)len ||
	    tape->out_of_memory)
		return -ENOMEM;
	return 0;
}

int virt_tape_next(struct virt_tape *tape, int64_t until_ms, struct virt_event *out)
{
	int err = 0;

	if (tape->head == tape->nr)
		tape->head = tape->nr = 0;
	while (!tape->nr && !err)
		err = read_chunk(tape);
	if (err)
		return err;
	if (tape->queue[tape->head].ts_ms > until_ms)
		return 0;
	*out = tape->queue[tape->head++];
	return 1;
}

uint64_t virt_tape_bad_rows(const struct virt_tape *tape)
{
	return tape->bad_rows;
}

int virt_tape_has_symbol(const char *path, const char *symbol)
{
	struct virt_event event = {0};
	struct virt_tape *tape;
	bool found = false;
	int err = virt_tape_open(path, &tape);

	if (err)
		return err;
	/* Only the first pass: the second would repeat it for ever. */
	while (!found && !tape->passes && (err = virt_tape_next(tape, INT64_MAX, &event)) > 0)
		found = !strcmp(event.symbol, symbol);
	virt_tape_close(tape);
	return err < 0 && err != -ENODATA ? err : found;
}
