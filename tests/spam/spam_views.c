/*
 * Prints what spam rules are matched against, one JSON object per mail, in the form in which the
 * oracle prints what SpamAssassin sees (octets as code points), so that the two can be compared:
 * see compare_render.py.
 *
 *	spam_views RULES-DIRECTORY FILE...	    prints
 *	spam_views -t N RULES-DIRECTORY FILE...	    makes all views N times and prints milliseconds
 */
#include <stdio.h>
#include <time.h>

#include "base/arena.h"
#include "base/file.h"
#include "gw/spam/html_text.h"
#include "gw/spam/views.h"
#include "lib/uri/domains.h"

enum { MAIL_MAX = 64 << 20, RULES_MAX = 16 << 20 };

static void print_text(struct str s)
{
	putchar('"');
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c < 0x20 || c >= 0x7f || c == '"' || c == '\\')
			printf("\\u%04x", c);
		else
			putchar(c);
	}
	putchar('"');
}

static void print_or_null(struct str s)
{
	if (s.p)
		print_text(s);
	else
		fputs("null", stdout);
}

static void print_texts(const char *name, struct spam_texts t)
{
	if (name)
		printf(",\"%s\":", name);
	putchar('[');
	for (size_t i = 0; i < t.n; i++) {
		if (i)
			putchar(',');
		print_text(t.v[i]);
	}
	putchar(']');
}

static void print_flags(struct spam_message *m)
{
	const struct spam_message_flags *f = spam_message_flags(m);
	const struct {
		const char *name;
		bool set;
	} flags[] = {
		{ "missing_head_body_separator", f->missing_head_body_separator },
		{ "missing_mime_headers", f->missing_mime_headers },
		{ "missing_mime_head_body_separator", f->missing_mime_head_body_separator },
		{ "truncated_header", f->truncated_header },
		{ "mime_epilogue_exists", f->mime_epilogue_exists },
	};

	fputs(",\"flags\":{", stdout);
	for (size_t i = 0, n = 0; i < ARRAY_LEN(flags); i++)
		if (flags[i].set)
			printf("%s\"%s\":1", n++ ? "," : "", flags[i].name);
	putchar('}');
}

static void print_parts(struct spam_message *m)
{
	size_t n;
	const struct spam_part *const *parts = spam_parts(m, &n);

	fputs(",\"parts\":[", stdout);
	for (size_t i = 0; i < n; i++) {
		printf("%s{\"leaf\":%d,\"type\":", i ? "," : "", parts[i]->leaf);
		print_text(parts[i]->type);
		fputs(",\"effective\":", stdout);
		print_text(parts[i]->effective);
		fputs(",\"charset\":", stdout);
		print_or_null(parts[i]->charset);
		fputs(",\"name\":", stdout);
		print_or_null(parts[i]->name);
		fputs(",\"cte\":", stdout);
		print_text(parts[i]->encoding);
		putchar('}');
	}
	putchar(']');
}

static void print_strs(const char *name, const struct str *v, size_t n)
{
	if (n)
		print_texts(name, (struct spam_texts){ v, n });
}

static void print_bufs(const char *name, struct buf *const *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		printf(i ? "," : ",\"%s\":[", name);
		print_text(buf_str(v[i]));
	}
	if (n)
		putchar(']');
}

static void print_number(const char *name, double value, bool there)
{
	if (there)
		printf(",\"%s\":%.10g", name, value);
}

static void print_inside(const struct spam_html *h)
{
	fputs(",\"inside\":{", stdout);
	for (size_t i = 0; i < h->inside.n; i++) {
		if (i)
			putchar(',');
		print_text(h->inside.p[i].name);
		printf(":%lld", (long long)h->inside.p[i].n);
	}
	putchar('}');
}

static void print_html(const struct spam_html *h)
{
	fputs("{\"html\":1", stdout);
	print_number("image_area", (double)h->image_area, true);
	print_number("length", (double)h->length, true);
	print_number("html_length", (double)h->html_length, true);
	print_number("non_space_len", (double)h->non_space_len, true);
	print_number("min_size", (double)h->min_size, true);
	print_number("max_size", (double)h->max_size, true);
	print_number("ratio", h->ratio, true);
	print_number("closed_extra_ratio", h->closed_extra_ratio, h->has_tags);
	print_number("bad_tag_ratio", h->bad_tag_ratio, h->has_elements);
	print_number("non_element_ratio", h->non_element_ratio, h->has_seen_elements);
	print_number("obfuscation_ratio", h->obfuscation_ratio, h->has_obfuscation);
	print_number("font_low_contrast", 1, h->font_low_contrast);
	print_number("font_invalid_color", 1, h->font_invalid_color);
	print_number("font_face_bad", 1, h->font_face_bad);
	print_number("form_action_mailto", 1, h->form_action_mailto);
	print_number("embeds", 1, h->embeds);
	print_number("uri_truncated", 1, h->uri_truncated);
	print_bufs("anchor", h->anchors.p, h->anchors.n);
	print_bufs("title", h->titles.p, h->titles.n);
	print_strs("comment", h->comments.p, h->comments.n);
	print_inside(h);
	putchar('}');
}

static void print_htmls(struct spam_message *m)
{
	size_t n;
	const struct spam_html *const *h = spam_htmls(m, &n);

	fputs(",\"html\":[", stdout);
	for (size_t i = 0; i < n; i++) {
		if (i)
			putchar(',');
		print_html(h[i]);
	}
	putchar(']');
}

