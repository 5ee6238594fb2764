/* Whether a call on a stream will make a system call: it is recorded only then.  A guess
 * from the buffer's bounds, which another thread may move meanwhile. */
#ifndef VP_HOOKS_STREAM_H
#define VP_HOOKS_STREAM_H

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define READS(stream, bytes)	 vp_stream_reads(stream, bytes)
#define READS_TO(stream, end)	 vp_stream_reads_to(stream, end, SIZE_MAX)
#define READS_LINE(stream, room) vp_stream_reads_to(stream, '\n', (size_t)(room))
#define WRITES(stream, bytes)	 vp_stream_writes(stream, bytes)
/* How much it will be is not known: it seldom is more. */
#define PRINTS(stream) vp_stream_writes(stream, 512)

static inline size_t vp_stream_left(const FILE *stream)
{
	return stream->_IO_read_ptr < stream->_IO_read_end
		   ? (size_t)(stream->_IO_read_end - stream->_IO_read_ptr)
		   : 0;
}

static inline int vp_stream_reads(const FILE *stream, size_t bytes)
{
	return vp_stream_left(stream) < bytes;
}

/* Up to and with the character `end`, or `most` bytes. */
static inline int vp_stream_reads_to(const FILE *stream, int end, size_t most)
{
	size_t left = vp_stream_left(stream);

	return left < most && (!left || !memchr(stream->_IO_read_ptr, end, left));
}

/* Of a stream that is not fully buffered the end lies where the buffer begins. */
static inline int vp_stream_writes(const FILE *stream, size_t bytes)
{
	return stream->_IO_write_ptr >= stream->_IO_write_end ||
	       (size_t)(stream->_IO_write_end - stream->_IO_write_ptr) < bytes;
}

#endif
