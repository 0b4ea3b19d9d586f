/*
 * Addresses in header fields (RFC 5322, 3.4), read leniently. One pass: a quote or a parenthesis
 * without its end is an ordinary byte, and that is found out only once.
 */
#include "base/buf.h"
#include "lib/mime/mime_int.h"

struct reader {
	struct arena *a;
	struct str rest;
	struct buf words, comment; /* what stands outside <> and (): quotes are kept in `words` */
	struct str angle;          /* what stands in the first <> */
	bool has_angle;
	bool no_quote_end, no_comment_end;
	bool has_at; /* in `words` */
	struct str group;
	VEC(struct mime_address) found;
};

/* Length of the quoted string at the front, quotes included; 0 if it has no end. */
static size_t quoted_length(struct str s)
{
	for (size_t i = 1; i < s.n; i++) {
		if (s.p[i] == '\\')
			i++;
		else if (s.p[i] == '"')
			return i + 1;
	}
	return 0;
}

static size_t comment_length(struct str s)
{
	unsigned depth = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\\')
			i++;
		else if (s.p[i] == '(')
			depth++;
		else if (s.p[i] == ')' && --depth == 0)
			return i + 1;
	}
	return 0;
}

static struct str take(struct str *s, size_t n)
{
	struct str taken = str_sub(*s, 0, n);

	*s = str_from(*s, n);
	return taken;
}

static bool take_quoted(struct reader *r, struct str *out)
{
	size_t n = r->no_quote_end ? 0 : quoted_length(r->rest);

	r->no_quote_end |= !n;
	*out = take(&r->rest, n);
	return n;
}

static bool take_comment(struct reader *r, struct str *out)
{
	size_t n = r->no_comment_end ? 0 : comment_length(r->rest);

	r->no_comment_end |= !n;
	*out = take(&r->rest, n);
	return n;
}

/* What follows "<", up to ">" or, where that is missing, to the next comma. */
static struct str take_angle(struct reader *r)
{
	struct str inside = { r->rest.p + 1, 0 }, skipped;

	take(&r->rest, 1);
	while (r->rest.n && *r->rest.p != '>' && *r->rest.p != '<') {
		if (*r->rest.p != '"' || !take_quoted(r, &skipped))
			take(&r->rest, 1);
	}
	inside.n = (size_t)(r->rest.p - inside.p);
	if (r->rest.n && *r->rest.p == '>') {
		take(&r->rest, 1);
	} else if (str_chr(inside, ',') >= 0) {
		r->rest.n += inside.n - (size_t)str_chr(inside, ',');
		inside.n = (size_t)str_chr(inside, ',');
		r->rest.p = inside.p + inside.n;
	}
	return inside;
}

/* An address without blanks, comments and the route of RFC 821. */
static struct str clean_addr(struct arena *a, struct str s)
{
	struct reader r = { .a = a, .rest = str_trim(s) };
	ptrdiff_t colon = str_chr(r.rest, ':');
	struct str skipped;
	struct buf b;

	if (r.rest.n && *r.rest.p == '@' && colon >= 0)
		take(&r.rest, (size_t)colon + 1);
	buf_init(&b, a, SIZE_MAX);
	while (r.rest.n) {
		char c = *r.rest.p;

		if (c == '"' && take_quoted(&r, &skipped))
			buf_add(&b, skipped);
		else if (c == '(' && take_comment(&r, &skipped))
			continue;
		else if (ascii_is_blank(c))
			take(&r.rest, 1);
		else
			buf_add(&b, take(&r.rest, 1));
	}
	return buf_str(&b);
}

/* For people to read: no quotes and backslashes, and one blank where there were several. */
static struct str display(struct arena *a, struct str s)
{
	char *to = arena_alloc(a, s.n);
	bool quoted = false;
	size_t i, n = 0;

	for (i = 0; i < s.n; i++) {
		if (s.p[i] == '"') {
			quoted = !quoted;
			continue;
		}
		if (s.p[i] == '\\' && i + 1 < s.n)
			i++;
		else if (!quoted && n && ascii_is_blank(s.p[i]) && ascii_is_blank(to[n - 1]))
			continue;
		to[n++] = s.p[i];
	}
	return mime_text_decode(a, (struct str){ to, n });
}

static void add(struct reader *r, struct str name, struct str addr)
{
	if (r->found.n < MIME_ADDRESSES_MAX)
		vec_add(r->a, &r->found, ((struct mime_address){ name, addr, r->group }));
}

/* A word around "@", with the blanks that some put around it and around dots. */
static size_t word_length(struct str s, bool *no_quote_end)
{
	size_t i, last = 0;

	for (i = 0; i < s.n; i++) {
		bool quote = s.p[i] == '"' && !*no_quote_end, blank = ascii_is_blank(s.p[i]);
		size_t quoted = quote ? quoted_length(str_from(s, i)) : 0;

		if (!blank && last && i > last && s.p[i] != '@' && s.p[i] != '.' &&
		    s.p[last - 1] != '@' && s.p[last - 1] != '.')
			return last;
		*no_quote_end |= quote && !quoted;
		i += quoted ? quoted - 1 : 0;
		last = blank ? last : i + 1;
	}
	return last;
}

