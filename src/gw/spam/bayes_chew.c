/*
 * Header values in the form that makes good tokens: what differs in every mail (ids, dates) goes,
 * what many mails share is taken apart. All of it was found by observing SpamAssassin.
 */
#include "base/buf.h"
#include "base/enc.h"
#include "gw/spam/address.h"
#include "gw/spam/bayes_int.h"
#include "gw/spam/text.h"

enum {
	CHEWED_MAX = 1 << 20,
	EXIM_ID = 19,    /* octets, with "<" and "@" */
	OUTLOOK_ID = 32, /* the same */
	ID_MIN = 7,
	ID_MAX = 20,
};

static bool is_word(char c)
{
	return ascii_is_alpha(c) || ascii_is_digit(c) || c == '_';
}

static bool is_alnum(char c)
{
	return ascii_is_alpha(c) || ascii_is_digit(c);
}

/* Is `s` at offset `i` at the start or end of a word? */
static bool at_boundary(struct str s, size_t i)
{
	bool before = i > 0 && is_word(s.p[i - 1]);
	bool after = i < s.n && is_word(s.p[i]);

	return before != after;
}

static bool word_at(struct str s, size_t i, struct str word)
{
	return str_starts(str_from(s, i), word) && at_boundary(s, i) && at_boundary(s, i + word.n);
}

static void add_domains(struct buf *b, struct str domain)
{
	ptrdiff_t dot;

	buf_addf(b, "D*%.*s ", STR_ARG(domain));
	while ((dot = str_chr(domain, '.')) > 0 && (size_t)dot + 1 < domain.n) {
		domain = str_from(domain, (size_t)dot + 1);
		buf_addf(b, "D*%.*s ", STR_ARG(domain));
	}
}

static void add_address(struct buf *b, struct str addr)
{
	ptrdiff_t at = str_chr(addr, '@');
	struct str domain;

	if (at < 0)
		return;
	buf_addf(b, "U*%.*s ", (int)at, addr.p);
	domain = str_from(addr, (size_t)at + 1);
	at = str_chr(domain, '@');
	add_domains(b, at < 0 ? domain : str_sub(domain, 0, (size_t)at));
}

struct str bayes_chew_addresses(struct arena *a, struct str value)
{
	struct spam_addresses list = spam_addresses_read(a, value);
	struct str word;
	struct buf b;

	buf_init(&b, a, CHEWED_MAX);
	if (str_ends(str_trim(value), STR(":;"))) /* a group of nobody */
		return STR_NONE;
	for (size_t i = 0; i < list.n; i++) {
		struct str name = list.v[i].phrase;

		while (str_word(&name, &word))
			buf_addf(&b, "N*%.*s ", STR_ARG(word));
		if (list.v[i].addr.p)
			add_address(&b, list.v[i].addr);
	}
	return buf_str(&b);
}

static const char *const postfix_shapes[] = {
	"<20dddddddddddd.HHHHHHHHHH@",
	"<20dddddddddddd.HHHHHHHHHHH@",
	"<20dddddddddddd.HHHHHHHHHHHH@",
};

static bool fits(char c, char shape)
{
	switch (shape) {
	case 'x':
		return is_alnum(c);
	case 'd':
		return ascii_is_digit(c);
	case 'h':
		return enc_hex_digit(c) >= 0 && c == ascii_lower(c);
	case 'H':
		return enc_hex_digit(c) >= 0 && (ascii_is_digit(c) || c != ascii_lower(c));
	default:
		return ascii_lower(c) == shape;
	}
}

/*
 * Is `shape` at the front of `s`? x: a letter or digit, d: a digit, h, H: a small or capital hex
 * digit; anything else is itself.
 */
static bool matches(struct str s, const char *shape)
{
	for (size_t i = 0; shape[i]; i++)
		if (i == s.n || !fits(s.p[i], shape[i]))
			return false;
	return true;
}

/* "<E17hrT0-0004gj-00@": Exim's, of which nothing ever comes again. */
static void blank_exim_id(char *p, struct str value)
{
	for (size_t i = 0; i < value.n; i++)
		if (matches(str_from(value, i), "<exxxxxx-xxxxxx-xx@")) {
			memset(p + i, ' ', EXIM_ID);
			return;
		}
}

/* "<20020827100425.9E4E343F99@": Postfix's. */
static void blank_postfix_id(char *p, struct str value)
{
	for (size_t i = 0; i < value.n; i++)
		for (size_t k = 0; k < ARRAY_LEN(postfix_shapes); k++)
			if (matches(str_from(value, i), postfix_shapes[k])) {
				memset(p + i, ' ', strlen(postfix_shapes[k]));
				return;
			}
}

