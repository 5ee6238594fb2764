/* What a thread says of the call it is in: the line that the helper reads without asking,
 * and the calls that lasted, which explain its times off the CPU.
 *
 * Only the thread writes, with plain stores, which x86-64 makes visible in their order; a
 * call that never ends (cancelled, left by a longjmp) is overwritten by the next. */
#ifndef VP_THREAD_LINE_H
#define VP_THREAD_LINE_H

#include "base/calls.h"
#include "stack/regs.h"

#include <stdint.h>

/* vp_call_line.flags */
#define VP_LINE_AT_LOOP 1u /* the wait of the thread's own loop */

struct vp_call_line {
	union {
		uint64_t head;
		struct {
			uint32_t sequence; /* odd while it is being written */
			uint16_t kind;	   /* enum vp_call_kind; VP_CALL_NONE: in none */
			uint16_t flags;	   /* VP_LINE_* */
		};
	};
	uint64_t object;       /* what the call was given: a descriptor, an address */
	uint64_t since_ns;     /* 0: nobody looked at the clock */
	struct vp_regs caller; /* where it was called, for whoever wants the stack */
	uint64_t iteration_ns; /* the loop's iteration under way began; 0: there is none */
	uint64_t reserved;
};
_Static_assert(sizeof(struct vp_call_line) == 64, "a cache line");

/* A call that lasted. */
struct vp_lasted_call {
	uint64_t begin_ns;
	uint64_t end; /* nanoseconds << 4 | enum vprof_class */
};
#define VP_LASTED 512u /* kept of a thread, power of two */

/* Classes that a call can have: 0 to VPROF_CLASS_LOCK. */
#define VP_CALL_CLASSES (VPROF_CLASS_LOCK + 1)

struct vp_lasted {
	uint64_t head; /* so many were written; number n lies in call[n % VP_LASTED] */
	/* of all, by class */
	uint64_t ns[VP_CALL_CLASSES], times[VP_CALL_CLASSES];
	struct vp_lasted_call call[VP_LASTED];
};

static inline void vp_lasted_put(struct vp_lasted *lasted, uint64_t begin_ns, uint64_t end_ns,
				 enum vprof_class class)
{
	uint64_t head = lasted->head;

	lasted->ns[class] += end_ns - begin_ns;
	lasted->times[class]++;
	lasted->call[head % VP_LASTED] = (struct vp_lasted_call){begin_ns, end_ns << 4 | class};
	/* Pairs with the helper, which reads what is below it. */
	__atomic_store_n(&lasted->head, head + 1, __ATOMIC_RELEASE);
}

/* Around changes of the line; the second is given what the first returned, so that neither
 * waits for the other's store.  A handler that finds one under way leaves it so. */
static inline uint32_t vp_line_open(struct vp_call_line *line)
{
	uint32_t sequence = line->sequence;

	__atomic_store_n(&line->sequence, sequence | 1, __ATOMIC_RELAXED);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	return sequence;
}

static inline void vp_line_close(struct vp_call_line *line, uint32_t sequence)
{
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	/* Pairs with vp_line_read(). */
	__atomic_store_n(&line->sequence, sequence & 1 ? sequence : sequence + 2, __ATOMIC_RELEASE);
}

/* All of it but the iteration, which only a loop's wait changes. */
static inline void vp_line_put(struct vp_call_line *line, enum vp_call_kind kind, uint16_t flags,
			       uint64_t object, uint64_t since_ns, const struct vp_regs *caller)
{
	line->kind = (uint16_t)kind;
	line->flags = flags;
	line->object = object;
	line->since_ns = since_ns;
	/* Word by word: a wider load would wait for the stores of the three. */
	line->caller.pc = caller->pc;
	line->caller.sp = caller->sp;
	line->caller.bp = caller->bp;
}

/* A call begins where none was under way: it is told of by one word, when the rest stands. */
static inline void vp_line_begin(struct vp_call_line *line, enum vp_call_kind kind, uint16_t flags,
				 uint64_t object, uint64_t since_ns, struct vp_regs caller)
{
	uint32_t sequence;

	line->object = object;
	line->since_ns = since_ns;
	line->caller.pc = caller.pc;
	line->caller.sp = caller.sp;
	line->caller.bp = caller.bp;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	/* Only now: a handler that came before this had calls of its own. */
	sequence = __atomic_load_n(&line->sequence, __ATOMIC_RELAXED) + 2;
	__atomic_store_n(&line->head, sequence | (uint64_t)kind << 32 | (uint64_t)flags << 48,
			 __ATOMIC_RELEASE);
}

/* A call that nothing came of is over: no more than that is written.  Whatever else a reader
 * copies meanwhile was true while `kind` was. */
static inline void vp_line_clear(struct vp_call_line *line)
{
	__atomic_store_n(&line->kind, VP_CALL_NONE, __ATOMIC_RELEASE);
}

/* A copy of another thread's line.  Returns 0 while it is being written: try again. */
static inline int vp_line_read(const struct vp_call_line *line, struct vp_call_line *out)
{
	uint64_t before = __atomic_load_n(&line->head, __ATOMIC_ACQUIRE);

	*out = *line;
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	/* In no call, the rest may be that of the next one. */
	return !(before & 1) && __atomic_load_n(&line->head, __ATOMIC_RELAXED) == before &&
	       out->head == before;
}

/* The line says the same as when it was copied: in the same call, or in none since then. */
static inline int vp_line_is(const struct vp_call_line *line, const struct vp_call_line *copy)
{
	return __atomic_load_n(&line->sequence, __ATOMIC_ACQUIRE) == copy->sequence &&
	       __atomic_load_n(&line->kind, __ATOMIC_ACQUIRE) == copy->kind;
}

/* What the time of a call under way is. */
static inline enum vprof_class vp_line_class(const struct vp_call_line *line)
{
	enum vprof_class class = vp_call_info[line->kind].traits & VP_CALL_CLASS_MASK;

	if (class == VPROF_CLASS_LOCK)
		return class;
	if (line->flags & VP_LINE_AT_LOOP)
		return class == VPROF_CLASS_PACED ? class : VPROF_CLASS_IDLE;
	return line->iteration_ns ? VPROF_CLASS_BLOCKED : class;
}

#endif
