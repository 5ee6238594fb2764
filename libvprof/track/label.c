#include "track/label.h"
#include "base/clock.h"
#include "base/fmt.h"
#include "base/lock.h"
#include "base/sys.h"
#include "ring/file.h"
#include "ring/tables.h"
#include "thread/arrivals.h"
#include "thread/threads.h"
#include "track/loop.h"
#include "vprof.h"

#include <string.h>

#define DEPTH	   ((uint32_t)VPROF_LABEL_DEPTH)
#define HISTORY	   16384u /* changes kept of a thread, a power of two */
#define HURRY	   2048u  /* the helper is woken after so many */
#define BUCKETS	   256u
#define PAIR_BYTES (VPROF_LABEL_BYTES + 2u) /* of "key=value", with the NUL */
#define NAMES_MAX  ((uint32_t)VPROF_LABELS_MAX)
#define NAME_SLOTS (2u * NAMES_MAX)

struct change {
	uint64_t t_ns;
	uint32_t label; /* from then on */
	uint32_t unused;
};

_Static_assert(PAIR_BYTES % sizeof(uint64_t) == 0, "pairs are hashed by words");

/* A label: its string id, and its number among all, from 1. */
struct label {
	uint32_t id, number;
};

struct vp_labels {
	uint32_t row; /* in THREADS */
	uint32_t depth;
	struct label label[DEPTH + 1]; /* label[0]: none */
	struct vp_labels *next;	       /* in its bucket, or among the spare ones */
	uint64_t head;		       /* changes so far */
	uint64_t woken_at;	       /* of which the helper was told to hurry */
	struct change history[HISTORY];
};

/* One pair below one label. */
struct name {
	uint64_t hash;
	uint32_t outer, label;
	char pair[PAIR_BYTES];
};

static struct vp_lock lock; /* of all below; readers of `bucket` need none */
static struct vp_labels *bucket[BUCKETS];
static struct vp_labels *spare;
static struct name *names; /* NULL: no label so far */
static uint32_t *slots;	   /* index + 1 of a name; in the same mapping */
static uint32_t names_used;

int vp_labels_init(void)
{
	lock.word = 0;
	/* Not given back: the helper may have been at it when we were forked. */
	memset(bucket, 0, sizeof(bucket));
	spare = NULL;
	names = NULL;
	slots = NULL;
	names_used = 0;
	return vp_loop_labels_init();
}

/* ---- names --------------------------------------------------------------- */

/* "key=value" with zeros behind it.  Returns its hash below `outer`. */
static uint64_t make_pair(char *pair, uint32_t outer, const char *key, const char *value)
{
	uint64_t hash = outer + 0x9e3779b97f4a7c15u, word;
	struct vp_text text;

	memset(pair, 0, PAIR_BYTES);
	vp_text_init(&text, pair, PAIR_BYTES);
	vp_text_str(&text, key ? key : "");
	vp_text_char(&text, '=');
	vp_text_str(&text, value ? value : "");
	for (size_t at = 0; at < text.len; at += sizeof(word)) {
		memcpy(&word, pair + at, sizeof(word));
		hash = (hash ^ word) * 0xff51afd7ed558ccdu;
		hash ^= hash >> 32;
	}
	return hash;
}

/* The pair's slot, or the free one where it belongs.  Slots are filled once. */
static uint32_t *find_slot(const char *pair, uint32_t outer, uint64_t hash)
{
	for (uint64_t at = hash;; at++) {
		uint32_t *slot = &slots[at % NAME_SLOTS];
		uint32_t number = __atomic_load_n(slot, __ATOMIC_ACQUIRE);
		const struct name *name = &names[number - 1];

		if (!number || (name->hash == hash && name->outer == outer &&
				memcmp(name->pair, pair, PAIR_BYTES) == 0))
			return slot;
	}
}

/* The whole text of a label: that of the outer one, a newline, the pair. */
static uint32_t add_text(const char *pair, uint32_t outer)
{
	char buf[DEPTH * PAIR_BYTES];
	struct vp_text text;

	vp_text_init(&text, buf, sizeof(buf));
	if (outer != VP_LABEL_NONE) {
		size_t most = 0;
		const char *known = vp_string_at(outer, &most);

		if (known)
			vp_text_mem(&text, known, strnlen(known, most));
		vp_text_char(&text, '\n');
	}
	for (; *pair; pair++)
		vp_text_char(&text, *pair == '\n' ? ' ' : *pair);
	return vp_string_add(buf, text.len);
}

