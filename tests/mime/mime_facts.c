/*
 * Prints what our reader finds in mails, one JSON object per file, for tricks.py and compare.py.
 * Octets are code points. The content of each leaf is decoded and hashed: as it is, and "loose",
 * without blanks and line ends.
 *
 *	mime_facts FILE...
 *	mime_facts -		names of files on standard input, one a line
 */
#include <openssl/evp.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/clean.h"
#include "base/enc.h"
#include "base/file.h"
#include "lib/mime/readings.h"

enum { MAIL_MAX = 16 << 20, ARENA_MAX = 1 << 30, PATH_LENGTH_MAX = 4096 };

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

static void print_names(struct arena *a, const struct mime *m)
{
	struct mime_names names = mime_names(a, m);

	fputs(",\"names\":[", stdout);
	for (size_t i = 0; i < names.n; i++) {
		if (i)
			putchar(',');
		print_text(names.p[i]);
	}
	putchar(']');
}

static void print_hash(struct arena *a, const char *key, struct str s)
{
	unsigned char hash[EVP_MAX_MD_SIZE];
	unsigned int length = 0;

	if (EVP_Digest(s.p, s.n, hash, &length, EVP_sha256(), NULL) != 1)
		abort();
	printf(",\"%s\":\"%.*s\"", key,
	       STR_ARG(enc_hex(a, (struct str){ (const char *)hash, length })));
}

/* Without blanks and line ends. */
static struct str loose(struct arena *a, struct str s)
{
	char *to = arena_alloc(a, s.n);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		if (!ascii_is_blank(s.p[i]))
			to[n++] = s.p[i];
	return (struct str){ to, n };
}

static void print_content(struct arena *a, const struct mime *m)
{
	struct str content;
	struct err e;

	if (mime_body(a, m, m->body.n, &content, &e) < 0)
		abort();
	printf(",\"size\":%zu", content.n);
	print_hash(a, "sha256", content);
	print_hash(a, "loose", loose(a, content));
}

static void print_part(struct arena *a, const struct mime *m)
{
	printf("\"depth\":%u,\"type\":", m->depth);
	print_text(m->type);
	fputs(",\"declared\":", stdout);
	print_text(m->header_type);
	fputs(",\"name\":", stdout);
	print_text(mime_filename(a, m));
	print_names(a, m);
	if (!m->child)
		print_content(a, m);
	putchar('}');
}

static void print_readings(struct arena *a, const struct mime *root)
{
	struct mime_readings r;
	uint32_t all;

	mime_read_again(a, root, NULL, &r);
	all = root->mail->anomalies | r.anomalies;
	fputs("],\"readings\":[", stdout);
	for (size_t i = 0; i < r.n; i++) {
		printf("%s{\"aid\":%u,\"how\":", i ? "," : "", r.p[i].aid);
		print_text(str_of(r.p[i].how));
		putchar(',');
		print_part(a, r.p[i].part);
	}
	printf("],\"cut\":%d,\"ambiguous\":%d,\"anomalies\":", r.cut, (all & MIME_AMBIGUOUS) != 0);
	print_text(mime_anomaly_list(a, all));
}

static int print_mail(struct arena *a, const char *path, struct err *e)
{
	struct mime *root;
	struct str raw;

	if (file_read(a, path, MAIL_MAX, &raw, e) < 0 || mime_parse(a, raw, NULL, &root, e) < 0)
		return -1;
	fputs("{\"file\":", stdout);
	print_text(str_of(path));
	fputs(",\"parts\":[", stdout);
	for (const struct mime *m = root; m; m = mime_walk(root, m)) {
		fputs(m == root ? "{" : ",{", stdout);
		print_part(a, m);
	}
	print_readings(a, root);
	puts("}");
	return 0;
}

static int print_file(const char *path)
{
	CLEAN_ARENA struct arena *a = arena_open("mail", ARENA_MAX);
	struct err e;

	if (print_mail(a, path, &e) == 0)
		return 0;
	fprintf(stderr, "mime_facts: %s: %s\n", path, e.msg);
	return -1;
}

static int print_listed(void)
{
	char path[PATH_LENGTH_MAX];

	while (fgets(path, sizeof(path), stdin)) {
		path[strcspn(path, "\n")] = '\0';
		if (print_file(path) < 0)
			return 1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "-") == 0)
		return print_listed();
	for (int i = 1; i < argc; i++)
		if (print_file(argv[i]) < 0)
			return 1;
	return 0;
}