/* Outlook's: a counter, the time, an address, and a host, which may be anything but blanks. */
static bool is_outlook_id(struct str s)
{
	static const char shape[] = "<hhhhhhhhhhhh$hhhhhhhh$hhhhhhhh@";
	size_t n = sizeof(shape) - 1;

	if (!matches(s, shape))
		return false;
	while (n < s.n && s.p[n] != '>' && !ascii_is_blank(s.p[n]))
		n++;
	return n >= sizeof(shape) && n < s.n && s.p[n] == '>';
}

/* The last half of the time is left out. */
static struct str outlook_parts(struct arena *a, struct str id)
{
	return str_fmt(a, "OEA%.4s OEB%.4s OEC%.8s ", id.p + 1, id.p + 14, id.p + 23);
}

struct str bayes_chew_message_id(struct arena *a, struct str value)
{
	char *p = NEW_N(a, char, value.n);
	struct str parts = STR_NONE;

	for (size_t i = 0; i < value.n; i++)
		p[i] = is_word(value.p[i]) ? value.p[i] : ' ';
	blank_exim_id(p, value);
	blank_postfix_id(p, value);
	for (size_t i = 0; i < value.n && !parts.n; i++)
		if (is_outlook_id(str_from(value, i))) {
			parts = outlook_parts(a, str_from(value, i));
			memset(p + i, ' ', OUTLOOK_ID);
		}
	return str_cat(a, parts, (struct str){ p, value.n });
}

/* Up to `max` digits. */
static size_t digits(struct str s, size_t max)
{
	size_t n = 0;

	while (n < s.n && n < max && ascii_is_digit(s.p[n]))
		n++;
	return n;
}

static size_t blanks(struct str s)
{
	size_t n = 0;

	while (n < s.n && ascii_is_blank(s.p[n]))
		n++;
	return n;
}

static bool has_name(struct str s, const char *names)
{
	for (; *names; names += 3)
		if (s.n >= 3 && memcmp(s.p, names, 3) == 0)
			return true;
	return false;
}

/* "13:53" or "13:53:39" */
static size_t clock_length(struct str s)
{
	if (digits(s, 2) != 2 || s.n < 5 || s.p[2] != ':' || digits(str_from(s, 3), 2) != 2)
		return 0;
	if (s.n >= 8 && s.p[5] == ':' && digits(str_from(s, 6), 2) == 2)
		return 8;
	return 5;
}

/* "+0100 (CET)", or one of the two; as far as it goes. */
static size_t zone_length(struct str s)
{
	size_t n = blanks(s), k, letters = 0;

	if (n < s.n && (s.p[n] == '+' || s.p[n] == '-') && digits(str_from(s, n + 1), 4) == 4)
		n += 5;
	n += blanks(str_from(s, n));
	k = n + (n < s.n && s.p[n] == '(');
	while (k + letters < s.n && s.p[k + letters] >= 'A' && s.p[k + letters] <= 'Z')
		letters++;
	if (letters > 4 && str_ends(str_sub(s, k, letters), STR("DST")))
		letters -= 3;
	if (letters < 2 || letters > 4)
		return n;
	k += letters;
	letters = blanks(str_from(s, k));
	if (str_starts(str_from(s, k + letters), STR("DST")))
		k += letters + 3;
	return at_boundary(s, k) ? k : n;
}

/* Octets of the date ("22 Aug 2002 13:53:39 +0100") at the front of `s`, 0 if there is none. */
static size_t date_length(struct str s)
{
	size_t n = digits(s, 2), year, time;

	if (n == 0 || n + 5 > s.n || !ascii_is_blank(s.p[n]) ||
	    !has_name(str_from(s, n + 1), "JanFebMarAprMayJunJulAugSepOctNovDec") ||
	    !ascii_is_blank(s.p[n + 4]))
		return 0;
	n += 5;
	year = digits(str_from(s, n), 4);
	if (year == 4 && !str_starts(str_from(s, n), STR("19")) &&
	    !str_starts(str_from(s, n), STR("20")))
		return 0;
	if ((year != 2 && year != 4) || n + year >= s.n || !ascii_is_blank(s.p[n + year]))
		return 0;
	n += year + 1;
	time = clock_length(str_from(s, n));
	if (time == 0 || (n + time < s.n && !ascii_is_blank(s.p[n + time])))
		return 0;
	return n + time + zone_length(str_from(s, n + time));
}

/* "Thu, " may stand before the date. */
static size_t day_length(struct str s)
{
	size_t n;

	if (!has_name(s, "MonTueWedThuFriSatSun") || s.n < 5 || s.p[3] != ',')
		return 0;
	n = blanks(str_from(s, 4));
	return n && date_length(str_from(s, 4 + n)) ? 4 + n : 0;
}