/* Words outside <>: each with "@" in it is an address, for want of commas. */
static void add_bare(struct reader *r, struct str words, struct str comment)
{
	bool no_quote_end = false;

	while (words.n) {
		struct str word;

		words = str_ltrim(words);
		word = take(&words, word_length(words, &no_quote_end));
		if (str_chr(word, '@') >= 0)
			add(r, comment, clean_addr(r->a, word));
	}
}

static void finish(struct reader *r)
{
	struct str words = str_trim(str_copy(r->a, buf_str(&r->words)));
	struct str comment = str_trim(buf_str(&r->comment));

	if (comment.n)
		comment = display(r->a, str_copy(r->a, comment));
	if (r->has_angle)
		add(r, words.n ? display(r->a, words) : comment, clean_addr(r->a, r->angle));
	else
		add_bare(r, words, comment);
	r->words.n = r->comment.n = 0;
	r->has_angle = r->has_at = false;
}

/* A colon ends the name of a group, but not in an address or an address literal. */
static bool is_group_colon(const struct reader *r)
{
	return !r->has_angle && !r->has_at && !r->group.n && str_trim(buf_str(&r->words)).n;
}

static void begin_group(struct reader *r)
{
	r->group = display(r->a, str_trim(buf_str(&r->words)));
	r->words.n = 0;
}

static void step(struct reader *r)
{
	char c = *r->rest.p;
	struct str taken;

	if (c == '"' && take_quoted(r, &taken)) {
		buf_add(&r->words, taken);
	} else if (c == '(' && take_comment(r, &taken)) {
		buf_add(&r->comment, str_sub(taken, 1, taken.n - 2));
		buf_addc(&r->words, ' ');
	} else if (c == '<') {
		taken = take_angle(r);
		if (!r->has_angle)
			r->angle = taken;
		r->has_angle = true;
	} else if (c == ',' || c == ';') {
		finish(r);
		if (c == ';')
			r->group = STR("");
		take(&r->rest, 1);
	} else if (c == ':' && is_group_colon(r)) {
		begin_group(r);
		take(&r->rest, 1);
	} else {
		r->has_at |= c == '@';
		buf_add(&r->words, take(&r->rest, 1));
	}
}

struct mime_addresses mime_address_list(struct arena *a, struct str value)
{
	struct reader r = { .a = a, .rest = mime_unfold(a, value), .group = STR("") };

	buf_init(&r.words, a, SIZE_MAX);
	buf_init(&r.comment, a, SIZE_MAX);
	while (r.rest.n && r.found.n < MIME_ADDRESSES_MAX)
		step(&r);
	finish(&r);
	return (struct mime_addresses){ r.found.p, r.found.n };
}

/* Comments and quoted strings left out, but for a quoted local part. */
static struct str without_names(struct arena *a, struct str value)
{
	struct reader r = { .a = a, .rest = value };
	struct str taken;
	struct buf b;

	buf_init(&b, a, SIZE_MAX);
	while (r.rest.n) {
		char c = *r.rest.p;

		if (c == '(' && take_comment(&r, &taken))
			continue;
		if (c != '"' || !take_quoted(&r, &taken))
			buf_add(&b, take(&r.rest, 1));
		else if (r.rest.n && *r.rest.p == '@')
			buf_add(&b, taken);
	}
	return buf_str(&b);
}

/* "Name: members;" */
static struct str without_group(struct str s)
{
	ptrdiff_t colon = str_chr(s, ':'), at = str_chr(s, '@'), angle = str_chr(s, '<');

	if (colon < 0 || !str_ends(s, STR(";")) || (at >= 0 && at < colon) ||
	    (angle >= 0 && angle < colon))
		return s;
	s.n--;
	return str_from(s, (size_t)colon + 1);
}

static struct str single_dots(struct arena *a, struct str s)
{
	char *to = arena_alloc(a, s.n);
	size_t i, n = 0;

	for (i = 0; i < s.n; i++)
		if (s.p[i] != '.' || n == 0 || to[n - 1] != '.')
			to[n++] = s.p[i];
	return (struct str){ to, n };
}

struct str mime_address_first(struct arena *a, struct str value)
{
	struct str s = without_group(str_trim(without_names(a, mime_unfold(a, value))));
	ptrdiff_t open = str_chr(s, '<');

	if (open >= 0) {
		s = str_from(s, (size_t)open + 1);
		s = str_cut(&s, '>');
	} else {
		s = str_cut(&s, ',');
	}
	return single_dots(a, str_trim(s));
}
