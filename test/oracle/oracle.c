/* The oracle of the unwinder: compares what it made of a stack with libunwind's
 * own walk, all the way out, frame by frame.
 *
 * Part of a test build of the library only.  Counts go to a file that all
 * processes of a test share ($VPROF_ORACLE_OUT; a row of OUTCOMES numbers for
 * each kind of walk), the first stacks that differ to the same name plus .log.
 * Of the stacks of allocations one in $VPROF_ORACLE_EVERY is compared.
 *
 * A stack captured live is walked from the oracle's own frame, with all
 * registers; of a copied one only rip, rsp and rbp are known, as in the sample.
 * Unwind tables are found by asking the loader, not our list of modules. */
#include "stack/oracle.h"
#include "base/clock.h"
#include "base/real.h"
#include "base/service.h"
#include "base/state.h"
#include "base/sys.h"
#include "ring/tables.h"
#include "stack/depth.h"
#include "stack/modules.h"
#include "stack/step.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <libunwind-x86_64.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum kind { LIVE, FOREIGN, COPIED, SIGNAL, KINDS };
enum outcome { EQUAL, PREFIX, WRONG, GUESS, OUTCOMES };
static const char *const kind_name[KINDS] = {"live", "foreign", "copied", "signal"};
static const char *const outcome_name[OUTCOMES] = {"equal", "prefix", "wrong", "guess"};

#define FRAMES_MAX 2048
#define RED_ZONE   128
#define LOGGED_MAX 60 /* stacks of a kind and outcome */

struct counts {
	uint64_t count[KINDS][OUTCOMES];
	uint64_t frames[KINDS]; /* of the stacks that are equal */
};

struct frames {
	size_t n;
	uint64_t where[FRAMES_MAX]; /* address and VPROF_WHERE_EXACT */
};

struct target {
	const struct vp_view *view;
	uint64_t reg[17]; /* by DWARF number; rip is the last */
	uint32_t known;	  /* bit set */
	uint64_t sp;	  /* of the innermost frame */
	int no_info;	  /* a look-up since this was reset found no table entry */
};

/* One comparison, handed to the service. */
struct question {
	enum kind kind;
	struct target target;
	int exact;	     /* the pc is an executing instruction */
	uint64_t from_sp;    /* frames before this one are ours */
	const uint64_t *got; /* innermost first */
	size_t depth;
};

static struct counts *counts;
static char log_path[500];
static uint64_t every = 1, captures;
static struct frames theirs, ours;     /* used by one service at a time */
static const struct vp_module *module; /* read last in this walk */

static __typeof__(&unw_create_addr_space) create_addr_space;
static __typeof__(&unw_set_caching_policy) set_caching_policy;
static __typeof__(&unw_init_remote) init_remote;
static __typeof__(&unw_step) step;
static __typeof__(&unw_get_reg) get_reg;
static __typeof__(&unw_is_signal_frame) is_signal_frame;
static int (*search_table)(unw_addr_space_t, unw_word_t, unw_dyn_info_t *, unw_proc_info_t *, int,
			   void *);
static unw_addr_space_t space;

/* An epilogue's rules still name the places of registers it has popped.  A
 * signal leaves those words alone; copies do not hold them, and there only rbp,
 * which the epilogue has given back its value, can be meant. */
static int below_stack(const struct target *target, uint64_t address, uint64_t *value)
{
	if (target->view->copied)
		*value = target->reg[UNW_X86_64_RBP];
	else
		memcpy(value, (const void *)address, 8);
	return 0;
}

/* Our list tells only whether an object may go at any moment, and where it lies. */
static int read_module(uint64_t address, uint64_t *value)
{
	if (!module || address < module->start || address >= module->end)
		module = vp_module_find(address);
	return module && address + 8 <= module->end && vp_module_peek(module, value, address, 8);
}

