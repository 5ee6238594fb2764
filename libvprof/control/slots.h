/* The slots of a loaded object: the addresses in its global offset table, and
 * in its data, that its calls of other objects' functions go through.
 *
 * A name is redirected only where the slot leads to what the caller of these
 * functions expects; page protection is put back as it was. */
#ifndef VP_CONTROL_SLOTS_H
#define VP_CONTROL_SLOTS_H

#include <link.h>
#include <stddef.h>
#include <stdint.h>

struct vp_object {
	uint64_t bias, lo, hi;
	const char *path; /* as the loader has it; empty for the program */
	const Elf64_Dyn *dynamic;
	const Elf64_Sym *symbols;
	const char *names;
	uint64_t rela[2], rela_bytes[2]; /* DT_RELA and DT_JMPREL */
	int symbolic;			 /* binds to its own definitions first */
};

/* A slot for `name` whose value lies in [lo, hi) is to hold `to`.  Void where hi
 * is 0. */
struct vp_slot_rule {
	const char *name;
	const void *to;
	void *real; /* for the owner of the rule */
	uint64_t lo, hi;
	int unbound; /* 1: also a lazy slot that has not been bound yet */
};

struct vp_slot_rules {
	const struct vp_slot_rule *rule;
	size_t count;
	/* NULL, or called for a slot of one of the names that leads elsewhere */
	void (*other)(const struct vp_object *object, const Elf64_Sym *symbol,
		      const struct vp_slot_rule *rule, uint64_t value, void *arg);
	void *arg;
};

/* What the loader says of an object.  Returns 0, or -ENOENT where it has no
 * symbols.
 * Context: within dl_iterate_phdr, which keeps the object from going. */
int vp_slots_read(struct vp_object *object, const struct dl_phdr_info *info);

/* Redirects the slots of an object; returns how many it could not write to.
 * Context: as above; makes system calls, allocates nothing, 5 KiB of stack. */
uint32_t vp_slots_patch(const struct vp_object *object, const struct vp_slot_rules *rules);

/* Does the value of a slot lead back into the object's own PLT? */
int vp_slot_is_unbound(const struct vp_object *object, const Elf64_Sym *symbol, uint64_t value);

#endif
