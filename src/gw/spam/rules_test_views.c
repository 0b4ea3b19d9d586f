/*
 * Views for the unit tests of the rule language: a mail says line by line what each view of it is,
 * so that a test of a rule depends on nothing else.
 *
 *	H Name: value	a header, plain value with a newline; `H Name:raw: …` another form
 *	B text		a line of body; the first is the subject
 *	U uri		R chunk of rawbody
 *	P name: value	starts a MIME part with that header
 */
#include "base/vec.h"
#include "gw/spam/views.h"

struct field {
	struct str name, value;
};

struct spam_message {
	struct arena *a;
	struct str raw;
	VEC(struct field) headers;
	VEC(struct str) body, uris, raw_body;
	VEC(const struct spam_part *) parts;
};

struct spam_networks {
	int unused;
};

struct spam_networks *spam_networks_new(struct arena *a)
{
	return NEW(a, struct spam_networks);
}

bool spam_networks_add(struct spam_networks *n, struct str word)
{
	(void)n;
	return word.n && ascii_is_digit(word.p[0]);
}

void spam_view_options_init(struct spam_view_options *o, const struct uri_domains *domains)
{
	*o = (struct spam_view_options){ .domains = domains };
}

static struct field field_of(struct arena *a, struct str text)
{
	ptrdiff_t colon = str_find(text, STR(": "));
	struct field f = { text, STR_NONE };

	if (colon < 0)
		return f;
	f.name = str_sub(text, 0, (size_t)colon);
	f.value = str_cat(a, str_from(text, (size_t)colon + 2), STR("\n"));
	return f;
}

static void line_add(struct spam_message *m, char kind, struct str text)
{
	struct field f = field_of(m->a, text);
	struct spam_part *part;

	if (kind == 'H') {
		vec_add(m->a, &m->headers, f);
	} else if (kind == 'B') {
		vec_add(m->a, &m->body, str_cat(m->a, text, STR("\n")));
	} else if (kind == 'U') {
		vec_add(m->a, &m->uris, text);
	} else if (kind == 'R') {
		vec_add(m->a, &m->raw_body, text);
	} else if (kind == 'P') {
		part = NEW(m->a, struct spam_part);
		part->name = f.name;
		part->type = f.value;
		vec_add(m->a, &m->parts, part);
	}
}

struct spam_message *spam_message_read(struct arena *a, const struct spam_mail *mail,
				       const struct spam_view_options *o)
{
	struct spam_message *m = NEW(a, struct spam_message);
	struct str rest = mail->raw, line;

	(void)o;
	m->a = a;
	m->raw = mail->raw;
	while (str_line(&rest, &line))
		if (line.n > 1)
			line_add(m, line.p[0], str_from(line, 2));
	for (size_t i = 0; i < mail->added_count; i++)
		vec_add(a, &m->headers,
			((struct field){ mail->added[i].name, mail->added[i].value }));
	return m;
}

struct spam_header_query spam_header_query_parse(struct str text)
{
	return (struct spam_header_query){ .name = text };
}

bool spam_header_text(struct spam_message *m, const struct spam_header_query *q, struct str *out)
{
	bool found = false;

	*out = STR("");
	for (size_t i = 0; i < m->headers.n; i++)
		if (str_ieq(m->headers.p[i].name, q->name)) {
			*out = str_cat(m->a, *out, m->headers.p[i].value);
			found = true;
		}
	return found;
}

struct spam_texts spam_body(struct spam_message *m)
{
	return (struct spam_texts){ m->body.p, m->body.n };
}

struct spam_texts spam_uris(struct spam_message *m)
{
	return (struct spam_texts){ m->uris.p, m->uris.n };
}

struct spam_texts spam_rawbody(struct spam_message *m)
{
	return (struct spam_texts){ m->raw_body.p, m->raw_body.n };
}

struct str spam_full(const struct spam_message *m)
{
	return m->raw;
}

const struct spam_part *const *spam_parts(struct spam_message *m, size_t *n)
{
	*n = m->parts.n;
	return m->parts.p;
}

bool spam_part_header(struct spam_message *m, const struct spam_part *part, struct str name,
		      bool raw, struct str *out)
{
	(void)m;
	(void)raw;
	if (!str_ieq(name, part->name))
		return false;
	*out = part->type;
	return true;
}