static int access_mem(unw_addr_space_t as, unw_word_t address, unw_word_t *value, int write,
		      void *arg)
{
	const struct target *target = arg;

	(void)as;
	if (write)
		return -UNW_EREADONLYREG;
	if (vp_view_read(target->view, address, value))
		return 0;
	if (address < target->sp && address >= target->sp - RED_ZONE)
		return below_stack(target, address, value);
	return read_module(address, value) ? 0 : -UNW_EINVAL;
}

static int access_reg(unw_addr_space_t as, unw_regnum_t reg, unw_word_t *value, int write,
		      void *arg)
{
	const struct target *target = arg;

	(void)as;
	if (write)
		return -UNW_EREADONLYREG;
	if (reg < 0 || reg > UNW_X86_64_RIP || !(target->known & 1u << reg))
		return -UNW_EBADREG;
	*value = target->reg[reg];
	return 0;
}

static int access_fpreg(unw_addr_space_t as, unw_regnum_t reg, unw_fpreg_t *value, int write,
			void *arg)
{
	(void)as, (void)reg, (void)value, (void)write, (void)arg;
	return -UNW_EBADREG;
}

static int find_proc_info(unw_addr_space_t as, unw_word_t ip, unw_proc_info_t *pi, int need,
			  void *arg)
{
	struct target *target = arg;
	struct dl_find_object found;
	uint32_t hdr[3];
	uint64_t table;
	unw_dyn_info_t di;
	int err;

	memset(pi, 0, sizeof(*pi));
	target->no_info = 1;
	if (_dl_find_object((void *)ip, &found) != 0 || !found.dlfo_eh_frame)
		return -UNW_ENOINFO;
	table = (uintptr_t)found.dlfo_eh_frame;
	if (!vp_module_peek(NULL, hdr, table, sizeof(hdr)) ||
	    hdr[0] != 0x3b031b01) /* the one form linkers write */
		return -UNW_ENOINFO;
	memset(&di, 0, sizeof(di));
	di.format = UNW_INFO_FORMAT_REMOTE_TABLE;
	di.start_ip = (uintptr_t)found.dlfo_map_start;
	di.end_ip = (uintptr_t)found.dlfo_map_end;
	di.u.rti.segbase = table;
	di.u.rti.table_data = table + sizeof(hdr);
	di.u.rti.table_len = hdr[2];
	err = search_table(as, ip, &di, pi, need, arg);
	target->no_info = err != 0;
	return err;
}

static void put_unwind_info(unw_addr_space_t as, unw_proc_info_t *pi, void *arg)
{
	(void)as, (void)pi, (void)arg;
}

static int get_dyn_info(unw_addr_space_t as, unw_word_t *address, void *arg)
{
	(void)as, (void)address, (void)arg;
	return -UNW_ENOINFO;
}

static int resume(unw_addr_space_t as, unw_cursor_t *cursor, void *arg)
{
	(void)as, (void)cursor, (void)arg;
	return -UNW_EINVAL;
}

static int get_proc_name(unw_addr_space_t as, unw_word_t address, char *name, size_t len,
			 unw_word_t *offset, void *arg)
{
	(void)as, (void)address, (void)name, (void)len, (void)offset, (void)arg;
	return -UNW_ENOINFO;
}

static unw_accessors_t accessors = {
    .find_proc_info = find_proc_info,
    .put_unwind_info = put_unwind_info,
    .get_dyn_info_list_addr = get_dyn_info,
    .access_mem = access_mem,
    .access_reg = access_reg,
    .access_fpreg = access_fpreg,
    .resume = resume,
    .get_proc_name = get_proc_name,
};

static int hidden(uint64_t pc)
{
	return pc >= (uintptr_t)__start_vp_trampoline && pc < (uintptr_t)__stop_vp_trampoline;
}

/* libunwind's walk into `theirs`, from the first frame at or above from_sp.
 * Returns 1 when it ended where no table entry covers the code: from there on
 * it would guess. */