static void print_relays(struct spam_message *m)
{
	static const char *const names[] = { "trusted", "untrusted", "internal", "external" };

	fputs(",\"relays\":{", stdout);
	for (int i = 0; i < SPAM_RELAY_LISTS; i++) {
		printf("%s\"%s\":", i ? "," : "", names[i]);
		print_text(spam_relays(m, i)->text);
	}
	printf(",\"unparseable\":%u}", spam_relays_unparseable(m));
}

static void print_headers(struct spam_message *m)
{
	static const char *const names[] = {
		"EnvelopeFrom",  "MESSAGEID",    "ToCc",     "ToCc:addr",   "From",
		"From:addr",     "From:name",    "From:raw", "Subject",     "Subject:raw",
		"Reply-To:addr", "ALL",          "ALL:raw",  "ALL-TRUSTED", "ALL-UNTRUSTED",
		"ALL-INTERNAL",  "ALL-EXTERNAL",
	};

	fputs(",\"headers\":{\"\":[]", stdout);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct spam_header_query q = spam_header_query_parse(str_of(names[i]));
		struct spam_texts t = spam_header(m, &q);

		if (t.n)
			print_texts(names[i], t);
	}
	putchar('}');
}

static void print_types(unsigned types)
{
	static const char *const names[] = {
		"parsed", "unlinked", "schemeless", "domainkeys", "a",      "area",    "link",
		"img",    "frame",    "iframe",     "embed",      "script", "form",    "base",
		"meta",   "body",     "table",      "tr",         "td",     "bgsound",
	};

	putchar('[');
	for (size_t i = 0, n = 0; i < ARRAY_LEN(names); i++)
		if (types >> i & 1)
			printf("%s\"%s\"", n++ ? "," : "", names[i]);
	putchar(']');
}

static void print_uri_details(struct spam_message *m)
{
	size_t n;
	const struct spam_uri *u = spam_uri_details(m, &n);

	fputs(",\"uri_detail\":{", stdout);
	for (size_t i = 0; i < n; i++) {
		if (i)
			putchar(',');
		print_text(u[i].raw);
		fputs(":{\"types\":", stdout);
		print_types(u[i].types);
		print_texts("cleaned", u[i].cleaned);
		print_texts("anchor_text", u[i].anchor_text);
		fputs(",\"hosts\":{", stdout);
		for (size_t k = 0; k < u[i].host_count; k++) {
			if (k)
				putchar(',');
			print_text(u[i].hosts[k].host);
			putchar(':');
			print_text(u[i].hosts[k].domain);
		}
		fputs("}}", stdout);
	}
	putchar('}');
}

static void print_mail(struct spam_message *m, const char *file)
{
	fputs("{\"file\":", stdout);
	print_text(str_of(file));
	print_parts(m);
	print_texts("body", spam_body(m));
	print_texts("visible", spam_body_visible(m));
	print_texts("invisible", spam_body_invisible(m));
	print_texts("rawbody", spam_rawbody(m));
	print_flags(m);
	print_htmls(m);
	print_relays(m);
	print_headers(m);
	print_texts("uris", spam_uris(m));
	print_uri_details(m);
	puts("}");
}

static void make_all(struct spam_message *m)
{
	spam_body(m);
	spam_body_visible(m);
	spam_body_invisible(m);
	spam_rawbody(m);
	spam_relays(m, SPAM_RELAYS_EXTERNAL);
	spam_uris(m);
}

/* The lines that fill the tables of domains; everything else in the rules is of no interest here.
 */
static void read_domains(struct arena *a, struct uri_domains *d, const char *dir)
{
	struct str text, line, word;
	struct err e;

	if (file_read(a, str_z(a, str_fmt(a, "%s/20_aux_tlds.cf", dir)), RULES_MAX, &text, &e) <
	    0) {
		fprintf(stderr, "%s\n", e.msg);
		exit(2);
	}
	while (str_line(&text, &line)) {
		if (!str_word(&line, &word) || !str_starts(word, STR("util_rb_")))
			continue;
		while (str_word(&line, &word))
			uri_domains_add(d, word);
	}
}

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

int main(int argc, char **argv)
{
	CLEAN_ARENA struct arena *rules = arena_open("rules", (size_t)1 << 28);
	CLEAN_ARENA struct arena *a = arena_open("mail", (size_t)1 << 31);
	int times = 0, first = 1;
	size_t bytes = 0;
	struct uri_domains *domains = uri_domains_new(rules);
	struct spam_view_options o;
	double spent = 0;

	if (argc > 2 && strcmp(argv[1], "-t") == 0) {
		times = (int)strtol(argv[2], NULL, 10);
		first = 3;
	}
	if (argc <= first + 1) {
		fprintf(stderr, "usage: spam_views [-t N] RULES-DIRECTORY FILE...\n");
		return 2;
	}
	read_domains(rules, domains, argv[first]);
	spam_view_options_init(&o, domains);
	for (int i = first + 1; i < argc; i++) {
		struct spam_mail mail = { 0 };
		struct arena_mark mark;
		double start;
		struct err e;

		arena_reset(a);
		if (file_read(a, argv[i], MAIL_MAX, &mail.raw, &e) < 0) {
			fprintf(stderr, "%s\n", e.msg);
			return 1;
		}
		if (!times)
			print_mail(spam_message_read(a, &mail, &o), argv[i]);
		bytes += mail.raw.n;
		start = now_ms();
		mark = arena_mark(a);
		for (int t = 0; t < times; t++) {
			make_all(spam_message_read(a, &mail, &o));
			arena_rewind(a, mark);
		}
		spent += now_ms() - start;
	}
	if (times) {
		double mails = (double)(argc - first - 1) * times;

		printf("%.4f ms per mail, %.0f bytes per mail, %.1f MB/s\n", spent / mails,
		       (double)bytes * times / mails, (double)bytes * times / spent / 1e3);
	}
	return 0;
}
