#include "base/task.h"
#include "base/own.h"
#include "base/sys.h"

#include <errno.h>
#include <link.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/rseq.h>
#include <time.h>

#define PAGE		4096u
#define DESCRIPTOR_ROOM 16384u	     /* struct pthread has 2,304 bytes in glibc 2.36 */
#define BLOCKS_MOST	(64u << 20)  /* below the thread pointer */
#define IMAGE_MOST	(256u << 10) /* a larger one is the host's own: left zero */
#define MODULES_MOST	64u

/* glibc's tcbhead_t; programs are compiled to rely on these places. */
#define TCB_SELF	  0x00
#define TCB_DTV		  0x08
#define TCB_DESCRIPTOR	  0x10
#define TCB_MANY	  0x18
#define TCB_STACK_GUARD	  0x28
#define TCB_POINTER_GUARD 0x30
#define TCB_FEATURES	  0x48

#define DTV_NOT_ALLOCATED ~0ull

struct dtv_slot {
	uint64_t value, to_free;
};

/* Blocks that the loader laid when the program started, by distance. */
static struct {
	uint64_t below; /* bytes from its start to the thread pointer */
	const void *image;
	uint64_t image_bytes;
} block[MODULES_MOST];
static uint32_t blocks;
static uint64_t blocks_bytes; /* below the thread pointer; 0: not learned */

static uint64_t word_at(const unsigned char *base, uint64_t at)
{
	uint64_t word;

	memcpy(&word, base + at, sizeof(word));
	return word;
}

static void put_word(unsigned char *base, uint64_t at, uint64_t word)
{
	memcpy(base + at, &word, sizeof(word));
}

static int learn_module(struct dl_phdr_info *info, size_t size, void *arg)
{
	uint64_t self = (uint64_t)(uintptr_t)__builtin_thread_pointer();
	int *failed = arg;

	(void)size;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *phdr = &info->dlpi_phdr[i];
		uint64_t below = self - (uint64_t)(uintptr_t)info->dlpi_tls_data;

		/* Without data, or far away: of an object opened later, on demand. */
		if (phdr->p_type != PT_TLS || !info->dlpi_tls_data || below > BLOCKS_MOST)
			continue;
		if (blocks == MODULES_MOST) {
			*failed = 1;
			return 1;
		}
		block[blocks].below = below;
		block[blocks].image = (const void *)(info->dlpi_addr + phdr->p_vaddr);
		block[blocks].image_bytes = phdr->p_filesz < IMAGE_MOST ? phdr->p_filesz : 0;
		blocks++;
		if (below > blocks_bytes)
			blocks_bytes = below;
	}
	return 0;
}

/* rseq's area may lie below everything else (glibc 2.41). */
static void make_room_for_rseq(void)
{
	if (__rseq_offset < 0 && (uint64_t)-__rseq_offset > blocks_bytes &&
	    (uint64_t)-__rseq_offset < BLOCKS_MOST)
		blocks_bytes = (uint64_t)-__rseq_offset;
}

int vp_task_learn(void)
{
	const unsigned char *self = __builtin_thread_pointer();
	int failed = 0;

	blocks = 0;
	blocks_bytes = 0;
	if (word_at(self, TCB_SELF) != (uint64_t)(uintptr_t)self ||
	    word_at(self, TCB_DESCRIPTOR) != (uint64_t)(uintptr_t)self)
		return -ENOTSUP;
	dl_iterate_phdr(learn_module, &failed);
	make_room_for_rseq();
	blocks_bytes = (blocks_bytes + PAGE - 1) & ~(uint64_t)(PAGE - 1);
	if (failed)
		blocks_bytes = 0;
	return blocks_bytes ? 0 : -ENOTSUP;
}

/* The vector that __tls_get_addr looks blocks up in: those that moved along, and
 * none for objects opened later. */
static void lay_vector(unsigned char *self, struct dtv_slot *vector, uint64_t slots)
{
	const unsigned char *caller = __builtin_thread_pointer();
	const struct dtv_slot *model = (const struct dtv_slot *)(uintptr_t)word_at(caller, TCB_DTV);

	vector[0].value = slots;
	vector[1] = model[0]; /* the loader's generation */
	for (uint64_t i = 1; i <= slots; i++) {
		uint64_t below = (uint64_t)(uintptr_t)caller - model[i].value;
		uint64_t moved = (uint64_t)(uintptr_t)self - below;

		vector[i + 1].value = below <= blocks_bytes ? moved : DTV_NOT_ALLOCATED;
		vector[i + 1].to_free = 0;
	}
	put_word(self, TCB_DTV, (uint64_t)(uintptr_t)(vector + 1));
}

static void lay_descriptor(unsigned char *self)
{
	const unsigned char *caller = __builtin_thread_pointer();
	uint32_t not_registered = (uint32_t)RSEQ_CPU_ID_REGISTRATION_FAILED;

	put_word(self, TCB_SELF, (uint64_t)(uintptr_t)self);
	put_word(self, TCB_DESCRIPTOR, (uint64_t)(uintptr_t)self);
	put_word(self, TCB_MANY, 1);
	put_word(self, TCB_STACK_GUARD, word_at(caller, TCB_STACK_GUARD));
	put_word(self, TCB_POINTER_GUARD, word_at(caller, TCB_POINTER_GUARD));
	memcpy(self + TCB_FEATURES, caller + TCB_FEATURES, 4);
	if (__rseq_size)
		memcpy(self + __rseq_offset + 4, &not_registered, 4);
}