/* "id 0314547C66": what a queue called the mail. */
static size_t queue_id_length(struct str s, size_t at)
{
	size_t n = 0;

	if (!str_starts(str_from(s, at), STR("id")) || !at_boundary(s, at) || at + 3 > s.n ||
	    !ascii_is_blank(s.p[at + 2]))
		return 0;
	while (at + 3 + n < s.n && is_alnum(s.p[at + 3 + n]))
		n++;
	return n >= ID_MIN && n <= ID_MAX && at_boundary(s, at + 3 + n) ? 3 + n : 0;
}

/* Octets at `at` that say nothing, 0 if there are none. */
static size_t noise_length(struct str s, size_t at)
{
	static const struct str words[] = { STR_INIT("from"), STR_INIT("for"), STR_INIT("with"),
					    STR_INIT("SMTP"), STR_INIT("ESMTP") };
	size_t n;

	if (ascii_is_digit(s.p[at]))
		return date_length(str_from(s, at));
	n = day_length(str_from(s, at));
	if (n == 0)
		n = queue_id_length(s, at);
	for (size_t i = 0; n == 0 && i < ARRAY_LEN(words); i++)
		if (word_at(s, at, words[i]))
			n = words[i].n;
	return n;
}

/* Octets of "1.2.3.4" at `at`; *network of "1.2.3" in it. */
static size_t ip_length(struct str s, size_t at, size_t *network)
{
	size_t n = 0, d;

	if (!at_boundary(s, at))
		return 0;
	for (int i = 0; i < 4; i++) {
		if (i > 0 && (at + n >= s.n || s.p[at + n] != '.'))
			return 0;
		*network = n;
		n += i > 0;
		d = digits(str_from(s, at + n), 3);
		if (d == 0)
			return 0;
		n += d;
	}
	return at_boundary(s, at + n) ? n : 0;
}

struct str bayes_chew_received(struct arena *a, struct str value)
{
	struct buf b;
	size_t i = 0, n, network;

	buf_init(&b, a, CHEWED_MAX);
	while (i < value.n) {
		if ((n = noise_length(value, i)) > 0) {
			buf_addc(&b, ' ');
		} else if (ascii_is_digit(value.p[i]) && (n = ip_length(value, i, &network)) > 0) {
			buf_addf(&b, "%.*s ip*%.*s ", (int)network, value.p + i, (int)n,
				 value.p + i);
		} else {
			n = 1;
			buf_addc(&b, value.p[i]);
		}
		i += n;
	}
	return buf_str(&b);
}

/* The boundary of a multipart as a shape: who makes the same shapes uses the same program. */
static void add_boundary(struct buf *b, struct str boundary)
{
	for (size_t i = 0; i < boundary.n; i++) {
		char c = boundary.p[i];
		bool mark = c && strchr("-_.=", c);
		bool was = i > 0 && boundary.p[i - 1] && strchr("-_.=", boundary.p[i - 1]);

		if (mark != was)
			buf_addc(b, ' ');
		buf_addc(b, enc_hex_digit(c) >= 0 ? 'H' : c);
	}
}

/* Octets of `boundary="…"` at the front of `s`, 0 if it is something else. */
static size_t boundary_length(struct str s, struct str *boundary)
{
	const size_t name = sizeof("boundary=") - 1;
	size_t n = name + 1;

	if (!str_istarts(s, STR("boundary=")) || s.n <= name ||
	    (s.p[name] != '"' && s.p[name] != '\''))
		return 0;
	while (n < s.n && s.p[n] != '"' && s.p[n] != '\'')
		n++;
	if (n == s.n)
		return 0;
	*boundary = str_sub(s, name + 1, n - name - 1);
	return n + 1;
}

struct str bayes_chew_content_type(struct arena *a, struct str value)
{
	struct str boundary = STR_NONE;
	struct buf b;
	size_t i = 0, n;

	buf_init(&b, a, CHEWED_MAX);
	while (i < value.n) {
		n = boundary_length(str_from(value, i), &boundary);
		if (n == 0 && word_at(value, i, STR("text")))
			n = 4;
		if (n == 0 && word_at(value, i, STR("charset")))
			n = 7;
		buf_addc(&b, n ? ' ' : value.p[i]);
		i += n ? n : 1;
	}
	add_boundary(&b, boundary);
	return buf_str(&b);
}

/* "[ ip=1.2.3.4 rdns=… ]" without the keys. */
struct str bayes_chew_relays(struct arena *a, struct str value)
{
	struct str word;
	struct buf b;

	buf_init(&b, a, CHEWED_MAX);
	while (str_word(&value, &word)) {
		ptrdiff_t key = str_chr(word, '=');

		buf_addc(&b, ' ');
		buf_add(&b, str_from(word, (size_t)(key + 1)));
	}
	return buf_str(&b);
}
