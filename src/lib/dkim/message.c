#include "base/vec.h"
#include "lib/dkim/dkim_int.h"

struct dkim_body_hash {
	struct dkim_body_hash *next;
	bool relaxed, sha1;
	int64_t room;
	uint64_t length;
	struct dkim_hash hash;
};

static bool is_folded(struct str rest)
{
	return rest.n && (rest.p[0] == ' ' || rest.p[0] == '\t');
}

/* The next field with its continuation lines, without its last line end. */
static struct str next_field(struct str *rest)
{
	struct str field = *rest, line;

	str_line(rest, &line);
	while (is_folded(*rest))
		str_line(rest, &line);
	field.n = (size_t)(line.p + line.n - field.p);
	return field;
}

static struct dkim_field make_field(struct str whole)
{
	ptrdiff_t colon = str_chr(whole, ':');
	struct dkim_field f = { .whole = whole };

	if (colon < 0)
		return f;
	f.name = str_rtrim(str_sub(whole, 0, (size_t)colon));
	f.value = str_from(whole, (size_t)colon + 1);
	return f;
}

/* "From somebody when": the line that mailbox files begin with, and no field that says "From :". */
static bool is_envelope(struct str raw)
{
	struct str line;

	return str_starts(raw, STR("From ")) && str_line(&raw, &line) &&
	       !str_eq(make_field(line).name, STR("From"));
}

void dkim_fields_read(struct arena *a, struct str raw, struct dkim_field **fields, size_t *n,
		      struct str *body)
{
	struct str rest = str_sub(raw, 0, DKIM_HEADER_MAX), line = STR_NONE, after;
	VEC(struct dkim_field) found = { 0 };

	if (is_envelope(rest))
		str_line(&rest, &line);
	while (rest.n) {
		after = rest;
		str_line(&after, &line);
		if (line.n == 0) {
			rest = after;
			break;
		}
		line = next_field(&rest);
		if (found.n < DKIM_FIELDS_MAX)
			vec_add(a, &found, make_field(line));
	}
	*fields = found.p;
	*n = found.n;
	*body = rest.n ? str_from(raw, (size_t)(rest.p - raw.p)) : STR_NONE;
}

struct dkim_message *dkim_message_read(struct arena *a, struct str raw, bool cut)
{
	struct dkim_message *m = NEW(a, struct dkim_message);

	m->a = a;
	dkim_fields_read(a, raw, &m->fields, &m->n, &m->body);
	/* A header that ends at our limit has been cut by us. */
	m->cut = cut || (m->body.n == 0 && raw.n > DKIM_HEADER_MAX);
	return m;
}

struct dkim_hash dkim_message_hash(struct dkim_message *m, bool relaxed, bool sha1, int64_t room,
				   uint64_t *length)
{
	struct dkim_body_hash *h;
	struct dkim_body b;

	for (h = m->hashes; h; h = h->next) {
		if (h->relaxed == relaxed && h->sha1 == sha1 && h->room == room) {
			*length = h->length;
			return h->hash;
		}
	}
	h = NEW(m->a, struct dkim_body_hash);
	*h = (struct dkim_body_hash){
		.next = m->hashes, .relaxed = relaxed, .sha1 = sha1, .room = room
	};
	dkim_body_open(m->a, &b, relaxed, sha1, room);
	dkim_body_add(&b, m->body);
	h->hash = dkim_body_done(&b);
	h->length = b.digest.length;
	m->hashes = h;
	*length = h->length;
	return h->hash;
}
