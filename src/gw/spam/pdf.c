#include "gw/spam/pdf.h"

#include <openssl/evp.h>

#include "base/buf.h"
#include "base/enc.h"

enum {
	FUZZY_LINES = 70,    /* lines before this one count for the fuzzy checksum … */
	FUZZY_MAX = 1 << 20, /* … as far as this, here and for keys */
	NUMBERS = 6,         /* in front of cm */
	URI_LEAST = 8,
	URI_MOST = 256, /* octets of a link after https:// */
};

static const struct {
	const char *name, *key, *tag; /* as rules name it, as the file does, as templates do */
	bool date;
} properties[PDF_PROPERTIES] = {
	[PDF_AUTHOR] = { "author", "/Author", "PDFAUTHOR", false },
	[PDF_CREATED] = { "created", "/CreationDate", NULL, true },
	[PDF_CREATOR] = { "creator", "/Creator", "PDFCREATOR", false },
	[PDF_MODIFIED] = { "modified", "/ModDate", NULL, true },
	[PDF_PRODUCER] = { "producer", "/Producer", "PDFPRODUCER", false },
	[PDF_TITLE] = { "title", "/Title", "PDFTITLE", false },
};

enum pdf_property pdf_property_named(struct str name)
{
	enum pdf_property i = 0;

	while (i < PDF_PROPERTIES && !str_eq(name, str_of(properties[i].name)))
		i++;
	return i;
}

void pdf_facts_init(struct pdf_facts *f, struct arena *a)
{
	map_init(&f->checksums, a);
	map_init(&f->fuzzy, a);
}

static void note(struct arena *a, struct pdf_facts *f, const char *tag, struct str value)
{
	if (tag && f->notes.n < PDF_NOTES_MAX)
		vec_add(a, &f->notes, ((struct pdf_note){ tag, value }));
}

/* One file on its way. */
struct reader {
	struct arena *a;
	struct pdf_facts *f;
	struct buf fuzzy, keys;
	unsigned lines, uris;
	bool fuzzy_done, image_ahead;
	struct pdf_size total;
	double area;
};

static size_t skip_spaces(struct str s, size_t i, size_t most)
{
	size_t end = i + most;

	while (i < s.n && i < end && ascii_is_blank(s.p[i]))
		i++;
	return i;
}

static bool at_text(struct str s, size_t i, struct str text)
{
	return str_starts(str_from(s, i), text);
}

/*
 * Looking for strings in a line, from its beginning on: one that does not end there says that none
 * of its kind does, further on either.
 */
struct strings {
	struct str line;
	bool no_round, no_angle;
};

static size_t round_end(struct str s, size_t i)
{
	for (size_t k = i + 1; k < s.n; k++)
		if (s.p[k] == ')' && s.p[k - 1] != '\\')
			return k + 1;
	return i;
}

/* The "(…)" or "<…>" at `i`, brackets included. */
static bool string_at(struct strings *look, size_t i, struct str *out)
{
	struct str s = look->line;
	size_t end = i;

	if (i < s.n && s.p[i] == '(' && !look->no_round) {
		end = round_end(s, i);
		look->no_round = end == i;
	} else if (i < s.n && s.p[i] == '<' && !look->no_angle) {
		end = i + (size_t)(str_chr(str_from(s, i), '>') + 1);
		look->no_angle = end == i;
	}
	*out = str_sub(s, i, end - i);
	return end > i;
}

static void add_hex(struct buf *b, struct str s)
{
	for (size_t i = 0; i + 1 < s.n; i++) {
		int high = enc_hex_digit(s.p[i]), low = enc_hex_digit(s.p[i + 1]);

		if (high < 0 || low < 0)
			continue;
		buf_addc(b, (char)(high << 4 | low));
		i++;
	}
}

static bool is_octal(struct str s, size_t i)
{
	return i + 3 < s.n && s.p[i] == '\\' && s.p[i + 1] >= '0' && s.p[i + 1] <= '3' &&
	       s.p[i + 2] >= '0' && s.p[i + 2] <= '7' && s.p[i + 3] >= '0' && s.p[i + 3] <= '7' &&
	       (i == 0 || s.p[i - 1] != '\\');
}

