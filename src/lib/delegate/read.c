#include "lib/delegate/delegate.h"

#include "base/utf8.h"

static const char *const names[DELEGATE_ATTRIBUTES] = {
	[DELEGATE_REQUEST] = "request",
	[DELEGATE_INSTANCE] = "instance",
	[DELEGATE_CLIENT_ADDRESS] = "client_address",
	[DELEGATE_HELO_NAME] = "helo_name",
	[DELEGATE_SENDER] = "sender",
	[DELEGATE_RECIPIENT] = "recipient",
	[DELEGATE_TESTTIME] = "testtime",
};

struct str delegate_value(const struct delegate_reader *r, enum delegate_attribute which)
{
	return (struct str){ r->values[which].p, r->values[which].n };
}

struct str delegate_line(const struct delegate_reader *r)
{
	return (struct str){ r->line, r->line_n < sizeof(r->line) ? r->line_n : sizeof(r->line) };
}

bool delegate_inside(const struct delegate_reader *r)
{
	return r->lines > 0 || r->line_n > 0;
}

void delegate_again(struct delegate_reader *r)
{
	memset(r, 0, sizeof(*r));
}

static void keep(struct delegate_value *v, struct str value)
{
	value = value.n > DELEGATE_VALUE_MAX ? utf8_cut(value, DELEGATE_VALUE_MAX) : value;
	v->n = value.n;
	if (value.n)
		memcpy(v->p, value.p, value.n);
}

/* False if the line is no attribute. A name that is cut is none that anybody asks for. */
static bool take_line(struct delegate_reader *r)
{
	struct str value = delegate_line(r);
	struct str name = str_cut(&value, '=');

	if (!value.p || !name.n)
		return false;
	for (size_t i = 0; i < DELEGATE_ATTRIBUTES; i++)
		if (str_eq(name, str_of(names[i])))
			keep(&r->values[i], value);
	return true;
}

/* Moves what belongs to the line from *in into the reader; true when its end was there. */
static bool read_line(struct delegate_reader *r, struct str *in)
{
	ptrdiff_t lf = str_chr(*in, '\n');
	size_t n = lf < 0 ? in->n : (size_t)lf;

	for (size_t i = 0; i < n && r->line_n + i < sizeof(r->line); i++)
		r->line[r->line_n + i] = in->p[i];
	r->line_n += n;
	*in = str_from(*in, lf < 0 ? n : n + 1);
	return lf >= 0;
}

enum delegate_event delegate_read(struct delegate_reader *r, struct str *in)
{
	if (r->reported)
		r->line_n = 0;
	r->reported = false;
	while (in->n) {
		if (!read_line(r, in))
			return DELEGATE_MORE;
		if (r->line_n == 0)
			return DELEGATE_COMPLETE;
		if (++r->lines > DELEGATE_LINES_MAX)
			return DELEGATE_TOO_LONG;
		r->reported = !take_line(r);
		if (r->reported)
			return DELEGATE_BAD_LINE;
		r->line_n = 0;
	}
	return DELEGATE_MORE;
}

void delegate_answer(struct buf *to, struct str action)
{
	buf_addz(to, "action=");
	for (size_t i = 0; i < action.n; i++)
		buf_addc(to, (unsigned char)action.p[i] < ' ' || action.p[i] == 0x7f ? ' '
										     : action.p[i]);
	buf_addz(to, "\n\n");
}
