#include "track/span_rows.h"
#include "base/clock.h"
#include "base/lock.h"
#include "base/sys.h"
#include "ring/tables.h"
#include "vprof.h"

#define NAMES_MAX   ((uint32_t)VPROF_SPANS_MAX)
#define NAME_SLOTS  (2u * NAMES_MAX)
#define FIRST_INDEX 64u /* power of two */

/* A name, in memory of our own: what stands in the file is never believed. */
struct name {
	uint64_t hash;
	uint32_t string; /* id */
	uint32_t bytes;	 /* as in struct vp_span_known */
	char text[VPROF_SPAN_BYTES + 1];
};

struct vp_span_index {
	uint64_t key;
	uint32_t name; /* its number, from 1; 0: empty */
	uint32_t row;
};

static struct vp_lock lock; /* of all below; who looks for a name needs none */
static struct name *names;  /* NULL: none so far */
static uint32_t *slots;	    /* index + 1 of a name; in the same mapping */
static uint32_t names_used;
static struct vprof_span *others; /* row 0 */
static uint32_t rows_full;	  /* no row can be had any more */

int vp_span_rows_init(void)
{
	lock.word = 0;
	/* Not given back: another thread may have been at it when we were forked. */
	names = NULL;
	slots = NULL;
	names_used = rows_full = 0;
	others = NULL;
	return 0;
}

struct vprof_span *vp_span_others(void)
{
	struct vprof_span *row = __atomic_load_n(&others, __ATOMIC_ACQUIRE);
	uint32_t id;

	if (row || rows_full)
		return row;
	vp_lock_take(&lock);
	if (!others && !rows_full) {
		row = vp_table_add(VPROF_SEC_SPANS, &id);
		rows_full = !row;
		/* Pairs with the load above: other rows come after this one. */
		__atomic_store_n(&others, row, __ATOMIC_RELEASE);
	}
	vp_lock_drop(&lock);
	return others;
}

/* ---- names ------------------------------------------------------------------ */

static uint64_t hash_of(const char *text, uint32_t *bytes)
{
	uint64_t hash = 0xcbf29ce484222325u;
	uint32_t len = 0;

	for (; len < VPROF_SPAN_BYTES && text[len]; len++)
		hash = (hash ^ (uint8_t)text[len]) * 0x100000001b3u;
	*bytes = len < VPROF_SPAN_BYTES ? len + 1 : len;
	return hash ^ hash >> 32;
}

/* Its slot, or the free one where it belongs.  Slots are filled once. */
static uint32_t *find_slot(const char *text, uint32_t bytes, uint64_t hash)
{
	for (uint64_t at = hash;; at++) {
		uint32_t *slot = &slots[at % NAME_SLOTS];
		uint32_t number = __atomic_load_n(slot, __ATOMIC_ACQUIRE);
		const struct name *name = &names[number - 1];

		if (!number || (name->hash == hash && name->bytes == bytes &&
				memcmp(name->text, text, bytes) == 0))
			return slot;
	}
}

static int make_names(void)
{
	size_t bytes = NAMES_MAX * sizeof(*names) + NAME_SLOTS * sizeof(*slots);
	struct name *fresh = names ? NULL : vp_sys_map(bytes);

	if (fresh) {
		slots = (uint32_t *)(void *)(fresh + NAMES_MAX);
		/* Pairs with name_of(). */
		__atomic_store_n(&names, fresh, __ATOMIC_RELEASE);
	}
	return names != NULL;
}

/* Context: lock held. */
static uint32_t add_name(const char *text, uint32_t bytes, uint64_t hash)
{
	uint32_t *slot, string;
	struct name *name;

	if (!make_names())
		return 0;
	slot = find_slot(text, bytes, hash);
	if (*slot || names_used == NAMES_MAX)
		return *slot; /* another thread was first */
	string = vp_string_add(text, strnlen(text, bytes));
	if (string == VPROF_NONE)
		return 0;
	name = &names[names_used];
	*name = (struct name){.hash = hash, .string = string, .bytes = bytes};
	memcpy(name->text, text, bytes);
	/* Pairs with find_slot(). */
	__atomic_store_n(slot, ++names_used, __ATOMIC_RELEASE);
	return names_used;
}

/* Its number, from 1; 0: there are too many. */
static uint32_t name_of(const char *given)
{
	char text[VPROF_SPAN_BYTES + 1];
	uint32_t bytes, number = 0;
	uint64_t hash = hash_of(given, &bytes);

	/* Whoever changes it meanwhile has a name that is neither the old nor the new one. */
	memcpy(text, given, bytes);
	if (__atomic_load_n(&names, __ATOMIC_ACQUIRE))
		number = __atomic_load_n(find_slot(text, bytes, hash), __ATOMIC_ACQUIRE);
	if (number || __atomic_load_n(&names_used, __ATOMIC_RELAXED) == NAMES_MAX)
		return number;
	vp_lock_take(&lock);
	number = add_name(text, bytes, hash);
	vp_lock_drop(&lock);
	return number;
}

/* The name may end before the text does: words of it are read only where they lie on the page
 * that it begins on. */
static int is_on_one_page(const char *name, uint32_t bytes)
{
	return ((uintptr_t)name & 4095) + bytes <= 4096;
}

