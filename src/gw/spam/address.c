#include "gw/spam/address.h"

#include "gw/spam/message_int.h"
#include "lib/uri/domains.h"

/* What one address in the list was made of, before it is judged. */
struct piece {
	struct str phrase, inside, bare, comment; /* `inside`: between < and > */
	size_t n;                                 /* octets it takes, delimiter included */
};

static size_t skip_space(struct str s, size_t i)
{
	while (i < s.n && is_space(s.p[i]))
		i++;
	return i;
}

static size_t skip_word(struct str s, size_t i)
{
	while (i < s.n && !is_space(s.p[i]))
		i++;
	return i;
}

/* After the quoted string or comment that opens at `i`; `i` if it does not close. */
static size_t skip_closed(struct str s, size_t i, char open, char close)
{
	size_t at = i + 1;

	if (i >= s.n || s.p[i] != open)
		return i;
	for (; at < s.n && s.p[at] != close; at++) {
		if (s.p[at] == open)
			return i;
		if (s.p[at] == '\\' && (++at >= s.n || s.p[at] == '\n'))
			return i;
	}
	return at < s.n ? at + 1 : i;
}

static size_t skip_quoted(struct str s, size_t i)
{
	return skip_closed(s, i, '"', '"');
}

static bool stops_phrase(char c)
{
	return c == '"' || c == ',' || c == ';' || c == '<';
}

static size_t skip_phrase(struct str s, size_t i)
{
	for (;;) {
		size_t next = skip_quoted(s, i);

		while (next < s.n && !stops_phrase(s.p[next]))
			next++;
		if (next == i)
			return i;
		i = next;
	}
}

/* A comment, perhaps, and then a delimiter or the end: the length up to there, 0 if not so. */
static size_t piece_end(struct str s, size_t i, struct str *comment)
{
	size_t open = skip_space(s, i), close = skip_closed(s, open, '(', ')');

	*comment = STR_NONE;
	if (close > open) {
		*comment = str_sub(s, open + 1, close - open - 2);
		i = close;
	}
	i = skip_space(s, i);
	if (i == s.n)
		return s.n;
	return s.p[i] == ',' || s.p[i] == ';' ? i + 1 : 0;
}

/* Some programs write the address twice, or empty brackets after it. */
static size_t skip_repeats(struct str s, size_t i)
{
	for (;;) {
		size_t at = skip_space(s, i), end;

		if (at >= s.n || s.p[at] != '<')
			return i;
		at = skip_space(s, at + 1);
		end = skip_word(s, skip_quoted(s, at));
		while (end > at && (end == s.n || s.p[end] != '>'))
			end--;
		if (end >= s.n || s.p[end] != '>')
			return i;
		i = end + 1;
	}
}

/* Tries `end` as the end of what is inside the brackets. */
static bool try_inside(struct str s, size_t start, size_t end, struct piece *p)
{
	size_t close = skip_space(s, end);

	if (close >= s.n || s.p[close] != '>')
		return false;
	p->n = piece_end(s, skip_repeats(s, close + 1), &p->comment);
	p->inside = str_sub(s, start, end - start);
	return p->n > 0;
}

/*
 * From the `<` at `i`. Inside, `>` and `@` stand in the last word only, and that is as long as it
 * can be.
 */
static bool take_inside(struct str s, size_t i, struct piece *p)
{
	size_t start = skip_space(s, i + 1), mark = start, end;

	while (mark < s.n && s.p[mark] != '>' && s.p[mark] != '@')
		mark++;
	if (mark >= s.n)
		return false;
	for (end = skip_word(s, mark); end > mark; end--)
		if (try_inside(s, start, end, p))
			return true;
	if (s.p[mark] == '@')
		return false;
	while (mark > start && is_space(s.p[mark - 1]))
		mark--;
	return try_inside(s, start, mark, p);
}

static bool in_local_part(char c)
{
	return !is_space(c) && !strchr("@<>()[],:;", c);
}

static bool in_domain(char c)
{
	return !is_space(c) && !strchr("\"<>()[],:;", c);
}

