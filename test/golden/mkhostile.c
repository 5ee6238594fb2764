/* mkhostile NAMEFILE MODULE ADDRESS PID OUT: a record in which the bytes of NAMEFILE are the
 * name of everything that has one. MODULE is an object on disk, whose function at ADDRESS
 * (an offset in it, decimal) is on every path, above code that only the perf map of PID
 * names. */
#define MK_EXTENT (1u << 20) /* names of 64 KiB fit */
#include "mkprof.h"

static char *read_name(const char *path)
{
	FILE *in = fopen(path, "rb");
	char *name = calloc(1, (1u << 16) + 1);

	if (!in || !name)
		exit(1);
	name[fread(name, 1, 1u << 16, in)] = '\0';
	fclose(in);
	return name;
}

/* The label "k=NAME" below NAME=v. */
static uint32_t mk_label(struct mkprof *mk, const char *name)
{
	char *text = malloc(2 * strlen(name) + 16);
	uint32_t id;

	sprintf(text, "%s=v\nk=%s", name, name);
	for (char *c = text; *c; c++)
		if (*c == '\n' && strncmp(c, "\nk=", 3) != 0)
			*c = ' '; /* as the library writes it */
	id = mk_string(mk, text);
	free(text);
	return id;
}

static void name_header(struct mkprof *mk, const char *name)
{
	struct vprof_header *h = mk_header(mk);

	h->exe = h->cmdline = h->options = h->cwd = h->library_version = h->host = h->engine_note =
	    h->scan_note = h->boot_id = mk_string(mk, name);
	h->lsan_suppressions = mk_string(mk, name);
}

/* 8: a function of the object, 9: no file, 10: a perf map, 11: that function again */
static void add_nodes(struct mkprof *mk, const char *object, uint64_t function)
{
	static const uint64_t base[] = {0x7f2000000000, 0x7f1000000000, 0x1000, 0x7f2000000000};
	uint32_t id, node = 2;
	struct vprof_module *m = mk_row(mk, VPROF_SEC_MODULES, &id);

	m->start = m->bias = 0x7f2000000000;
	m->end = m->start + 0x1000000;
	m->path = mk_string(mk, object);
	for (int i = 0; i < 4; i++) {
		uint64_t module = i == 1 ? id - 1 : i == 2 ? VPROF_MODULE_UNKNOWN : id;
		uint32_t row;
		struct vprof_node *n = mk_row(mk, VPROF_SEC_NODES, &row);

		n->parent = node;
		n->where = (base[i] + (i == 0 || i == 3 ? function : 0x40)) | VPROF_WHERE_EXACT |
			   module << VPROF_WHERE_MODULE_SHIFT;
		node = row;
	}
}

/* Functions, what they waited for, where in the kernel, and who had the lock: all of one
 * string, for it may be long. */
static void add_waits(struct mkprof *mk, const char *name)
{
	uint32_t text = mk_string(mk, name);
	struct vprof_call *call = mk_call(mk, "", VPROF_CLASS_BLOCKED, 11, 6, 5, 3, 90, 50);
	struct vprof_stall *stall;
	struct vprof_dump *dump;

	mk_target(mk, call, VPROF_TARGET_PATH, 0, NULL);
	call->name = call->target = text;
	call->under_lock = 1;
	call->under_lock_ns = 50 * MK_MS;
	call = mk_call(mk, "", VPROF_CLASS_IDLE, 8, 6, 500, 480, 900, 50);
	mk_target(mk, call, VPROF_TARGET_HOST, 0, NULL);
	call->name = call->target = text;
	mk_target(mk, mk_call(mk, "sem_wait", VPROF_CLASS_LOCK, 9, 6, 2, 2, 30, 20),
		  VPROF_TARGET_ADDRESS, 0x7f1000000040, NULL);
	mk_loop(mk, "", 11, 6, 500, 450, 110, 1400)->name = text;
	stall = mk_stall(mk, 6, 0, VPROF_CLASS_LOCK, 11, NULL, 500, 110);
	stall->call = stall->target = stall->wchan = text;
	stall->holder = 6;
	stall->holder_node = 9;
	stall->holder_call = stall->holder_target = text;
	dump = mk_dump(mk, 1, VPROF_DUMP_HANG, 1000, 6, 11, VPROF_DUMP_CALL);
	dump->call = dump->target = dump->wchan = text;
	mk_header(mk)->layers = VPROF_LAYER_CALLS;
	mk_header(mk)->layers_note = text;
	mk_header(mk)->stall_ns = 10 * MK_MS;
}

int main(int argc, char **argv)
{
	char *name = argc == 6 ? read_name(argv[1]) : NULL;
	struct vprof_event_block *block;
	struct vprof_thread *thread;
	struct vprof_mark *mark;
	struct mkprof mk;
	uint32_t label;

	if (!name || mk_shape("growing", &mk) < 0)
		return 1;
	mk_section(&mk, VPROF_SEC_MARKS, sizeof(struct vprof_mark));
	name_header(&mk, name);
	mk_header(&mk)->pid = (uint32_t)strtoul(argv[4], NULL, 10);
	mk_module(&mk, name, 0x7f1000000000);
	add_nodes(&mk, argv[2], strtoull(argv[3], NULL, 10));
	label = mk_label(&mk, name);
	thread = mk_thread(&mk, 2000, "", 100);
	strncpy(thread->name, name, sizeof(thread->name)); /* NOLINT: a comm of 15 bytes */
	thread->samples = 25;
	for (uint32_t node = 8; node <= 11; node++) {
		mk_cpu(&mk, node, 6, 5, 20);
		mk_site(&mk, node, 1, 20, 200000, 0, 0);
	}
	((struct vprof_cpu *)mk_row(&mk, VPROF_SEC_CPU, NULL))[0] = (struct vprof_cpu){
	    .node = 11, .thread = 6, .samples = 5, .weight_ns = 20 * MK_MS, .label = label};
	mk_scan(&mk, 1, 15, 1500);
	mk_leak(&mk, VPROF_LEAK_LOST, 11, 9, 900);
	mk_leak(&mk, VPROF_LEAK_LOST, 10, 9, 900);
	mk_leak(&mk, VPROF_LEAK_INDIRECT, 9, 9, 900)->owner = 11;
	mk_leak(&mk, VPROF_LEAK_POSSIBLE, 8, 5, 500);
	mk_lock(&mk, 0, 0, VPROF_NODE_OVERFLOW, 0, 1, 1, 1);
	mk_lock(&mk, VPROF_LOCK_MUTEX, 0x7f2000000000 + strtoull(argv[3], NULL, 10), 11, 6, 3, 60,
		30);
	mk_lock(&mk, VPROF_LOCK_MUTEX, 0x7f1000000040, 9, 6, 3, 600, 30);
	for (unsigned i = 0; i < 20; i++)
		mk_point(&mk, 100 * i, (10u + i) << 20, (4u + i) << 18, 50 * i);
	mark = mk_row(&mk, VPROF_SEC_MARKS, NULL);
	*mark =
	    (struct vprof_mark){.name = mk_string(&mk, name), .count = 3, .last_ns = 900 * MK_MS};
	add_waits(&mk, name);
	block = mk_block(&mk, 0, 0);
	for (unsigned i = 0; i < 10; i++)
		mk_event(block, 100 * i, 11, 6, 4 * MK_MS);
	block->event[3].kind = VPROF_EV_MARK;
	block->event[4].arg = label;
	mk_header(&mk)->blocks_reserved = mk_header(&mk)->blocks_capacity = 1;
	free(name);
	return mk_write(&mk, argv[5], 0) != 0;
}
