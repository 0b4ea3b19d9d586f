/*
 * Any bytes at all: the tree is consistent, every accessor returns, what is written without an edit
 * is what was read, and an edited message is as long as announced and can be parsed again. Readings
 * are leaves that can be decoded, each of a part that there is.
 */
#include "base/utf8.h"
#include "lib/mime/build.h"
#include "lib/mime/edit.h"
#include "lib/mime/readings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int collect(void *ctx, struct str bytes, struct err *e)
{
	(void)e;
	buf_add(ctx, bytes);
	return 0;
}

static bool is_within(struct str in, struct str out)
{
	return in.p >= out.p && in.p + in.n <= out.p + out.n;
}

static void check_part(struct arena *a, const struct mime *m)
{
	const struct mime_mail *mail = m->mail;
	struct str out;
	struct err e;

	ASSERT(mail->parts[m->aid - 1] == m);
	ASSERT(is_within(m->raw, m->parent ? m->parent->body : mail->raw));
	ASSERT(is_within(m->head, m->raw) || !m->raw.n || m->glued || m->head_open);
	ASSERT(is_within(m->body, mail->raw));
	ASSERT(!m->next || m->next->raw.p >= m->raw.p + m->raw.n);
	ASSERT(m->type.n);
	ASSERT(utf8_valid(mime_filename(a, m)));
	ASSERT(utf8_valid(mime_body_text(a, m, 1000)));
	ASSERT(mime_body_start(a, m, 100).n <= 100);
	ASSERT(mime_body(a, m, mail->raw.n, &out, &e) == 0);
	mime_message_id(a, m);
	for (uint32_t i = 0; i < m->header_count; i++) {
		const struct mime_header *h = &m->headers[i];

		ASSERT(is_within(h->value, h->whole));
		ASSERT(is_within(h->whole, m->head));
		ASSERT(utf8_valid(mime_header_text(a, h)));
		mime_address_list(a, h->value);
		mime_address_first(a, h->value);
		if (h->name.n)
			ASSERT(mime_find(m, h->name));
	}
}

static void check_names(struct arena *a, const struct mime *m)
{
	struct mime_names names = mime_names(a, m);
	struct str first = mime_filename(a, m);

	ASSERT(names.n <= MIME_NAMES_MAX);
	ASSERT(!first.n || str_eq(names.p[0], first));
	for (size_t i = 0; i < names.n; i++)
		ASSERT(names.p[i].n && utf8_valid(names.p[i]));
}

static void check_reading(struct arena *a, const struct mime *root, const struct mime_reading *r)
{
	struct str out;
	struct err e;

	ASSERT(r->aid >= 1 && r->aid <= root->mail->part_count);
	ASSERT(is_within(r->place, root->mail->parts[r->aid - 1]->raw));
	ASSERT(!r->part->child && r->part->type.n && r->how);
	ASSERT(mime_body(a, r->part, r->part->body.n, &out, &e) == 0);
	check_names(a, r->part);
}

static void check_readings(struct arena *a, const struct mime *root, const struct mime_limits *lim)
{
	const uint32_t own = MIME_NAMES_DIFFER | MIME_READING_OTHER | MIME_TEXT_ENCODED;
	struct mime_readings all;

	mime_read_again(a, root, lim, &all);
	ASSERT(all.n <= MIME_READINGS_MAX && !(all.anomalies & ~own));
	ASSERT(!(root->mail->anomalies & own));
	for (size_t i = 0; i < all.n; i++)
		check_reading(a, root, &all.p[i]);
	for (const struct mime *m = root; m; m = mime_walk(root, m))
		check_names(a, m);
}

static struct str written(struct arena *a, const struct mime *root, const struct mime_edit *ed)
{
	struct buf b;
	struct sink to = { collect, &b };
	struct str out = STR("");
	struct err e;

	buf_init(&b, a, SIZE_MAX);
	ASSERT(mime_write(root, ed, &to, &e) == 0);
	ASSERT(buf_done(&b, &out, &e) == 0);
	ASSERT(out.n == mime_write_size(root, ed));
	return out;
}

/* One change to one part, both chosen by the bytes of the message. */
static void random_edit(struct mime_edit *ed, const struct mime *part, unsigned char choice)
{
	static const struct str names[] = { STR_INIT("Subject"), STR_INIT("Content-Type"),
					    STR_INIT("X-A") };
	struct str name = names[choice % ARRAY_LEN(names)], value;

	switch (choice / 8 % 9) {
	case 0:
		mime_edit_delete(ed, part, name);
		break;
	case 1:
		mime_edit_set(ed, part, name, STR("one\ntwo\r\n three"));
		mime_edit_find(ed, part, name, &value);
		break;
	case 2:
		mime_edit_prepend(ed, part, name, STR("top"));
		break;
	case 3:
		mime_edit_replace(ed, part, STR("Content-Type: text/plain\n\nremoved\n"));
		break;
	case 4:
		mime_edit_wrap(ed, STR("wrapped"));
		break;
	case 5:
		mime_edit_body(ed, part, part->body.n, part->body.n, STR("-- \nend"));
		break;
	case 6:
		mime_edit_whole_body(ed, part, mime_edit_find_body(ed, part));
		break;
	case 7:
		mime_edit_trim(ed, part);
		mime_edit_append(ed, part, STR("\nlast"));
		break;
	default:
		mime_edit_copy(ed, ed);
	}
}

static void check_edits(struct arena *a, const struct mime *root)
{
	const struct mime_mail *mail = root->mail;
	struct mime_edit ed;
	struct mime *again;
	struct err e;
	size_t i;

	mime_edit_init(&ed, a, root);
	for (i = 0; i < 12 && i < mail->raw.n; i++) {
		unsigned char c = (unsigned char)mail->raw.p[mail->raw.n - 1 - i];

		random_edit(&ed, mail->parts[c % mail->part_count], (unsigned char)(c + i * 37));
		ASSERT(mime_parse(a, written(a, root, &ed), NULL, &again, &e) == 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEAN_ARENA struct arena *a = arena_open("fuzz", (size_t)1 << 30);
	struct str raw = { (const char *)data, size };
	struct mime_limits small = { .parts = 20, .depth = 5, .fields = 30, .params = 8 };
	struct mime *root, *m;
	struct err e;

	ASSERT(mime_parse(a, raw, size % 2 ? &small : NULL, &root, &e) == 0);
	for (m = root; m; m = mime_walk(root, m))
		check_part(a, m);
	check_readings(a, root, size % 2 ? &small : NULL);
	ASSERT(str_eq(written(a, root, NULL), raw));
	check_edits(a, root);
	ASSERT(utf8_valid(mime_encode_text(a, raw)));
	return 0;
}