static uint64_t vector_slots(void)
{
	const unsigned char *caller = __builtin_thread_pointer();
	const struct dtv_slot *model = (const struct dtv_slot *)(uintptr_t)word_at(caller, TCB_DTV);

	return model[-1].value;
}

static unsigned char *lay_area(struct vp_task *task)
{
	uint64_t slots = vector_slots();
	uint64_t vector_bytes = (slots + 2) * sizeof(struct dtv_slot);
	uint64_t bytes = PAGE + VP_TASK_STACK + blocks_bytes + DESCRIPTOR_ROOM +
			 ((vector_bytes + PAGE - 1) & ~(uint64_t)(PAGE - 1));
	unsigned char *self;

	if (slots > BLOCKS_MOST / sizeof(struct dtv_slot))
		return NULL;
	task->area = vp_sys_map(bytes);
	if (!task->area)
		return NULL;
	task->area_bytes = bytes;
	vp_sys(SYS_mprotect, task->area, PAGE, PROT_NONE);
	self = task->area + PAGE + VP_TASK_STACK + blocks_bytes;
	for (uint32_t i = 0; i < blocks; i++)
		memcpy(self - block[i].below, block[i].image, block[i].image_bytes);
	lay_descriptor(self);
	lay_vector(self, (struct dtv_slot *)(void *)(self + DESCRIPTOR_ROOM), slots);
	return self;
}

/* clone(), then fn in the new task, with no frame before it.  When fn returns the
 * task ends, and no other. */
long vp_task_clone(unsigned long flags, void *stack, int *tid, uint32_t *gone, void *self,
		   void (*fn)(void)) __attribute__((visibility("hidden")));
__asm__(".pushsection .text\n"
	"	.type vp_task_clone, @function\n"
	"vp_task_clone:\n"
	"	.cfi_startproc\n"
	"	subq $8, %rsi\n"
	"	movq %r9, (%rsi)\n"
	"	movq %rcx, %r10\n"
	"	movl $56, %eax\n"
	"	syscall\n"
	"	testq %rax, %rax\n"
	"	jz 1f\n"
	"	ret\n"
	"	.cfi_endproc\n"
	"1:	.cfi_startproc\n"
	"	.cfi_undefined rip\n"
	"	xorl %ebp, %ebp\n"
	"	popq %rax\n"
	"	callq *%rax\n"
	"2:	xorl %edi, %edi\n"
	"	movl $60, %eax\n"
	"	syscall\n"
	"	jmp 2b\n"
	"	.cfi_endproc\n"
	"	.size vp_task_clone, . - vp_task_clone\n"
	"	.popsection");

/* Not CLONE_FS and CLONE_FILES: setns() and unshare() of the host ask for a file
 * system context that nobody shares, and nothing we open is the host's. */
#define TASK_FLAGS                                                                                 \
	(CLONE_VM | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM | CLONE_SETTLS |                  \
	 CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID)

int vp_task_start(struct vp_task *task, void (*fn)(void))
{
	uint64_t all = ~0ull, old = 0;
	unsigned char *self;
	long ret;

	if (!vp_sys_may(SYS_clone))
		return -ENOSYS;
	if (!blocks_bytes)
		return -ENOTSUP;
	/* Started once more, it goes on with the block it had. */
	self = task->area ? task->area + PAGE + VP_TASK_STACK + blocks_bytes : lay_area(task);
	if (!self)
		return -ENOMEM;
	task->gone = 1;
	vp_sys6(SYS_rt_sigprocmask, SIG_SETMASK, (long)&all, (long)&old, sizeof(all), 0, 0);
	ret = vp_task_clone(TASK_FLAGS, task->area + PAGE + VP_TASK_STACK, &task->tid, &task->gone,
			    self, fn);
	vp_sys6(SYS_rt_sigprocmask, SIG_SETMASK, (long)&old, 0, sizeof(old), 0, 0);
	if (ret > 0)
		return 0;
	task->tid = 0;
	task->gone = 0;
	return (int)ret;
}

static void do_nothing(void)
{
}

void vp_task_try(void)
{
	static _Alignas(16) unsigned char stack[512];
	static struct vp_task task;

	vp_task_clone(TASK_FLAGS, stack + sizeof(stack), &task.tid, &task.gone,
		      __builtin_thread_pointer(), do_nothing);
}

/* The word is cleared, and whoever sleeps on it woken, a moment before the task has
 * left the process. */
int vp_task_wait(struct vp_task *task, uint64_t wait_ns)
{
	const struct timespec moment = {0, 50000};

	for (uint64_t waited = 0; task->tid; waited += 50000) {
		if (!__atomic_load_n(&task->gone, __ATOMIC_ACQUIRE) &&
		    vp_sys(SYS_tgkill, vp_sys_pid(), task->tid, 0) == -ESRCH)
			task->tid = 0;
		else if (waited >= wait_ns)
			return 0;
		else
			vp_sys(SYS_nanosleep, &moment, NULL, 0);
	}
	return 1;
}

void vp_task_fork_child(struct vp_task *task)
{
	vp_sys_unmap(task->area, task->area_bytes);
	memset(task, 0, sizeof(*task));
}