static int walk(struct question *question)
{
	struct target *target = &question->target;
	uint64_t first = target->reg[UNW_X86_64_RIP];
	int exact = question->exact;
	unw_cursor_t cursor;
	unw_word_t pc, sp;

	theirs.n = 0;
	module = NULL;
	target->sp = target->reg[UNW_X86_64_RSP];
	if (!exact) /* a return address: look up the call */
		target->reg[UNW_X86_64_RIP]--;
	target->no_info = 0;
	if (init_remote(&cursor, space, target) != 0)
		return 0;
	for (int i = 0; theirs.n < FRAMES_MAX; i++) {
		if (get_reg(&cursor, UNW_X86_64_RIP, &pc) || get_reg(&cursor, UNW_X86_64_RSP, &sp))
			return 0;
		if (i == 0)
			pc = first;
		if (pc < 4096 || pc > VPROF_WHERE_ADDRESS)
			return 0;
		if (pc >= target->view->lo && pc < target->view->hi)
			return 1; /* a stack holds no code */
		if (sp >= question->from_sp && !hidden(pc))
			theirs.where[theirs.n++] = pc | (exact ? VPROF_WHERE_EXACT : 0);
		target->no_info = 0;
		if (step(&cursor) <= 0 || target->no_info)
			return target->no_info;
		exact = is_signal_frame(&cursor) > 0; /* the frame just left was one */
	}
	return 0;
}

/* Does the module in a frame hold its address, and is it still loaded? */
static int module_fits(enum kind kind, uint64_t where)
{
	uint32_t id = (uint32_t)(where >> VPROF_WHERE_MODULE_SHIFT);
	uint64_t pc = where & VPROF_WHERE_ADDRESS;
	const struct vprof_module *row;
	struct dl_find_object found;
	int known = _dl_find_object((void *)(pc - 1), &found) == 0;

	if (kind != LIVE) /* may have gone meanwhile */
		return 1;
	if (id == VPROF_MODULE_UNKNOWN || !known)
		return id == VPROF_MODULE_UNKNOWN && !known;
	row = vp_table_row(VPROF_SEC_MODULES, id);
	return row->start <= (uintptr_t)found.dlfo_map_start && !row->unload_ns &&
	       row->end >= (uintptr_t)found.dlfo_map_end;
}

/* Was the object of the last frame that libunwind found unloaded between our walk
 * and its own, or is it perhaps just now?  Then it could not read the tables that
 * we had. */
static int lost_its_tables(const struct question *question)
{
	uint64_t pc = theirs.n ? theirs.where[theirs.n - 1] & VPROF_WHERE_ADDRESS : 0;
	const struct vp_module *last;

	if (question->kind == LIVE || !pc)
		return 0;
	last = vp_module_find(pc - 1);
	return !last || (!last->stays && __atomic_load_n(&vp_modules_closing, __ATOMIC_ACQUIRE));
}

static enum outcome judge(const struct question *question, int guessed)
{
	for (size_t i = 0; i < ours.n && i < theirs.n; i++) {
		if ((ours.where[i] & (VPROF_WHERE_ADDRESS | VPROF_WHERE_EXACT)) != theirs.where[i])
			return WRONG;
	}
	for (size_t i = 0; i < ours.n; i++) {
		if (!module_fits(question->kind, ours.where[i]))
			return WRONG;
	}
	if (ours.n < theirs.n)
		return PREFIX;
	if (guessed || (ours.n > theirs.n && lost_its_tables(question)))
		return GUESS;
	return ours.n > theirs.n ? WRONG : EQUAL;
}

/* Text to be appended to the log.  No stdio streams: they allocate, and the
 * walk may be that of a signal handler. */
static char text[FRAMES_MAX * 40];
static size_t text_len;

#define PRINT(...)                                                                                 \
	do {                                                                                       \
		int len_ = snprintf(text + text_len, sizeof(text) - text_len, __VA_ARGS__);        \
		if (len_ > 0 && text_len + (size_t)len_ < sizeof(text))                            \
			text_len += (size_t)len_;                                                  \
	} while (0)