/* Length of the address at `i`, by its looks; 0 if there is none. */
static size_t address_at(struct str s, size_t i)
{
	size_t at = skip_quoted(s, i), domain;

	if (at == i || at >= s.n || s.p[at] != '@')
		for (at = i; at < s.n && s.p[at] && in_local_part(s.p[at]);)
			at++;
	if (at == i || at >= s.n || s.p[at] != '@')
		return 0;
	domain = ++at;
	while (at < s.n && s.p[at] && in_domain(s.p[at]))
		at++;
	if (at > domain)
		return at - i;
	if (at >= s.n || s.p[at] != '[')
		return 0;
	for (at++; at < s.n && (ascii_is_digit(s.p[at]) || s.p[at] == ':' || s.p[at] == '.');)
		at++;
	return at > domain + 1 && at < s.n && s.p[at] == ']' ? at + 1 - i : 0;
}

static bool is_address(struct str s)
{
	return s.n && address_at(s, 0) == s.n;
}

/* The first address of the list, in one of its three forms. */
static bool take_piece(struct str s, struct piece *p)
{
	size_t start = skip_space(s, 0), end = skip_phrase(s, start), n;

	*p = (struct piece){ 0 };
	if (end < s.n && s.p[end] == '<' && take_inside(s, end, p)) {
		if (end > start)
			p->phrase = str_sub(s, start, end - start);
		return true;
	}
	n = address_at(s, start);
	if (n && (p->n = piece_end(s, start + n, &p->comment)) > 0) {
		p->bare = str_sub(s, start, n);
		return true;
	}
	if (end == start)
		return false;
	p->n = piece_end(s, end, &p->comment);
	p->phrase = str_sub(s, start, end - start);
	return p->n > 0;
}

static struct str without_comments(struct arena *a, struct str s)
{
	struct buf out;

	if (str_chr(s, '(') < 0)
		return s;
	buf_init(&out, a, s.n);
	for (size_t i = 0; i < s.n;) {
		size_t close = skip_closed(s, i, '(', ')');

		if (close == i)
			buf_addc(&out, s.p[i++]);
		else
			i = close;
	}
	return buf_str(&out);
}

/* Quotes and escapes taken out of quoted strings, comments out of what is between them. */
static struct str plain_phrase(struct arena *a, struct str s)
{
	struct buf out;

	buf_init(&out, a, s.n);
	for (size_t i = 0; i < s.n;) {
		size_t end = skip_quoted(s, i);

		if (end > i) {
			for (size_t k = i + 1; k + 1 < end; k++)
				if (s.p[k] != '\\')
					buf_addc(&out, s.p[k]);
			i = end;
			continue;
		}
		for (end = i; end < s.n && s.p[end] != '"';)
			end++;
		buf_add(&out, without_comments(a, str_sub(s, i, end - i)));
		i = end > i ? end : i + 1;
	}
	return buf_str(&out);
}

static bool has_odd_quotes(struct str s)
{
	size_t quotes = 0;

	for (size_t i = 0; i < s.n; i++)
		quotes += s.p[i] == '"';
	return quotes == 1 || str_starts(s, STR("\"\"@"));
}

/* "a@b@c" is "a@b". */
static struct str first_address(struct str s)
{
	ptrdiff_t at = str_chr(s, '@'), next = str_chr(str_from(s, (size_t)(at + 1)), '@');

	return at >= 0 && next >= 0 ? str_sub(s, 0, (size_t)(at + 1 + next)) : s;
}

static struct str host_of(struct str addr)
{
	ptrdiff_t at = str_chr(addr, '@');
	struct str host = str_from(addr, (size_t)(at + 1));

	return str_cut(&host, '@');
}

static struct spam_address judge(struct arena *a, const struct piece *p)
{
	struct spam_address r = { STR_NONE, STR_NONE };

	if (p->inside.p) {
		r.addr = without_comments(a, p->inside);
		if (!is_address(r.addr))
			r.addr = STR_NONE;
	} else if (p->bare.p) {
		r.addr = p->bare;
	}
	if (has_odd_quotes(r.addr))
		r.addr = STR_NONE;
	if (p->phrase.p) {
		r.phrase = plain_phrase(a, p->phrase);
		if (!r.addr.p && is_address(r.phrase) && !has_odd_quotes(r.phrase) &&
		    uri_host_is_fqdn(host_of(r.phrase))) {
			r.addr = r.phrase;
			r.phrase = STR_NONE;
		} else if (!r.phrase.n || (r.addr.p && str_eq(r.phrase, r.addr))) {
			r.phrase = STR_NONE;
		}
	}
	if (!r.phrase.p && p->comment.p)
		r.phrase = p->comment;
	r.addr = r.addr.p ? first_address(r.addr) : r.addr;
	return r;
}

