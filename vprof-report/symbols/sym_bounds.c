/* Function bounds out of .eh_frame: libdw splits it into entries, the two
 * addresses that an entry (FDE) begins with are read here.  dwarf_cfi_addrframe()
 * would know them too, but interprets the unwind program of the function. */
#include "symbols/sym_bounds.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <gelf.h>
#include <string.h>

#include "symbols/sym_elf.h"

#define UNUSABLE 0xff /* an encoding nobody writes for functions, or damage */

struct frames {
	const unsigned char *ident; /* of the ELF file */
	Elf_Data *data;
	uint64_t address; /* of data->d_buf in memory */
	Dwarf_Off cie;	  /* the last one asked for, and its encoding */
	uint8_t encoding;
};

static size_t encoded_size(const struct frames *frames, uint8_t encoding)
{
	switch (encoding & 0x07) {
	case DW_EH_PE_absptr:
		return frames->ident[EI_CLASS] == ELFCLASS64 ? 8 : 4;
	case DW_EH_PE_udata2:
		return 2;
	case DW_EH_PE_udata4:
		return 4;
	case DW_EH_PE_udata8:
		return 8;
	default:
		return 0; /* LEB128 */
	}
}

/* The encoding of addresses in the FDEs of a CIE. */
static uint8_t encoding_of(const struct frames *frames, const Dwarf_CIE *cie)
{
	const char *letter = cie->augmentation;
	const uint8_t *at = cie->augmentation_data;
	size_t left, skip;

	if (!letter[0])
		return DW_EH_PE_absptr;
	if (letter[0] != 'z')
		return UNUSABLE;
	left = cie->augmentation_data_size;
	while (*++letter && left) {
		if (*letter == 'R')
			return *at;
		if (*letter == 'P') {
			skip = 1 + encoded_size(frames, *at);
			if (skip == 1 || skip > left || *at == DW_EH_PE_aligned)
				return UNUSABLE;
		} else if (*letter == 'L') {
			skip = 1;
		} else if (*letter == 'S' || *letter == 'B') {
			skip = 0;
		} else {
			return UNUSABLE;
		}
		at += skip;
		left -= skip;
	}
	return *letter ? UNUSABLE : DW_EH_PE_absptr;
}

/* The same of the CIE at `offset`; most FDEs share it with the one before. */
static uint8_t encoding_at(struct frames *frames, Dwarf_Off offset)
{
	Dwarf_CFI_Entry entry;
	Dwarf_Off next;

	if (offset == frames->cie)
		return frames->encoding;
	frames->cie = offset;
	frames->encoding = UNUSABLE;
	if (offset < frames->data->d_size &&
	    dwarf_next_cfi(frames->ident, frames->data, true, offset, &next, &entry) == 0 &&
	    dwarf_cfi_cie_p(&entry))
		frames->encoding = encoding_of(frames, &entry.cie);
	return frames->encoding;
}

/* Reads a number of 2, 4 or 8 bytes. */
static uint64_t number(const uint8_t *at, size_t size, int is_signed)
{
	uint64_t value = 0;

	for (size_t i = size; i-- > 0;)
		value = value << 8 | at[i];
	if (is_signed && size < 8 && value >> (size * 8 - 1))
		value |= UINT64_MAX << (size * 8);
	return value;
}

static int add_function(struct frames *frames, const Dwarf_FDE *fde, struct vr_ranges *bounds)
{
	uint8_t encoding = encoding_at(frames, fde->CIE_pointer);
	uint8_t base = encoding & 0xf0; /* the top bit: the address of the address */
	size_t size = encoded_size(frames, encoding);
	uint64_t lo, length;

	if (encoding == UNUSABLE || !size || (base != 0 && base != DW_EH_PE_pcrel) ||
	    (size_t)(fde->end - fde->start) < 2 * size)
		return 0;
	lo = number(fde->start, size, encoding & DW_EH_PE_signed);
	if (base == DW_EH_PE_pcrel)
		lo +=
		    frames->address + (uint64_t)(fde->start - (const uint8_t *)frames->data->d_buf);
	if (frames->ident[EI_CLASS] == ELFCLASS32)
		lo &= 0xffffffffu;
	length = number(fde->start + size, size, 0);
	return vr_ranges_add(bounds, lo, lo + length, 0);
}

/* 1: libdw takes four zero bytes for the end; some linkers leave them between
 * the tables of two files. */
static int is_terminator(const Elf_Data *data, Dwarf_Off at)
{
	return at + 4 <= data->d_size && !memcmp((const char *)data->d_buf + at, "\0\0\0\0", 4);
}

static int add_functions(struct frames *frames, struct vr_ranges *bounds)
{
	Dwarf_Off at = 0, next;
	int ret = 0;

	while (!ret && at < frames->data->d_size) {
		Dwarf_CFI_Entry entry;
		int got;

		next = at;
		if (is_terminator(frames->data, at)) {
			at += 4;
			continue;
		}
		got = dwarf_next_cfi(frames->ident, frames->data, true, at, &next, &entry);
		if (got > 0 || next <= at)
			break;
		if (got == 0 && !dwarf_cfi_cie_p(&entry))
			ret = add_function(frames, &entry.fde, bounds);
		at = next;
	}
	return ret;
}

int vr_bounds_load(struct vr_ranges *bounds, Elf *elf)
{
	struct frames frames = {.cie = (Dwarf_Off)-1, .encoding = UNUSABLE};
	GElf_Shdr header;
	Elf_Scn *section = vr_elf_section(elf, ".eh_frame", &header);
	int ret;

	frames.data = section ? elf_rawdata(section, NULL) : NULL;
	frames.ident = (const unsigned char *)elf_getident(elf, NULL);
	/* A separate debug file names the section and leaves out its bytes. */
	if (!frames.data || !frames.data->d_buf || !frames.ident ||
	    frames.ident[EI_DATA] != ELFDATA2LSB)
		return 0;
	frames.address = header.sh_addr;
	ret = add_functions(&frames, bounds);
	vr_ranges_sort(bounds);
	vr_ranges_cut(bounds);
	return ret;
}