static int make_tables(void)
{
	size_t bytes = NAMES_MAX * sizeof(*names) + NAME_SLOTS * sizeof(*slots);
	struct name *fresh = names ? NULL : vp_sys_map(bytes);

	if (fresh) {
		slots = (uint32_t *)(void *)(fresh + NAMES_MAX);
		/* Pairs with label_of(). */
		__atomic_store_n(&names, fresh, __ATOMIC_RELEASE);
	}
	return names != NULL;
}

/* Context: lock held. */
static struct label add_name(const char *pair, struct label outer, uint64_t hash)
{
	uint32_t *slot, id;

	if (!make_tables())
		return outer;
	slot = find_slot(pair, outer.id, hash);
	if (*slot) /* another thread was first */
		return (struct label){names[*slot - 1].label, *slot};
	if (names_used == NAMES_MAX)
		return outer;
	id = add_text(pair, outer.id);
	if (id == VPROF_NONE)
		return outer;
	names[names_used] = (struct name){.hash = hash, .outer = outer.id, .label = id};
	memcpy(names[names_used].pair, pair, PAIR_BYTES);
	/* Pairs with find_slot(). */
	__atomic_store_n(slot, ++names_used, __ATOMIC_RELEASE);
	return (struct label){id, names_used};
}
_Static_assert(NAMES_MAX <= UINT16_MAX, "vprof_site.label_number");

/* The label of a pair below another; that other one where there is no room. */
static struct label label_of(struct label outer, const char *key, const char *value)
{
	char pair[PAIR_BYTES];
	uint64_t hash = make_pair(pair, outer.id, key, value);
	struct label label = {0, 0};

	if (__atomic_load_n(&names, __ATOMIC_ACQUIRE)) {
		label.number = *find_slot(pair, outer.id, hash);
		label.id = label.number ? names[label.number - 1].label : 0;
	}
	if (!label.id) {
		vp_lock_take(&lock);
		label = add_name(pair, outer, hash);
		vp_lock_drop(&lock);
		if (label.id == outer.id)
			vp_lost(VPROF_LOST_LABELS, 1);
	}
	return label;
}

/* ---- threads ------------------------------------------------------------- */

static struct vp_labels *labels_of(struct vp_thread *thread)
{
	struct vp_labels *labels = thread->slot[VP_SLOT_LABELS], **head;

	/* Threads without a row share one, and so would their labels. */
	if (labels || !thread->row_id)
		return labels;
	vp_lock_take(&lock);
	labels = spare;
	if (labels)
		spare = labels->next;
	vp_lock_drop(&lock);
	if (!labels)
		labels = vp_sys_map(sizeof(*labels));
	if (!labels)
		return NULL;
	labels->row = thread->row_id;
	labels->depth = 0;
	labels->head = labels->woken_at = 0;
	head = &bucket[thread->row_id % BUCKETS];
	vp_lock_take(&lock);
	labels->next = *head;
	/* Pairs with vp_label_at(). */
	__atomic_store_n(head, labels, __ATOMIC_RELEASE);
	vp_lock_drop(&lock);
	thread->slot[VP_SLOT_LABELS] = labels;
	return labels;
}

/* The innermost label is in force from here on.  A signal handler may look at any moment. */
static void put_in_force(struct vp_thread *thread, const struct vp_labels *labels)
{
	struct label label = labels->label[labels->depth < DEPTH ? labels->depth : DEPTH];

	__atomic_store_n(&thread->label, label.id, __ATOMIC_RELAXED);
	thread->label_number = label.number;
	thread->site = NULL; /* it has the label that was */
}

/* For the iterations of loops: each is of the label that was begun last in it. */
static void tell_loops(struct vp_loops *loops, uint32_t outer, uint32_t label)
{
	loops->label_sets++;
	loops->label_sets += !loops->label_sets; /* not 0 again */
	loops->label_firsts += !outer || outer != loops->label;
	loops->label = label;
}

/* The helper is woken long before it would find a history overwritten: where
 * CPUs are busy it takes its time to come. */
static void note(struct vp_labels *labels, uint32_t label)
{
	struct change *change = &labels->history[labels->head % HISTORY];

	if (vp_file.header->engine != VPROF_ENGINE_PERF)
		return;
	change->t_ns = vp_clock_now();
	change->label = label;
	/* Pairs with vp_label_at(). */
	__atomic_store_n(&labels->head, labels->head + 1, __ATOMIC_RELEASE);
	if (labels->head - labels->woken_at >= HURRY) {
		labels->woken_at = labels->head;
		vp_helper_wake();
	}
}