static void print_frame(uint64_t where)
{
	struct dl_find_object found;
	uint64_t pc = where & VPROF_WHERE_ADDRESS;
	const char *name = "?", *slash;

	/* a link map goes with its object */
	if (!__atomic_load_n(&vp_modules_closing, __ATOMIC_ACQUIRE) &&
	    _dl_find_object((void *)(pc - 1), &found) == 0) {
		name = found.dlfo_link_map->l_name;
		pc -= found.dlfo_link_map->l_addr;
		slash = strrchr(name, '/');
		name = slash ? slash + 1 : name;
	}
	PRINT("%s+%#lx%s[%lx]", name, pc, where & VPROF_WHERE_EXACT ? "!" : "",
	      where >> VPROF_WHERE_MODULE_SHIFT);
}

static void print_log(const struct question *question, enum outcome outcome)
{
	int fd;

	text_len = 0;
	PRINT("%s %s pid %d tid %d: %zu frames, libunwind has %zu\n", kind_name[question->kind],
	      outcome_name[outcome], vp_sys_pid(), vp_sys_tid(), ours.n, theirs.n);
	for (size_t i = 0; i < ours.n || i < theirs.n; i++) {
		PRINT("  %zu ", i);
		if (i < ours.n)
			print_frame(ours.where[i]);
		PRINT("  |  ");
		if (i < theirs.n)
			print_frame(theirs.where[i]);
		PRINT("\n");
	}
	fd = vp_sys_open(log_path, O_WRONLY | O_CREAT | O_APPEND, 0644);
	vp_sys_write(fd, text, text_len);
	vp_sys_close(fd);
}

static void answer(void *arg)
{
	struct question *question = arg;
	uint64_t *count;
	enum outcome outcome;
	int guessed;

	guessed = walk(question);
	ours.n = question->depth;
	memcpy(ours.where, question->got, question->depth * 8);
	outcome = judge(question, guessed);
	if (outcome == EQUAL)
		__atomic_fetch_add(&counts->frames[question->kind], ours.n, __ATOMIC_RELAXED);
	count = &counts->count[question->kind][outcome];
	if (__atomic_add_fetch(count, 1, __ATOMIC_RELAXED) <= LOGGED_MAX && outcome != EQUAL)
		print_log(question, outcome);
}

static void set_reg(struct target *target, int reg, uint64_t value)
{
	target->reg[reg] = value;
	target->known |= 1u << reg;
}

/* In the handler of a timer a comparison may take longer than the time to the next
 * signal, and the thread, perhaps with the loader's lock in its hands, would never
 * get on: four times as long as each took there is none. */
static uint64_t next_in_handler;

static void compare_in_handler(struct question *question)
{
	uint64_t begin = vp_clock_mono(), end;

	if (begin < __atomic_load_n(&next_in_handler, __ATOMIC_RELAXED))
		return;
	vp_service_try(answer, question);
	end = vp_clock_mono();
	__atomic_store_n(&next_in_handler, end + 4 * (end - begin), __ATOMIC_RELAXED);
}

void vp_oracle_walk(const struct vp_regs *start, int exact, const struct vp_view *view,
		    const uint64_t *where, size_t depth)
{
	struct question question = {.exact = exact, .got = where, .depth = depth};

	if (!counts)
		return;
	question.kind = !exact ? FOREIGN : view->copied ? COPIED : SIGNAL;
	if (question.kind == FOREIGN &&
	    __atomic_add_fetch(&captures, 1, __ATOMIC_RELAXED) % every != 0)
		return;
	question.target.view = view;
	set_reg(&question.target, UNW_X86_64_RIP, start->pc);
	set_reg(&question.target, UNW_X86_64_RSP, start->sp);
	set_reg(&question.target, UNW_X86_64_RBP, start->bp);
	if (question.kind == SIGNAL)
		compare_in_handler(&question);
	else
		vp_service_try(answer, &question); /* not compared while a fork holds it */
}

