/* The function a thread began with, and behind the wrapper of a language's library the one
 * that somebody wrote. */
#include <stdlib.h>
#include <string.h>

#include "cli/text.h"
#include "cli/xalloc.h"
#include "model/threads.h"
#include "symbols/sym.h"

/* Stacks of a thread that are looked at: those with most CPU time. */
#define STACKS_MOST 8u
#define DEPTH_MOST  512u

/* "std::__invoke_impl<...>" of "void std::__invoke_impl<...>(...)". */
static const char *past_result(const char *name)
{
	const char *start = name;
	int depth = 0;

	for (const char *at = name; *at && *at != '('; at++) {
		if (*at == '<')
			depth++;
		else if (*at == '>')
			depth--;
		else if (*at == ' ' && !depth && strncmp(at + 1, "const", 5) != 0)
			start = at + 1;
	}
	return start;
}

static int begins(const char *name, const char *prefix)
{
	return strncmp(name, prefix, strlen(prefix)) == 0;
}

/* What libraries put between libc and the function that a thread is for. */
static int is_wrapper(const char *name)
{
	static const char *const prefix[] = {
	    "execute_native_thread_routine",
	    "std::",
	    "<std::",
	    "core::",
	    "<core::",
	    "alloc::",
	    "<alloc::",
	    "__rust_",
	    "__gthread_",
	    "pthread_once",
	    "__pthread_once",
	    "boost::",
	    "(anonymous namespace)::thread_proxy",
	    "thread_proxy",
	    "g_thread_proxy",
	    "QThreadPrivate::start",
	    "tbb::",
	};

	name = past_result(name);
	for (size_t i = 0; i < sizeof(prefix) / sizeof(prefix[0]); i++)
		if (begins(name, prefix[i]))
			return 1;
	return 0;
}

/* Libraries that start threads for others, whose symbols may be stripped. */
static int is_wrapping(const char *module)
{
	static const char *const prefix[] = {
	    "libstdc++.so", "libc++.so", "libboost_thread", "libglib-2.0", "libgomp.so",
	    "libomp.so",    "libiomp5",	 "libtbb.so",	    "libQt5Core",  "libQt6Core",
	};

	module = vr_text_base(module);
	for (size_t i = 0; i < sizeof(prefix) / sizeof(prefix[0]); i++)
		if (begins(module, prefix[i]))
			return 1;
	return 0;
}

/* Where the first argument of a list ends: at a comma or bracket of its own. */
static const char *argument_end(const char *at)
{
	int depth = 0;

	for (; *at; at++) {
		if (*at == '<' || *at == '(' || *at == '{' || *at == '[')
			depth++;
		else if ((*at == ',' || *at == '>') && !depth)
			return at;
		else if (*at == '>' || *at == ')' || *at == '}' || *at == ']')
			depth--;
	}
	return at;
}

/* The function object that a std::thread was made of, from the name of the wrapper's method:
 * "std::thread::_State_impl<std::thread::_Invoker<std::tuple<main::{lambda()#1}> > >::_M_run()".
 * Any other name, and that of a pointer to a function, which is not told there, as it is. */
static const char *object_called(struct vr_sym *sym, const char *name)
{
	static const char before[] = "std::thread::_State_impl<std::thread::_Invoker<std::tuple<";
	const char *start, *end, *kept;
	char *object;

	if (!begins(name, before))
		return name;
	start = name + sizeof(before) - 1;
	end = argument_end(start);
	if (end == start || memmem(start, (size_t)(end - start), "*)", 2))
		return name;
	object = vr_xprintf("%.*s", (int)(end - start), start);
	kept = vr_sym_keep(sym, object);
	free(object);
	return kept;
}

/* The frames of a stack from the outermost inwards. */
struct chain {
	uint32_t place[DEPTH_MOST]; /* the innermost first */
	uint32_t count;
};

static void walk(struct vr_stacks *stacks, uint32_t node, struct chain *chain)
{
	chain->count = 0;
	for (; node != VPROF_NODE_ROOT; node = vr_stacks_parent(stacks, node)) {
		struct vr_places places = vr_stacks_at(stacks, node);

		for (uint32_t i = 0; i < places.count && chain->count < DEPTH_MOST; i++)
			chain->place[chain->count++] = places.first + i;
	}
}

/* Looks behind the wrapper in one stack.  Returns 1 when it found the function. */
static int look_behind(struct vr_profile *profile, uint32_t node, const char *routine,
		       struct vr_start *found)
{
	struct vr_stacks *stacks = profile->stacks;
	struct chain chain;
	uint32_t at;

	walk(stacks, node, &chain);
	for (at = chain.count; at > 0; at--)
		if (strcmp(vr_place_function(stacks, &stacks->place[chain.place[at - 1]])->name,
			   routine) == 0)
			break;
	while (at > 1) {
		const struct vr_place *place = &stacks->place[chain.place[--at - 1]];
		const struct vr_function *function = vr_place_function(stacks, place);
		const char *name = object_called(profile->sym, function->name);

		if (is_wrapper(name) || is_wrapping(function->module))
			continue;
		*found = (struct vr_start){name, function->file, function->module, function->line};
		return 1;
	}
	return 0;
}

/* The frame of an address that the row of a thread has. */
static const struct vr_frame *frame_of(struct vr_profile *profile, uint64_t address)
{
	const struct vr_file *file = profile->file;
	struct vr_frames frames;

	for (uint32_t i = 0; i < file->n_modules; i++) {
		if (address < file->module[i].start || address >= file->module[i].end ||
		    file->module[i].unload_ns)
			continue;
		frames = vr_sym_resolve(profile->sym, i, address, 1);
		return &frames.frame[frames.count - 1];
	}
	return NULL;
}

