#include "lib/dns/wire.h"

enum {
	POINTER = 0xc0,          /* first byte of a compression pointer */
	TEXT_NAME_MAX = 4 * 255, /* a name of which every byte is escaped */
};

bool wire_bytes(struct wire *w, size_t n, const uint8_t **out)
{
	if (n > w->packet.n - w->at)
		return false;
	*out = (const uint8_t *)w->packet.p + w->at;
	w->at += n;
	return true;
}

bool wire_8(struct wire *w, uint8_t *out)
{
	const uint8_t *p;

	if (!wire_bytes(w, 1, &p))
		return false;
	*out = p[0];
	return true;
}

bool wire_16(struct wire *w, uint16_t *out)
{
	const uint8_t *p;

	if (!wire_bytes(w, 2, &p))
		return false;
	*out = (uint16_t)(p[0] << 8 | p[1]);
	return true;
}

bool wire_32(struct wire *w, uint32_t *out)
{
	uint16_t high, low;

	if (!wire_16(w, &high) || !wire_16(w, &low))
		return false;
	*out = (uint32_t)high << 16 | low;
	return true;
}

/*
 * Follows the pointer that begins with `first`. It must lead to before *start, where the name (or
 * what the last pointer led to) begins, so that no loop is possible.
 */
static bool jump(struct wire *w, uint8_t first, size_t *start)
{
	size_t to;
	uint8_t low;

	if (!wire_8(w, &low))
		return false;
	to = (size_t)(first & ~POINTER) << 8 | low;
	if (to < WIRE_HEADER || to >= *start)
		return false;
	*start = w->at = to;
	return true;
}

/* The callers see to it that all labels together are no longer than a name may be. */
static void add_label(struct wire_name *to, const void *p, size_t n)
{
	to->p[to->n++] = (uint8_t)n;
	memcpy(to->p + to->n, p, n);
	to->n += n;
}

bool wire_name(struct wire *w, struct wire_name *out)
{
	size_t start = w->at, behind = 0;
	const uint8_t *label;
	uint8_t n = 1;

	out->n = 0;
	while (wire_8(w, &n) && n) {
		if ((n & POINTER) == POINTER) {
			behind = behind ? behind : w->at + 1;
			if (!jump(w, n, &start))
				return false;
			continue;
		}
		if (n > DNS_LABEL_MAX || out->n + n + 1u > DNS_NAME_MAX + 1 ||
		    !wire_bytes(w, n, &label))
			return false;
		add_label(out, label, n);
	}
	if (n)
		return false;
	w->at = behind ? behind : w->at;
	return true;
}

struct wire_name wire_name_of(struct str text)
{
	struct wire_name name = { .n = 0 };

	while (text.n) {
		struct str label = str_cut(&text, '.');

		add_label(&name, label.p, label.n);
	}
	return name;
}

/* Lengths of labels are no letters, so they can be compared as bytes are. */
bool wire_name_eq(const struct wire_name *x, const struct wire_name *y)
{
	return str_ieq((struct str){ (const char *)x->p, x->n },
		       (struct str){ (const char *)y->p, y->n });
}

static bool label_next(const struct wire_name *name, size_t *at, struct str *label)
{
	if (*at >= name->n)
		return false;
	*label = (struct str){ (const char *)name->p + *at + 1, name->p[*at] };
	*at += 1u + name->p[*at];
	return true;
}

/* `special`: what a backslash stands before; what cannot be printed is a number in any case. */
static void add_byte(struct buf *b, char c, const char *special)
{
	uint8_t byte = (uint8_t)c;

	if (byte <= ' ' || byte >= 127)
		buf_addf(b, "\\%03u", byte);
	else
		buf_addf(b, strchr(special, c) ? "\\%c" : "%c", c);
}

struct str wire_name_host(struct arena *a, const struct wire_name *name)
{
	struct str label;
	struct buf b;

	buf_init(&b, a, TEXT_NAME_MAX);
	for (size_t at = 0; label_next(name, &at, &label);) {
		if (b.n)
			buf_addc(&b, '.');
		for (size_t i = 0; i < label.n; i++) {
			if (label.p[i] == '.' || label.p[i] == '\\')
				buf_addf(&b, "\\%03u", (uint8_t)label.p[i]);
			else
				add_byte(&b, ascii_lower(label.p[i]), "");
		}
	}
	return buf_str(&b);
}

void wire_name_add(struct buf *b, const struct wire_name *name)
{
	struct str label;

	for (size_t at = 0; label_next(name, &at, &label); buf_addc(b, '.'))
		for (size_t i = 0; i < label.n; i++)
			add_byte(b, label.p[i], "\"().;\\");
	if (name->n == 0)
		buf_addc(b, '.');
}
