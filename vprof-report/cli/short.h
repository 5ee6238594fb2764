/* Names of C++ and Rust functions as people write them.
 *
 * The one idea: a demangled name is text of which pieces may be left out, in an order, and
 * nothing is put in their place. What nobody writes goes always ("std::__cxx11::", default
 * arguments); where room is short what follows goes too, until the rest fits; the function's
 * own name stays. A name that is none of C++ or Rust has no such pieces and is cut at its end. */
#ifndef VR_SHORT_H
#define VR_SHORT_H

#include <stddef.h>
#include <stdint.h>

/* In the order in which pieces go. */
enum vr_piece_rank {
	VR_PIECE_SPELLING, /* what nobody writes */
	VR_PIECE_NOISE,	   /* "(anonymous namespace)::", " [clone .cold]", "virtual thunk to " */
	VR_PIECE_TYPE,	   /* parameters, return type, " const" */
	VR_PIECE_ARGUMENT_SPACE, /* namespaces inside of arguments, all of them */
	VR_PIECE_ARGUMENT,	 /* beside one that tells this name from another */
	VR_PIECE_ARGUMENTS,	 /* "<...>": the innermost first, of these the longest */
	VR_PIECE_NAMESPACE,	 /* the outermost first */
	VR_PIECE_CLASS		 /* what the function is a member of */
};

struct vr_piece {
	uint32_t begin, end; /* bytes of the text */
	uint32_t depth;	     /* brackets around it */
	enum vr_piece_rank rank;
	int kept; /* it tells this name from another, and stays */
};

/* A name and what may be left out of it. */
struct vr_short {
	char *text;
	uint32_t length; /* bytes */
	uint32_t *close; /* of each opening bracket that is closed, where; else 0 */
	uint32_t path;	 /* where namespaces, class and name begin, behind a return type */
	struct vr_piece *piece;
	size_t pieces, room;
	int sorted;
};

/*   name  clean text (vr_plain()); copied
 * Takes time in proportion to its length, whatever it is. */
struct vr_short *vr_short_new(const char *name);
void vr_short_free(struct vr_short *name);

/* The name in at most `room` columns; free() it. */
char *vr_short_text(struct vr_short *name, int room);
/* Without what may go up to this rank, whatever the room; free() it. */
char *vr_short_without(struct vr_short *name, enum vr_piece_rank rank);
/* Columns of that. */
int vr_short_width(struct vr_short *name, enum vr_piece_rank rank);

/* Byte `at` tells this name from one that looked alike: what holds it stays.
 *   exact  0: what nobody writes goes all the same, and so do namespaces of an argument, but for
 *          which its name stays */
void vr_short_keep(struct vr_short *name, uint32_t at, int exact);

/* "Book::match" of "void exchange::Book<Buy>::match(int) [clone .isra.0]" and 60 columns, say:
 * of any text, which is made clean first; free() it. */
char *vr_short_name(const char *name, int room);

/* 1 when a pattern of the command line means this function: a part of its name or a glob over
 * all of it (vr_text_matches()), as the demangler writes it, as people do, or without arguments. */
int vr_short_matches(const char *pattern, const char *name);

/* Part of cli/short.c: finds the pieces. */
void vr_short_read(struct vr_short *name);
void vr_short_add(struct vr_short *name, uint32_t begin, uint32_t end, uint32_t depth,
		  enum vr_piece_rank rank);

#endif