static void set_start(struct vr_start *start, const struct vr_frame *frame, const char *name)
{
	*start = (struct vr_start){name, frame->file, frame->module, frame->line};
}

/* What a std::thread was made of, as its state tells.  Returns 1 when that is the function;
 * a pointer to one that has arguments beside it is told by its type alone. */
static int look_at_state(struct vr_profile *profile, const struct vprof_thread *row,
			 struct vr_start *start)
{
	static const char lone[] = "*)()> > >::_M_run()";
	const struct vr_frame *method =
	    row->start_method ? frame_of(profile, row->start_method) : NULL;
	const struct vr_frame *target =
	    row->start_target ? frame_of(profile, row->start_target) : NULL;
	const char *name = method ? object_called(profile->sym, method->function) : NULL;
	size_t len = method ? strlen(method->function) : 0;

	if (!method)
		return 0;
	if (name != method->function && !is_wrapper(name)) {
		set_start(start, method, name);
		return 1;
	}
	if (!target || len < sizeof(lone) || strstr(method->function, "::*)") ||
	    strcmp(method->function + len - (sizeof(lone) - 1), lone) != 0)
		return 0;
	set_start(start, target, target->function);
	return 1;
}

static int begins_threads(const char *name)
{
	name += strspn(name, "_");
	return strcmp(name, "clone3") == 0 || strcmp(name, "clone") == 0 ||
	       strcmp(name, "start_thread") == 0;
}

/* Of a thread that nobody saw start: what libc called, in a stack that goes back so far. */
static int look_below_libc(struct vr_profile *profile, uint32_t node, struct vr_start *found)
{
	struct vr_stacks *stacks = profile->stacks;
	struct chain chain;

	walk(stacks, node, &chain);
	for (uint32_t at = chain.count; at > 0; at--) {
		const struct vr_place *place = &stacks->place[chain.place[at - 1]];
		const struct vr_function *function = vr_place_function(stacks, place);

		if (begins_threads(function->name))
			continue;
		if (at == chain.count)
			return 0;
		*found = (struct vr_start){function->name, function->file, function->module,
					   function->line};
		return 1;
	}
	return 0;
}

/* The stacks of a thread: those with most CPU time, else a wait, else an allocation. */
struct stacks_of {
	uint32_t node[STACKS_MOST];
	uint64_t weight[STACKS_MOST];
	uint32_t count;
};

static void offer(struct stacks_of *list, uint32_t node, uint64_t weight)
{
	uint32_t at = list->count;

	if (at == STACKS_MOST && weight <= list->weight[at - 1])
		return;
	at -= at == STACKS_MOST;
	for (; at > 0 && list->weight[at - 1] < weight; at--) {
		list->node[at] = list->node[at - 1];
		list->weight[at] = list->weight[at - 1];
	}
	list->node[at] = node;
	list->weight[at] = weight;
	list->count += list->count < STACKS_MOST;
}

static void collect(const struct vr_file *file, const struct vr_thread_stacks *of, uint32_t row,
		    struct stacks_of *list)
{
	const struct vprof_thread *thread = &file->thread[row];
	uint32_t lock = of->lock[row], site = of->site[thread->shard];

	for (uint32_t i = of->first[row]; i < of->first[row + 1]; i++)
		if (file->cpu[of->row[i]].samples)
			offer(list, file->cpu[of->row[i]].node, file->cpu[of->row[i]].weight_ns);
	if (!list->count && lock)
		offer(list, file->lock[lock].node, 1);
	if (!list->count && site && thread->allocs && !(thread->flags & VPROF_THREAD_SHARED_SHARD))
		offer(list, file->site[site].node, 1);
}

static int is_main(const struct vr_file *file, uint32_t tid)
{
	for (size_t i = 0; i < file->n_members; i++)
		if (file->member[i]->header.pid == tid)
			return 1;
	return file->header.pid == tid;
}

static void find_routine(struct vr_profile *profile, uint32_t row, struct vr_start *routine)
{
	const struct vprof_thread *thread = &profile->file->thread[row];
	const struct vr_frame *frame;
	struct vr_frames frames;

	if (!thread->start_routine) {
		if (is_main(profile->file, thread->tid))
			*routine = (struct vr_start){"main", "", "", 0};
		return;
	}
	if (thread->start_module == VPROF_NONE)
		return;
	frames = vr_sym_resolve(profile->sym, thread->start_module, thread->start_routine, 1);
	frame = &frames.frame[frames.count - 1];
	*routine = (struct vr_start){frame->function, frame->file, frame->module, frame->line};
}

void vr_thread_find_start(struct vr_profile *profile, const struct vr_thread_stacks *stacks,
			  uint32_t row, struct vr_thread *thread)
{
	struct stacks_of list = {.count = 0};
	int known;

	find_routine(profile, row, &thread->routine);
	thread->start = thread->routine;
	known = thread->routine.name != NULL;
	if (known && !is_wrapper(thread->routine.name) && !is_wrapping(thread->routine.module))
		return;
	if (known && look_at_state(profile, &profile->file->thread[row], &thread->start))
		return;
	collect(profile->file, stacks, row, &list);
	for (uint32_t i = 0; i < list.count; i++) {
		uint32_t node = list.node[i];

		if (known ? look_behind(profile, node, thread->routine.name, &thread->start)
			  : look_below_libc(profile, node, &thread->start))
			return;
	}
}
