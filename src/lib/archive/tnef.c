#include "lib/archive/tnef.h"

#include "base/buf.h"
#include "base/utf8.h"

/* Attributes, with the type in the upper half; MAPI properties and their types. */
enum {
	SIGNATURE = 0x223e9f78,
	ATT_RENDERING = 0x00069002, /* an attachment begins */
	ATT_TITLE = 0x00018010,
	ATT_DATA = 0x0006800f,
	ATT_PROPERTIES = 0x00069005,
	PR_DATA_OBJECT = 0x3701,
	PR_FILENAME = 0x3704,
	PR_LONG_FILENAME = 0x3707,
	PT_STRING = 0x1e,
	PT_UNICODE = 0x1f,
	PT_OBJECT = 0x0d,
	PT_BINARY = 0x102,
	PT_MULTIPLE = 0x1000,
	GUID_BYTES = 16,
	NAMED_FIRST = 0x8000,
	NAME_MAX_BYTES = 4096,
};

static bool take(struct str *s, size_t n, struct str *out)
{
	*out = str_sub(*s, 0, n);
	*s = str_from(*s, n);
	return out->n == n;
}

static bool number(struct str *s, size_t bytes, uint32_t *out)
{
	struct str raw;

	*out = 0;
	if (!take(s, bytes, &raw))
		return false;
	for (size_t i = bytes; i > 0; i--)
		*out = *out << 8 | (unsigned char)raw.p[i - 1];
	return true;
}

void tnef_open(struct tnef *t, struct arena *a, struct str bytes)
{
	uint32_t signature, key;

	*t = (struct tnef){ .a = a, .rest = bytes };
	if (number(&t->rest, 4, &signature) && number(&t->rest, 2, &key) && signature == SIGNATURE)
		return;
	t->rest = STR_NONE;
	t->cut = true;
}

static struct str up_to_nul(struct str s)
{
	ptrdiff_t nul = str_chr(s, '\0');

	return nul < 0 ? s : str_sub(s, 0, (size_t)nul);
}

/* Surrogates in pairs are one character; what is none becomes U+FFFD. */
static struct str from_utf16(struct arena *a, struct str s)
{
	char utf8[UTF8_MAX];
	uint32_t unit, low;
	struct buf b;

	buf_init(&b, a, NAME_MAX_BYTES);
	while (number(&s, 2, &unit) && unit) {
		if (unit >= 0xd800 && unit < 0xdc00) {
			struct str after = s;

			if (number(&after, 2, &low) && low >= 0xdc00 && low < 0xe000) {
				unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
				s = after;
			}
		}
		if (unit >= 0xd800 && unit < 0xe000)
			unit = UTF8_REPLACEMENT;
		buf_add(&b, (struct str){ utf8, utf8_put(utf8, unit) });
	}
	return buf_str(&b);
}

struct property {
	uint32_t id, type;
	struct str value;
};

/* Bytes that a value without a length of its own takes, 0 if it has one. */
static uint32_t fixed_size(uint32_t type)
{
	switch (type) {
	case PT_STRING:
	case PT_UNICODE:
	case PT_OBJECT:
	case PT_BINARY:
		return 0;
	case 0x05: /* double */
	case 0x06: /* currency */
	case 0x07: /* application time */
	case 0x14: /* 64 bits */
	case 0x40: /* time */
		return 8;
	case 0x48: /* GUID */
		return GUID_BYTES;
	default:
		return 4;
	}
}

static bool padded(struct str *s, uint32_t n, struct str *out)
{
	struct str padding;

	return take(s, n, out) && (n % 4 == 0 || take(s, 4 - n % 4, &padding));
}

static bool skip_name(struct str *s)
{
	struct str skipped;
	uint32_t kind, n;

	if (!take(s, GUID_BYTES, &skipped) || !number(s, 4, &kind) || !number(s, 4, &n))
		return false;
	return kind == 0 || padded(s, n, &skipped);
}

/* All values of a property; the last one stays. */
static bool values(struct str *s, struct property *p)
{
	uint32_t size = fixed_size(p->type & ~(uint32_t)PT_MULTIPLE), count = 1, n;

	if ((!size || (p->type & PT_MULTIPLE)) && !number(s, 4, &count))
		return false;
	for (uint32_t i = 0; i < count; i++) {
		n = size;
		if (!n && !number(s, 4, &n))
			return false;
		if (!padded(s, n, &p->value))
			return false;
	}
	return true;
}

static bool next_property(struct str *s, struct property *p)
{
	*p = (struct property){ 0 };
	if (!number(s, 2, &p->type) || !number(s, 2, &p->id))
		return false;
	if (p->id >= NAMED_FIRST && !skip_name(s))
		return false;
	return values(s, p);
}

static void set_name(struct tnef *t, const struct property *p)
{
	struct str name = STR_NONE;

	if (p->type == PT_UNICODE)
		name = from_utf16(t->a, p->value);
	else if (p->type == PT_STRING)
		name = up_to_nul(p->value);
	if (name.n && (p->id == PR_LONG_FILENAME || !t->file.name.n))
		t->file.name = name;
}

static void properties(struct tnef *t, struct str s)
{
	struct property p;
	uint32_t count;

	if (!number(&s, 4, &count))
		return;
	while (count-- && next_property(&s, &p)) {
		if (p.id == PR_LONG_FILENAME || p.id == PR_FILENAME)
			set_name(t, &p);
		if (p.id == PR_DATA_OBJECT && p.type == PT_OBJECT)
			t->file.data = str_from(p.value, GUID_BYTES);
		else if (p.id == PR_DATA_OBJECT && !t->file.data.n)
			t->file.data = p.value;
	}
}

static bool attribute(struct tnef *t, uint32_t *id, struct str *data)
{
	uint32_t level, size, checksum;

	if (!number(&t->rest, 1, &level))
		return false;
	if (number(&t->rest, 4, id) && number(&t->rest, 4, &size) && take(&t->rest, size, data) &&
	    number(&t->rest, 2, &checksum))
		return true;
	t->cut = true;
	return false;
}

static void apply(struct tnef *t, uint32_t id, struct str data)
{
	t->open |= id == ATT_TITLE || id == ATT_DATA || id == ATT_PROPERTIES;
	if (id == ATT_TITLE)
		t->file.title = up_to_nul(data);
	else if (id == ATT_DATA)
		t->file.data = data;
	else if (id == ATT_PROPERTIES)
		properties(t, data);
}

bool tnef_next(struct tnef *t, struct tnef_file *out)
{
	struct str data;
	uint32_t id;
	bool was_open;

	while (attribute(t, &id, &data)) {
		if (id != ATT_RENDERING) {
			apply(t, id, data);
			continue;
		}
		was_open = t->open;
		*out = t->file;
		t->file = (struct tnef_file){ 0 };
		t->open = true;
		if (was_open)
			return true;
	}
	was_open = t->open;
	*out = t->file;
	t->open = false;
	return was_open;
}
