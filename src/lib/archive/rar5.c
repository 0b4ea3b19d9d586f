#include "lib/archive/rar5.h"

/* Of the format's description: block types, flags of all blocks, records of extra areas. */
enum {
	BLOCK_MAIN = 1,
	BLOCK_FILE = 2,
	BLOCK_SERVICE = 3,
	BLOCK_ENCRYPTION = 4,
	BLOCK_END = 5,
	HAS_EXTRA = 1,
	HAS_DATA = 2,
	EXTRA_ENCRYPTION = 1,
	CRC_BYTES = 4,
};

/* Seven bits a byte, lowest first; false if it does not end in time. */
static bool number(struct str *s, uint64_t *out)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < 10 && i < s->n; i++) {
		unsigned char c = (unsigned char)s->p[i];

		v |= (uint64_t)(c & 0x7f) << (7 * i);
		if (c & 0x80)
			continue;
		*s = str_from(*s, i + 1);
		*out = v;
		return true;
	}
	return false;
}

/* The extra area: records with their size in front. */
static bool has_encryption_record(struct str extra)
{
	uint64_t size, type;

	while (number(&extra, &size) && size <= extra.n) {
		struct str record = str_sub(extra, 0, (size_t)size);

		if (number(&record, &type) && type == EXTRA_ENCRYPTION)
			return true;
		extra = str_from(extra, (size_t)size);
	}
	return false;
}

struct block {
	uint64_t type, extra, data;
	struct str header; /* what follows its size */
};

/* Takes a block with its data off the front. */
static bool next_block(struct str *rest, struct block *b)
{
	uint64_t size, flags;
	struct str h = str_from(*rest, CRC_BYTES);

	*b = (struct block){ 0 };
	if (!number(&h, &size) || size > h.n)
		return false;
	*rest = str_from(h, (size_t)size);
	b->header = h = str_sub(h, 0, (size_t)size);
	if (!number(&h, &b->type) || !number(&h, &flags))
		return false;
	if ((flags & HAS_EXTRA) && (!number(&h, &b->extra) || b->extra > h.n))
		return false;
	if ((flags & HAS_DATA) && !number(&h, &b->data))
		return false;
	if (b->data > rest->n)
		return false;
	*rest = str_from(*rest, (size_t)b->data);
	return true;
}

static bool is_encrypted(const struct block *b)
{
	if (b->type == BLOCK_ENCRYPTION)
		return true;
	return (b->type == BLOCK_FILE || b->type == BLOCK_SERVICE) &&
	       has_encryption_record(str_from(b->header, b->header.n - (size_t)b->extra));
}

/* A block is looked at even if its data is not all there. Some writers leave the end block out. */
enum rar5_state rar5_check(struct str bytes)
{
	const struct str signature = STR("Rar!\x1a\x07\x01\x00");
	struct block b = { 0 };
	bool whole;

	if (!str_starts(bytes, signature))
		return RAR5_FINE;
	bytes = str_from(bytes, signature.n);
	do {
		whole = next_block(&bytes, &b);
		if (is_encrypted(&b))
			return RAR5_ENCRYPTED;
	} while (whole && bytes.n && b.type != BLOCK_END);
	return whole && b.type != BLOCK_MAIN ? RAR5_FINE : RAR5_CUT;
}