static void add_octal(struct buf *b, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (!is_octal(s, i)) {
			buf_addc(b, s.p[i]);
			continue;
		}
		buf_addc(b, (char)((s.p[i + 1] - '0') << 6 | (s.p[i + 2] - '0') << 3 |
				   (s.p[i + 3] - '0')));
		i += 3;
	}
}

/* UTF-16, if its mark says so, as if it were Latin-1. */
static struct str without_nuls(struct str s)
{
	char *p = (char *)s.p;
	size_t n = 0;

	if (!str_starts(s, STR("\xfe\xff")) && !str_starts(s, STR("\xff\xfe")))
		return s;
	for (size_t i = 2; i < s.n; i++)
		if (s.p[i])
			p[n++] = s.p[i];
	return (struct str){ p, n };
}

static struct str without_escapes(struct str s)
{
	char *p = (char *)s.p;
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\\' && i + 1 < s.n && s.p[i + 1] && strchr("()\\", s.p[i + 1]))
			i++;
		p[n++] = s.p[i];
	}
	return (struct str){ p, n };
}

/* What a string, brackets included, says. */
static struct str string_value(struct arena *a, struct str s)
{
	struct buf b;

	buf_init(&b, a, s.n);
	if (str_starts(s, STR("<"))) {
		add_hex(&b, s);
		return str_sub(without_nuls(buf_str(&b)), 0, PDF_STRING_MAX);
	}
	s = str_from(s, str_starts(s, STR("(")));
	s.n -= str_ends(s, STR(")"));
	add_octal(&b, s);
	return str_sub(without_escapes(without_nuls(buf_str(&b))), 0, PDF_STRING_MAX);
}

/* The first string behind `key` and at most two blanks. */
static bool string_behind(struct str line, struct str key, struct str *out)
{
	struct strings look = { .line = line };
	ptrdiff_t at;

	for (size_t from = 0; (at = str_find(str_from(line, from), key)) >= 0;) {
		from += (size_t)at + key.n;
		if (string_at(&look, skip_spaces(line, from, 2), out))
			return true;
	}
	return false;
}

static double number(struct str digits)
{
	double v = 0;

	for (size_t i = 0; i < digits.n; i++)
		v = v * 10 + (digits.p[i] - '0');
	return v;
}

static struct str digits_at(struct str s, size_t i)
{
	size_t n = i;

	while (n < s.n && ascii_is_digit(s.p[n]))
		n++;
	return str_sub(s, i, n - i);
}

/* "(D:20070703" behind `key` */
static bool date_behind(struct str line, struct str key, struct str *out)
{
	ptrdiff_t at;

	for (; (at = str_find(line, key)) >= 0;) {
		size_t i = skip_spaces(line, (size_t)at + key.n, 2);

		if (at_text(line, i, STR("(D:"))) {
			*out = digits_at(line, i + 3);
			if (out->n)
				return true;
		}
		line = str_from(line, (size_t)at + key.n);
	}
	return false;
}

static void read_properties(struct reader *r, struct str line)
{
	for (size_t i = 0; i < PDF_PROPERTIES; i++) {
		struct str key = str_of(properties[i].key), value;

		if (r->f->properties[i].n >= PDF_PROPERTIES_MAX)
			continue;
		if (properties[i].date ? !date_behind(line, key, &value)
				       : !string_behind(line, key, &value))
			continue;
		value = string_value(r->a, value);
		vec_add(r->a, &r->f->properties[i], value);
		note(r->a, r->f, properties[i].tag, value);
	}
}

/* "(https://…)>>" at `i`: as long as can be. */
static bool bare_link(struct str line, size_t i, struct str *out)
{
	struct str s = str_from(line, i + 1);
	size_t start = str_starts(s, STR("https://")) ? 8 : str_starts(s, STR("http://")) ? 7 : 0;

	if (!start)
		return false;
	for (size_t n = URI_MOST; n >= URI_LEAST; n--)
		if (at_text(s, start + n, STR(")>>"))) {
			*out = str_sub(s, 0, start + n);
			return true;
		}
	return false;
}