/* Without doubled backslashes and without the name of a group. */
static struct str prepared(struct arena *a, struct str s)
{
	char *out = arena_alloc(a, s.n);
	size_t n = 0, run = 0;

	s = str_rtrim(s);
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\\' && i + 1 < s.n && s.p[i + 1] == '\\')
			i++;
		else
			out[n++] = s.p[i];
	}
	s = (struct str){ out, n };
	while (run < s.n && !strchr("\"()<>", s.p[run] ? s.p[run] : ' '))
		run++;
	while (run && s.p[run - 1] != ':')
		run--;
	if (run > 1)
		s = str_ltrim(str_from(s, run));
	return run > 1 && str_starts(s, STR(";")) ? STR_NONE : s;
}

/* Addresses in brackets anywhere in what could not be read. */
static void search_rest(struct arena *a, struct str s, struct spam_address **v, size_t *n,
			size_t *cap)
{
	struct {
		struct spam_address *p;
		size_t n, cap;
	} list = { *v, *n, *cap };

	for (size_t i = 0; i + 1 < s.n; i++) {
		struct str addr;
		size_t len = s.p[i] == '<' ? address_at(s, i + 1) : 0;

		if (!len || i + 1 + len >= s.n || s.p[i + 1 + len] != '>')
			continue;
		addr = str_sub(s, i + 1, len);
		if (!has_odd_quotes(addr))
			vec_add(a, &list, ((struct spam_address){ STR_NONE, first_address(addr) }));
		i += len;
	}
	*v = list.p;
	*n = list.n;
	*cap = list.cap;
}

/* Without comments, nested ones too, wherever they stand outside quotes. */
static struct str uncommented(struct arena *a, struct str s)
{
	struct buf out;
	size_t depth = 0;

	buf_init(&out, a, s.n);
	for (size_t i = 0; i < s.n; i++) {
		size_t quoted = depth ? i : skip_quoted(s, i);

		if (quoted > i) {
			buf_add(&out, str_sub(s, i, quoted - i));
			i = quoted - 1;
		} else if (s.p[i] == '\\' && depth) {
			i++;
		} else if (s.p[i] == '(') {
			depth++;
		} else if (s.p[i] == ')' && depth) {
			depth--;
		} else if (!depth) {
			buf_addc(&out, s.p[i]);
		}
	}
	return buf_str(&out);
}

static struct spam_addresses read_list(struct arena *a, struct str value)
{
	struct str s = prepared(a, value);
	VEC(struct spam_address) list = { 0 };
	struct piece p;

	while (str_trim(s).n && take_piece(s, &p)) {
		vec_add(a, &list, judge(a, &p));
		s = str_from(s, p.n);
	}
	if (str_chr(s, '@') >= 0)
		search_rest(a, s, &list.p, &list.n, &list.cap);
	return (struct spam_addresses){ list.p, list.n };
}

/*
 * What only the strict parser reads: brackets that are not closed. The whole value is a phrase if
 * it finds nothing either.
 */
static struct spam_address read_unclosed(struct arena *a, struct str value)
{
	struct spam_address r = { STR_NONE, STR_NONE };
	size_t open = skip_phrase(value, skip_space(value, 0));
	struct str inside = str_trim(str_from(value, open + 1));

	if (open < value.n && value.p[open] == '<') {
		r.phrase = str_trim(plain_phrase(a, str_sub(value, 0, open)));
		if (is_address(inside)) {
			r.addr = inside;
		} else if (is_address(r.phrase)) {
			r.addr = r.phrase;
			r.phrase = STR_NONE;
		}
	}
	if (r.phrase.n == 0)
		r.phrase = r.addr.p ? STR_NONE : value;
	return r;
}

static size_t count_commas(struct str s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += s.p[i] == ',';
	return n;
}

/*
 * Where the tolerant reading finds fewer addresses than there are commas, SpamAssassin asks a
 * strict parser too, which knows comments in odd places; what that would find then wins.
 */
struct spam_addresses spam_addresses_read(struct arena *a, struct str value)
{
	struct spam_addresses list = read_list(a, value);
	struct spam_address *whole;

	if (list.n <= count_commas(value) && str_chr(value, '(') >= 0) {
		struct spam_addresses strict = read_list(a, uncommented(a, value));

		if (strict.n > list.n)
			list = strict;
	}
	if (list.n || !str_trim(value).n)
		return list;
	whole = NEW(a, struct spam_address);
	*whole = read_unclosed(a, value);
	return (struct spam_addresses){ whole, 1 };
}
