#include "lib/html/entities.h"
#include "lib/html/html_int.h"

enum { MARKUP_MIN = 3 }; /* a shorter rest cannot be told from text yet */

void html_init(struct html_parser *p, struct arena *a,
	       void (*handle)(void *ctx, const struct html_event *ev), void *ctx)
{
	*p = (struct html_parser){ .a = a, .handle = handle, .ctx = ctx };
}

/* An element left open at the end of the input is closed before the next tag. */
void html_pending_end(struct html_parser *p)
{
	struct html_event ev = { .kind = HTML_END, .name = p->pending_end };

	p->pending_end = STR_NONE;
	if (ev.name.n && p->section != SECTION_IGNORE)
		p->handle(p->ctx, &ev);
}

void html_report(struct html_parser *p, const struct html_event *ev)
{
	if (p->section == SECTION_IGNORE)
		return;
	if (ev->kind != HTML_TEXT && ev->kind != HTML_COMMENT)
		html_pending_end(p);
	p->handle(p->ctx, ev);
}

void html_report_text(struct html_parser *p, struct str text)
{
	struct html_event ev = { .kind = HTML_TEXT, .text = text };

	if (!p->cdata)
		ev.text = html_entities_decode(p->a, text, HTML_ENTITY_TEXT, &ev.wide);
	html_report(p, &ev);
}

/* Length of the closing tag of the literal element at the `<` at `i`, 0 if it is none. */
static size_t literal_end(const struct html_parser *p, struct str s, size_t i)
{
	struct str name = str_of(p->literal->name);
	size_t at = i + 2;

	if (html_at(s, i + 1) != '/' || !str_ieq(str_sub(s, at, name.n), name) ||
	    str_eq(name, STR("plaintext")))
		return 0;
	at = html_skip_space(s, at + name.n);
	return html_at(s, at) == '>' ? at + 1 - i : 0;
}

/* Inside <script> and its like: true once its end was found and taken. */
static bool read_literal(struct html_parser *p)
{
	struct str s = p->text;

	for (size_t i = 0; i < s.n; i++) {
		const char *lt = memchr(s.p + i, '<', s.n - i);
		struct str name;
		size_t n;

		if (!lt)
			break;
		i = (size_t)(lt - s.p);
		n = literal_end(p, s, i);
		if (!n)
			continue;
		if (i > 0)
			html_report_text(p, str_sub(s, 0, i));
		name = str_of(p->literal->name);
		p->literal = NULL;
		p->cdata = false;
		html_report(p, &(struct html_event){ .kind = HTML_END, .name = name });
		p->text = str_from(s, i + n);
		return true;
	}
	return false;
}

static void close_section(struct html_parser *p)
{
	p->section_count--;
	p->section = SECTION_NONE;
	for (size_t i = 0; i < p->section_count; i++)
		if (p->sections[i] > p->section)
			p->section = p->sections[i];
	p->cdata = p->section == SECTION_CDATA;
}

/* Takes text up to the "]]>" at `i`. */
static void end_section(struct html_parser *p, size_t i)
{
	if (i > 0)
		html_report_text(p, str_sub(p->text, 0, i));
	html_pending_end(p);
	close_section(p);
	p->text = str_from(p->text, i + 3);
}

static bool read_cdata(struct html_parser *p)
{
	ptrdiff_t end = str_find(p->text, STR("]]>"));

	if (end < 0)
		return false;
	end_section(p, (size_t)end);
	return true;
}

/*
 * Text that ends where the input does: the last word waits, since it may go on, and so does white
 * space at the end.
 */
static size_t sure_text(struct str s)
{
	size_t n = s.n;

	if (n && !html_space(s.p[n - 1]))
		while (n && !html_space(s.p[n - 1]))
			n--;
	while (n && html_space(s.p[n - 1]))
		n--;
	return n;
}

/* Text up to the next markup; false if the input ends first. */
static bool read_text(struct html_parser *p)
{
	struct str s = p->text;
	size_t i = 0;

	while (i < s.n && s.p[i] != '<') {
		if (p->section && str_starts(str_from(s, i), STR("]]>"))) {
			end_section(p, i);
			return true;
		}
		i++;
	}
	if (i == s.n)
		i = sure_text(s);
	if (i > 0)
		html_report_text(p, str_sub(s, 0, i));
	p->text = str_from(s, i);
	return p->text.n >= MARKUP_MIN && *p->text.p == '<';
}

/* A `<` that is none: text up to the next one. */
static bool read_lone_lt(struct html_parser *p)
{
	struct str whole = p->text;
	bool more;

	/* Reported together with the text that follows it. */
	size_t i = 1;

	while (i < whole.n && whole.p[i] != '<') {
		if (p->section && str_starts(str_from(whole, i), STR("]]>"))) {
			end_section(p, i);
			return true;
		}
		i++;
	}
	more = i < whole.n;
	if (!more)
		i = sure_text(whole);
	if (i > 0)
		html_report_text(p, str_sub(whole, 0, i));
	p->text = str_from(whole, i);
	return more && p->text.n >= MARKUP_MIN;
}

static void read_all(struct html_parser *p)
{
	bool lone = false;

	for (;;) {
		size_t end;

		if (p->literal) {
			if (!read_literal(p))
				return;
			continue;
		}
		if (p->section == SECTION_CDATA || p->section == SECTION_RCDATA) {
			if (!read_cdata(p))
				return;
			continue;
		}
		if (!(lone ? read_lone_lt(p) : read_text(p)))
			return;
		lone = false;
		/* The end of a section may leave less than markup takes. */
		if (p->text.n < MARKUP_MIN || *p->text.p != '<')
			continue;
		switch (html_markup(p, p->text, &end)) {
		case HTML_TAKEN:
			p->text = str_from(p->text, end);
			break;
		case HTML_WAIT:
			return;
		case HTML_NOT_MARKUP:
			lone = true;
			break;
		}
	}
}

void html_feed(struct html_parser *p, struct str text)
{
	p->text = p->text.n ? str_cat(p->a, p->text, text) : text;
	read_all(p);
}

/* The rest inside an element that nobody closed; false if all of it is text. */
static bool end_literal(struct html_parser *p)
{
	const struct html_literal *l = p->literal;

	if (l->open_to_end)
		return false;
	p->literal = NULL;
	if (l->closed_at_end)
		html_report(p, &(struct html_event){ .kind = HTML_END, .name = str_of(l->name) });
	else
		p->pending_end = str_of(l->name);
	read_all(p);
	return true;
}

void html_end(struct html_parser *p)
{
	while (p->text.n) {
		if (p->literal) {
			if (!end_literal(p))
				break;
		} else if (*p->text.p == '<' && !p->short_comments) {
			p->short_comments = true;
			read_all(p);
		} else {
			break;
		}
	}
	if (p->text.n && !p->literal && html_may_be_markup(p->text))
		html_report(p, &(struct html_event){ .kind = HTML_COMMENT, .text = p->text });
	else if (p->text.n)
		html_report_text(p, p->text);
	p->text = STR_NONE;
	html_pending_end(p);
}

const struct html_attr *html_attr_find(const struct html_event *ev, const char *name)
{
	for (size_t i = 0; i < ev->attr_count; i++)
		if (str_eq(ev->attrs[i].name, str_of(name)))
			return &ev->attrs[i];
	return NULL;
}