/* "/S /URI /URI (…)", or "/URI (…)" at the beginning of the line. */
static bool action_link(struct strings *look, size_t i, struct str *out)
{
	struct str line = look->line;
	size_t name = skip_spaces(line, i + 2, 2);

	if (at_text(line, i, STR("/S")) && at_text(line, name, STR("/URI")))
		i = skip_spaces(line, name + 4, 2);
	else if (i > 0)
		return false;
	else
		i = skip_spaces(line, 0, line.n);
	return at_text(line, i, STR("/URI")) && string_at(look, skip_spaces(line, i + 4, 2), out);
}

static bool find_link(struct str line, struct str *out)
{
	struct strings look = { .line = line };

	for (size_t i = 0; i < line.n; i++) {
		if ((i == 0 || line.p[i] == '/') && action_link(&look, i, out))
			return true;
		if (line.p[i] == '(' && bare_link(line, i, out))
			return true;
	}
	return false;
}

static bool has_inner_dot(struct str s)
{
	return str_chr(s, '.') > 0;
}

/* True if a link was found that leads nowhere: nothing else of the line counts then. */
static bool read_link(struct reader *r, struct str line)
{
	struct str link;

	if (r->uris >= PDF_URIS_MAX || !find_link(line, &link))
		return false;
	if (!has_inner_dot(link))
		return true;
	link = string_value(r->a, link);
	if (!has_inner_dot(link) || str_chr(link, '\0') >= 0)
		return true;
	for (size_t i = r->f->uris.n - r->uris; i < r->f->uris.n; i++)
		if (str_eq(r->f->uris.p[i], link))
			return false;
	vec_add(r->a, &r->f->uris, link);
	r->uris++;
	return false;
}

/* "630 0 0 149 0 0 cm" */
static bool is_matrix(struct str line, struct pdf_size *size)
{
	double v[NUMBERS];
	size_t i = 0;

	for (size_t k = 0; k < NUMBERS; k++) {
		struct str digits = digits_at(line, i);
		size_t next = skip_spaces(line, i + digits.n, line.n);

		if (!digits.n || next == i + digits.n)
			return false;
		v[k] = number(digits);
		i = next;
	}
	*size = (struct pdf_size){ .width = v[0], .height = v[3] };
	return str_eq(str_from(line, i), STR("cm"));
}

/* "/Width 630/Height 149", not at the beginning */
static bool has_size(struct str line, struct pdf_size *size)
{
	for (size_t at = 1; at < line.n; at++) {
		struct str w, h;
		size_t i;

		if (line.p[at] != '/' || !at_text(line, at, STR("/Width")))
			continue;
		i = skip_spaces(line, at + 6, 1);
		w = digits_at(line, i);
		if (i == at + 6 || !w.n || !at_text(line, i + w.n, STR("/Height")))
			continue;
		i += w.n + 7;
		h = digits_at(line, skip_spaces(line, i, 1));
		if (i >= line.n || !ascii_is_blank(line.p[i]) || !h.n)
			continue;
		*size = (struct pdf_size){ number(h), number(w) };
		return true;
	}
	return false;
}

static bool starts_with_number(struct str line, struct str key)
{
	return str_starts(line, key) && key.n + 1 < line.n && ascii_is_blank(line.p[key.n]) &&
	       ascii_is_digit(line.p[key.n + 1]);
}

static void read_size(struct reader *r, struct str line)
{
	struct pdf_size size = { 0 };

	if (!is_matrix(line, &size) &&
	    (starts_with_number(line, STR("/Width")) || starts_with_number(line, STR("/Height")) ||
	     !has_size(line, &size)))
		return;
	if (size.width <= 0 || size.height <= 0 || r->f->images >= PDF_IMAGES_MAX)
		return;
	r->fuzzy_done = true;
	r->image_ahead = false;
	r->f->images++;
	r->total.height += size.height;
	r->total.width += size.width;
	r->area += size.width * size.height;
	vec_add(r->a, &r->f->sizes, size);
	note(r->a, r->f, "PDFIMGDIM", str_fmt(r->a, "%.15gx%.15g", size.height, size.width));
}

