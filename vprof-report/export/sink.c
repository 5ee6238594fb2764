#include "export/sink.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "cli/xalloc.h"

#define BLOCK_BYTES (128u << 10)

/* A stream whose bytes are packed before they go to `file`. */
struct packer {
	FILE *file;
	z_stream gzip;
	ZSTD_CCtx *zstd; /* NULL: gzip */
	unsigned char block[BLOCK_BYTES];
};

static int put_block(struct packer *packer, size_t bytes)
{
	return fwrite(packer->block, 1, bytes, packer->file) == bytes ? 0 : -EIO;
}

static int gzip_bytes(struct packer *packer, const char *data, size_t size, int flush)
{
	z_stream *z = &packer->gzip;

	z->next_in = (unsigned char *)(uintptr_t)data;
	z->avail_in = (unsigned)size;
	do {
		z->next_out = packer->block;
		z->avail_out = BLOCK_BYTES;
		if (deflate(z, flush) == Z_STREAM_ERROR)
			return -EIO;
		if (put_block(packer, BLOCK_BYTES - z->avail_out))
			return -EIO;
	} while (z->avail_out == 0);
	return 0;
}

static int zstd_bytes(struct packer *packer, const char *data, size_t size, ZSTD_EndDirective end)
{
	ZSTD_inBuffer in = {data, size, 0};
	size_t left;

	do {
		ZSTD_outBuffer out = {packer->block, BLOCK_BYTES, 0};

		left = ZSTD_compressStream2(packer->zstd, &out, &in, end);
		if (ZSTD_isError(left) || put_block(packer, out.pos))
			return -EIO;
	} while (end == ZSTD_e_end ? left : in.pos < in.size);
	return 0;
}

static ssize_t cookie_write(void *cookie, const char *data, size_t size)
{
	struct packer *packer = cookie;
	int ret;

	/* deflate counts in unsigned int. */
	if (size > 1u << 30)
		size = 1u << 30;
	ret = packer->zstd ? zstd_bytes(packer, data, size, ZSTD_e_continue)
			   : gzip_bytes(packer, data, size, Z_NO_FLUSH);
	return ret ? 0 : (ssize_t)size;
}

static int cookie_close(void *cookie)
{
	struct packer *packer = cookie;
	int ret = packer->zstd ? zstd_bytes(packer, "", 0, ZSTD_e_end)
			       : gzip_bytes(packer, "", 0, Z_FINISH);

	if (packer->zstd)
		ZSTD_freeCCtx(packer->zstd);
	else
		deflateEnd(&packer->gzip);
	free(packer);
	return ret ? EOF : 0;
}

static FILE *open_packer(FILE *file, enum vr_pack pack)
{
	static const cookie_io_functions_t functions = {.write = cookie_write,
							.close = cookie_close};
	struct packer *packer = vr_xcalloc(1, sizeof(*packer));
	FILE *out;

	packer->file = file;
	if (pack == VR_PACK_ZSTD)
		packer->zstd = ZSTD_createCCtx();
	/* 16 + 15: gzip's header, the largest window */
	else if (deflateInit2(&packer->gzip, 6, Z_DEFLATED, 16 + 15, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		goto fail;
	if (pack == VR_PACK_ZSTD && !packer->zstd)
		goto fail;
	out = fopencookie(packer, "w", functions);
	if (out) {
		setvbuf(out, NULL, _IOFBF, BLOCK_BYTES);
		return out;
	}
fail:
	free(packer);
	errno = ENOMEM;
	return NULL;
}

enum vr_pack vr_pack_of(const char *path)
{
	size_t len = strlen(path);

	if (len > 3 && strcmp(path + len - 3, ".gz") == 0)
		return VR_PACK_GZIP;
	if (len > 4 && strcmp(path + len - 4, ".zst") == 0)
		return VR_PACK_ZSTD;
	return VR_PACK_NONE;
}

int vr_sink_open(struct vr_sink *sink, const char *path, enum vr_pack pack)
{
	*sink = (struct vr_sink){.path = vr_xstrdup(path)};
	sink->file = strcmp(path, "-") == 0 ? stdout : fopen(path, "we");
	sink->out = sink->file;
	if (sink->file && pack != VR_PACK_NONE)
		sink->out = open_packer(sink->file, pack);
	if (!sink->out) {
		int ret = -errno;

		if (sink->file && sink->file != stdout)
			fclose(sink->file);
		free(sink->path);
		return ret;
	}
	return 0;
}

/* Notes the first failure; errno may be that of an earlier write. */
static void note(int *ret, int failed)
{
	if (failed && *ret == 0)
		*ret = errno ? -errno : -EIO;
}

int vr_sink_close(struct vr_sink *sink)
{
	struct stat st;
	int ret = 0;

	note(&ret, ferror(sink->out));
	if (sink->out != sink->file)
		note(&ret, fclose(sink->out));
	note(&ret, fflush(sink->file));
	note(&ret, ferror(sink->file));
	if (sink->file != stdout) {
		if (ret && fstat(fileno(sink->file), &st) == 0 && S_ISREG(st.st_mode))
			unlink(sink->path);
		note(&ret, fclose(sink->file));
	}
	free(sink->path);
	return ret;
}