const struct vp_span_known *vp_span_by_text(struct vp_span_rows *rows, const char *name,
					    uint64_t key)
{
	const struct vp_span_known *known = vp_span_place(rows, name, key);

	if (!name || known->name != name || (known->key & ~VP_SPAN_ODD) != key ||
	    !is_on_one_page(name, known->bytes))
		return NULL;
	return memcmp(name, vp_span_text(known), known->bytes) == 0 ? known : NULL;
}

const char *vp_span_text(const struct vp_span_known *known)
{
	return names[known->number - 1].text;
}

static void remember_text(struct vp_span_known *known, const char *given, uint32_t number)
{
	const struct name *name = &names[number - 1];
	uint32_t bytes = name->bytes;

	known->number = number;
	known->bytes = bytes;
	known->name = given;
	/* Those three have all of the text. */
	if (bytes < 4 || bytes > 24 || !known->unit.row_id || !is_on_one_page(given, bytes)) {
		known->key |= VP_SPAN_ODD;
		return;
	}
	known->head = bytes >= 8 ? vp_span_word(name->text) : vp_span_half(name->text);
	known->middle = bytes > 16 ? vp_span_word(name->text + 8) : 0;
	known->tail = bytes >= 8 ? vp_span_word(name->text + bytes - 8)
				 : vp_span_half(name->text + bytes - 4);
}

/* ---- rows ------------------------------------------------------------------- */

static struct vp_span_index *place(struct vp_span_index *index, uint32_t mask, uint32_t name,
				   uint64_t key)
{
	uint64_t h = (key ^ (uint64_t)name << 40) * 0x9e3779b97f4a7c15u >> 32;

	while (index[h & mask].name && (index[h & mask].name != name || index[h & mask].key != key))
		h++;
	return &index[h & mask];
}

/* Returns 0 without memory: then as it was. */
static int grow(struct vp_span_rows *rows)
{
	uint32_t room = rows->index ? (rows->mask + 1) * 2 : FIRST_INDEX;
	struct vp_span_index *more = vp_sys_map(room * sizeof(*more));

	if (!more)
		return 0;
	for (uint32_t i = 0; rows->index && i <= rows->mask; i++) {
		const struct vp_span_index *old = &rows->index[i];

		if (old->name)
			*place(more, room - 1, old->name, old->key) = *old;
	}
	if (rows->index)
		vp_sys_unmap(rows->index, (rows->mask + 1) * sizeof(*more));
	rows->index = more;
	rows->mask = room - 1;
	return 1;
}

static uint32_t add_row(const struct vp_thread *thread, uint32_t name, uint64_t key)
{
	struct vprof_span *row;
	uint32_t id;

	if (rows_full)
		return 0;
	row = vp_table_add(VPROF_SEC_SPANS, &id);
	if (!row) {
		rows_full = 1;
		return 0;
	}
	row->name = names[name - 1].string;
	row->thread = thread->row_id;
	row->label = (uint32_t)key;
	row->first_ns = vp_clock_now();
	/* Pairs with a reader of the file. */
	__atomic_store_n(&row->flags, (uint32_t)(key >> 32) | VPROF_SPAN_NAMED, __ATOMIC_RELEASE);
	return id;
}

/* The row of a name; where there is no room for that, that of its spans without a label. */
static uint32_t row_of(const struct vp_thread *thread, struct vp_span_rows *rows, uint32_t name,
		       uint64_t key)
{
	uint64_t plain = key & ~(uint64_t)UINT32_MAX;
	struct vp_span_index *at;
	uint32_t id;

	/* Threads without a row share one, which none may write to alone. */
	if (!name || !thread->row_id)
		return 0;
	if ((!rows->index || rows->used * 4 > (rows->mask + 1) * 3) && !grow(rows) &&
	    (!rows->index || rows->used == rows->mask))
		return 0;
	at = place(rows->index, rows->mask, name, key);
	if (at->name)
		return at->row;
	id = add_row(thread, name, key);
	if (id) {
		*at = (struct vp_span_index){key, name, id};
		rows->used++;
		return id;
	}
	at = place(rows->index, rows->mask, name, plain);
	if (!at->name)
		return 0;
	((struct vprof_span *)vp_table_row(VPROF_SEC_SPANS, at->row))->flags |= VPROF_SPAN_LABELS;
	return at->row;
}

struct vp_span_known *vp_span_lookup(const struct vp_thread *thread, struct vp_span_rows *rows,
				     const char *name, uint64_t key)
{
	struct vp_span_known *known = vp_span_place(rows, name, key);
	struct vprof_span *any = vp_span_others();
	union vp_span_unit unit = {.both = 0};
	uint32_t number;

	if (!any)
		return NULL;
	number = name_of(name ? name : "");
	/* Its units are found by whoever has them all: until then there are none. */
	unit.row_id = row_of(thread, rows, number, key);
	__atomic_store_n(&known->unit.both, unit.both, __ATOMIC_RELAXED);
	known->row = unit.row_id ? vp_table_row(VPROF_SEC_SPANS, unit.row_id) : any;
	/* One that has no number has to be looked up again. */
	known->name = NULL;
	known->key = key;
	if (number && name)
		remember_text(known, name, number);
	return known;
}

void vp_span_rows_forget(struct vp_span_rows *rows)
{
	if (rows->index)
		vp_sys_unmap(rows->index, (rows->mask + 1) * sizeof(*rows->index));
	memset(rows, 0, sizeof(*rows));
}