void vp_label_begin(struct vp_thread *thread, const char *key, const char *value)
{
	struct vp_labels *labels = labels_of(thread);

	if (!labels)
		return;
	if (labels->depth++ >= DEPTH)
		return;
	labels->label[labels->depth] = label_of(labels->label[labels->depth - 1], key, value);
	put_in_force(thread, labels);
	tell_loops(&thread->loops, labels->label[labels->depth - 1].id, thread->label);
	note(labels, thread->label);
}

void vp_label_end(struct vp_thread *thread)
{
	struct vp_labels *labels = thread->slot[VP_SLOT_LABELS];

	if (!labels || !labels->depth)
		return;
	if (labels->depth-- > DEPTH)
		return;
	put_in_force(thread, labels);
	note(labels, thread->label);
}

uint64_t vp_label_take(const struct vp_thread *thread)
{
	return (uint64_t)thread->label_number << 32 | thread->label;
}

/* What the program hands in need not be what it was handed out, or not by this process. */
static struct label known_label(uint64_t taken)
{
	struct label label = {(uint32_t)taken, (uint32_t)(taken >> 32)};
	struct label none = {VP_LABEL_NONE, 0};

	if (!__atomic_load_n(&names, __ATOMIC_ACQUIRE) || !label.number ||
	    label.number > __atomic_load_n(&names_used, __ATOMIC_ACQUIRE))
		return none;
	return names[label.number - 1].label == label.id ? label : none;
}

void vp_label_give(struct vp_thread *thread, uint64_t taken)
{
	struct vp_labels *labels = labels_of(thread);

	if (!labels)
		return;
	if (labels->depth++ >= DEPTH)
		return;
	labels->label[labels->depth] = known_label(taken);
	put_in_force(thread, labels);
	tell_loops(&thread->loops, VP_LABEL_NONE, thread->label);
	note(labels, thread->label);
}

uint32_t vp_label_now(const struct vp_thread *thread)
{
	return __atomic_load_n(&thread->label, __ATOMIC_RELAXED);
}

/* ---- the helper ---------------------------------------------------------- */

/* Number of the first change after t_ns among those kept. */
static uint64_t first_after(const struct vp_labels *labels, uint64_t first, uint64_t head,
			    uint64_t t_ns)
{
	while (first < head) {
		uint64_t middle = first + (head - first) / 2;

		if (labels->history[middle % HISTORY].t_ns <= t_ns)
			first = middle + 1;
		else
			head = middle;
	}
	return first;
}

uint32_t vp_label_at(uint32_t thread_row, uint64_t t_ns)
{
	const struct vp_labels *labels =
	    __atomic_load_n(&bucket[thread_row % BUCKETS], __ATOMIC_ACQUIRE);
	uint64_t head, oldest, after;
	uint32_t label;

	while (labels && labels->row != thread_row)
		labels = labels->next;
	if (!labels)
		return VP_LABEL_NONE;
	head = __atomic_load_n(&labels->head, __ATOMIC_ACQUIRE);
	oldest = head > HISTORY ? head - HISTORY : 0;
	after = first_after(labels, oldest, head, t_ns);
	if (after == 0)
		return VP_LABEL_NONE; /* before its first label */
	label = after > oldest ? labels->history[(after - 1) % HISTORY].label : VP_LABEL_NONE;
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	/* Overwritten before or while we looked; one entry may be half written. */
	head = __atomic_load_n(&labels->head, __ATOMIC_RELAXED);
	if (after <= oldest || head - after >= HISTORY - 1) {
		vp_lost(VPROF_LOST_LABELS, 1);
		return VP_LABEL_NONE;
	}
	return label;
}

void vp_label_forget(uint32_t thread_row)
{
	struct vp_labels **at = &bucket[thread_row % BUCKETS], *gone;

	if (!*at)
		return;
	vp_lock_take(&lock);
	while (*at && (*at)->row != thread_row)
		at = &(*at)->next;
	gone = *at;
	if (gone) {
		/* Pairs with vp_label_at(). */
		__atomic_store_n(at, gone->next, __ATOMIC_RELEASE);
		gone->next = spare;
		spare = gone;
	}
	vp_lock_drop(&lock);
}
