/* Object files whose sections libdw cannot decompress. */
#ifndef VR_SYM_UNPACK_H
#define VR_SYM_UNPACK_H

/* Takes over the descriptor of an object file.  Where sections of it are compressed
 * with zstd, which libdw before 0.189 does not know, it is closed, and the answer is the
 * descriptor of a copy in memory with those sections as they were.  Otherwise, and where
 * that fails, it is `fd` itself.
 *   unread  [out] set to 1 where compressed sections stay as they are; may be NULL */
int vr_elf_unpack(int fd, int *unread);

/* Would it be another one? */
int vr_elf_is_packed(int fd);

#endif