#define SAVED_REGS 8
static const int saved_reg[SAVED_REGS] = {
    UNW_X86_64_RBX, UNW_X86_64_RBP, UNW_X86_64_RSP, UNW_X86_64_R12,
    UNW_X86_64_R13, UNW_X86_64_R14, UNW_X86_64_R15, UNW_X86_64_RIP,
};

/* noinline: the walk starts in this frame and must find its way out of it */
__attribute__((noinline)) void vp_oracle_capture(const struct vp_regs *caller,
						 const struct vp_view *view, uint32_t node)
{
	struct question question = {.kind = LIVE, .exact = 1, .from_sp = caller->sp};
	uint64_t saved[SAVED_REGS], got[VP_STACK_DEPTH_MAX];
	struct vp_view mine = *view;

	if (!counts || __atomic_add_fetch(&captures, 1, __ATOMIC_RELAXED) % every != 0 ||
	    node == VPROF_NODE_OVERFLOW)
		return;
	for (; node != VPROF_NODE_ROOT && question.depth < VP_STACK_DEPTH_MAX; question.depth++) {
		const struct vprof_node *row = vp_table_row(VPROF_SEC_NODES, node);

		got[question.depth] = row->where;
		node = row->parent;
	}
	question.got = got;
	__asm__ volatile("movq %%rbx, (%0)\n\tmovq %%rbp, 8(%0)\n\tmovq %%rsp, 16(%0)\n\t"
			 "movq %%r12, 24(%0)\n\tmovq %%r13, 32(%0)\n\tmovq %%r14, 40(%0)\n\t"
			 "movq %%r15, 48(%0)\n\tleaq 0(%%rip), %%rcx\n\tmovq %%rcx, 56(%0)"
			 :
			 : "r"(saved)
			 : "rcx", "memory");
	for (int i = 0; i < SAVED_REGS; i++)
		set_reg(&question.target, saved_reg[i], saved[i]);
	mine.lo = question.target.reg[UNW_X86_64_RSP];
	mine.at = (const void *)mine.lo;
	question.target.view = &mine;
	vp_service_try(answer, &question); /* not compared while a fork holds it */
}

#define LOAD(fn, name) (fn = (__typeof__(fn))vp_real_symbol(lib, name))

static int load_libunwind(void)
{
	void *lib = vp_real_open("libunwind-x86_64.so.8");

	return lib && LOAD(create_addr_space, "_Ux86_64_create_addr_space") &&
	       LOAD(set_caching_policy, "_Ux86_64_set_caching_policy") &&
	       LOAD(init_remote, "_Ux86_64_init_remote") && LOAD(step, "_Ux86_64_step") &&
	       LOAD(get_reg, "_Ux86_64_get_reg") &&
	       LOAD(is_signal_frame, "_Ux86_64_is_signal_frame") &&
	       LOAD(search_table, "_Ux86_64_dwarf_search_unwind_table");
}

/* Allocates, so not in a signal handler, where the first question may come. */
static int make_space(void)
{
	space = create_addr_space(&accessors, 0);
	if (space)
		set_caching_policy(space, UNW_CACHE_NONE);
	return space != NULL;
}

__attribute__((constructor)) static void start(void)
{
	const char *path = getenv("VPROF_ORACLE_OUT"), *number = getenv("VPROF_ORACLE_EVERY");
	struct counts *map = MAP_FAILED;
	int fd, entered;

	if (!path)
		return;
	entered = vp_busy_enter();
	every = number ? strtoull(number, NULL, 10) : 1;
	snprintf(log_path, sizeof(log_path), "%s.log", path);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (fd >= 0 && ftruncate(fd, sizeof(*map)) == 0)
		map = mmap(NULL, sizeof(*map), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (fd >= 0)
		close(fd);
	if (map != MAP_FAILED && load_libunwind() && make_space())
		counts = map;
	if (entered)
		vp_busy_leave();
}