static bool is_fuzzy(struct str line)
{
	struct pdf_size size;

	return !str_starts(line, STR("%")) && !str_starts(line, STR("/Height")) &&
	       !str_starts(line, STR("/Width")) && !str_starts(line, STR("/MediaBox")) &&
	       !str_starts(line, STR("/CropBox")) && !is_matrix(line, &size);
}

/* Returns the line as what follows sees it. */
static struct str read_fuzzy(struct reader *r, struct str line)
{
	if (r->fuzzy_done || ++r->lines >= FUZZY_LINES)
		return line;
	if (is_fuzzy(line)) {
		line = str_rtrim(line);
		buf_add(&r->fuzzy, line);
	}
	if (str_find(line, STR("stream")) >= 0)
		r->fuzzy_done = true;
	return line;
}

static void read_key(struct reader *r, struct str line)
{
	size_t n = 1;

	while (n < line.n && ascii_is_alpha(line.p[n]))
		n++;
	if (str_starts(line, STR("/")))
		buf_add(&r->keys, str_sub(line, 1, n - 1));
}

static void read_line(struct reader *r, struct str line)
{
	line = read_fuzzy(r, line);
	r->image_ahead |= str_find(line, STR("/Image")) >= 0;
	r->f->encrypted |= str_starts(line, STR("/Encrypt"));
	if (r->image_ahead)
		read_size(r, line);
	if (str_chr(line, '/') < 0)
		return;
	read_key(r, line);
	if (!read_link(r, line))
		read_properties(r, line);
}

static struct str add_checksum(struct arena *a, struct map *m, struct str s)
{
	unsigned char md[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	struct buf hex;

	if (s.n == 0 || EVP_Digest(s.p, s.n, md, &n, EVP_md5(), NULL) != 1)
		return STR_NONE;
	buf_init(&hex, a, 2 * EVP_MAX_MD_SIZE);
	for (unsigned i = 0; i < n; i++)
		buf_addf(&hex, "%02X", md[i]);
	map_set(m, buf_str(&hex), m);
	return buf_str(&hex);
}

/* SpamAssassin's name for the checksum of the whole file stands for that of the first lines too. */
static void note_checksums(struct reader *r)
{
	struct str lines = add_checksum(r->a, &r->f->fuzzy, buf_str(&r->fuzzy));
	struct str keys = add_checksum(r->a, &r->f->fuzzy, buf_str(&r->keys));

	if (lines.n) {
		note(r->a, r->f, "PDFMD5", lines);
		note(r->a, r->f, "PDFMD5FUZZY1", lines);
	}
	if (keys.n)
		note(r->a, r->f, "PDFMD5FUZZY2", keys);
}

static bool has_magic(struct str data, struct str *version)
{
	data = str_sub(data, 0, PDF_MAGIC_MAX + 8);
	for (size_t i = 0; i <= PDF_MAGIC_MAX; i++)
		if (at_text(data, i, STR("%PDF-")) && i + 7 < data.n &&
		    ascii_is_digit(data.p[i + 5]) && data.p[i + 6] == '.' &&
		    ascii_is_digit(data.p[i + 7])) {
			*version = str_sub(data, i + 5, 3);
			return true;
		}
	return false;
}

bool pdf_read(struct arena *a, struct str data, struct pdf_facts *f)
{
	struct reader r = { .a = a, .f = f };
	struct str rest, version;

	if (str_starts(data, STR("\xef\xbb\xbf")))
		data = str_from(data, 3);
	if (!has_magic(data, &version))
		return false;
	note(a, f, "PDFVERSION", version);
	buf_init(&r.fuzzy, a, FUZZY_MAX);
	buf_init(&r.keys, a, FUZZY_MAX);
	rest = data;
	while (rest.n) {
		struct str line = str_cut(&rest, '\n');

		if (line.n)
			read_line(&r, line);
	}
	if (r.total.height > 0)
		vec_add(a, &f->sizes, r.total);
	if (r.area > 0) {
		f->area = r.area;
		f->has_area = true;
		note(a, f, "PDFIMGAREA", str_fmt(a, "%.15g", r.area));
	}
	add_checksum(a, &f->checksums, data);
	note_checksums(&r);
	return true;
}
