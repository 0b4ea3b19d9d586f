/*
 * What PDFs and office documents say, and where reading them ends; tests/spam/plugin_cases.py has
 * the mails on which SpamAssassin agrees.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "gw/spam/ole.h"
#include "gw/spam/pdf.h"

static struct arena *a;

static int open_arena(void **state)
{
	(void)state;
	a = arena_open("test", 512u << 20);
	return 0;
}

static int close_arena(void **state)
{
	(void)state;
	arena_close(a);
	return 0;
}

static struct pdf_facts read_pdf(struct str lines)
{
	struct pdf_facts f = { 0 };

	pdf_facts_init(&f, a);
	assert_true(pdf_read(a, str_cat(a, STR("%PDF-1.4\n"), lines), &f));
	return f;
}

static void test_pdf(void **state)
{
	struct pdf_facts f = read_pdf(STR("/Author(a \\(b\\))/Title<414243>\n/Image\n"
					  "630 0 0 149 0 0 cm\n/S /URI /URI (http://a.b/)\n"));

	(void)state;
	assert_int_equal(f.images, 1);
	assert_true(f.has_area && f.area == 630 * 149);
	assert_true(str_eq(f.properties[PDF_AUTHOR].p[0], STR("a (b)")));
	assert_true(str_eq(f.properties[PDF_TITLE].p[0], STR("ABC")));
	assert_int_equal(f.uris.n, 1);
	assert_true(str_eq(f.uris.p[0], STR("http://a.b/")));
	assert_false(pdf_read(a, STR("%PDF-x"), &f));
}

static void test_pdf_limits(void **state)
{
	struct pdf_facts f;
	struct buf b;

	(void)state;
	buf_init(&b, a, 1 << 20);
	for (int i = 0; i <= PDF_URIS_MAX; i++)
		buf_addf(&b, "/URI (http://%d.example/)\n", i);
	for (int i = 0; i <= PDF_PROPERTIES_MAX; i++)
		buf_addz(&b, "/Title(x)\n");
	buf_addz(&b, "/Author(");
	for (int i = 0; i < 2 * PDF_STRING_MAX; i++)
		buf_addc(&b, 'x');
	buf_addz(&b, ")\n");
	for (int i = 0; i <= PDF_IMAGES_MAX; i++)
		buf_addz(&b, "x/Image/Width 1/Height 1\n");
	f = read_pdf(buf_str(&b));
	assert_int_equal(f.uris.n, PDF_URIS_MAX);
	assert_int_equal(f.properties[PDF_TITLE].n, PDF_PROPERTIES_MAX);
	assert_int_equal(f.properties[PDF_AUTHOR].p[0].n, PDF_STRING_MAX);
	assert_int_equal(f.images, PDF_IMAGES_MAX);
}

static void add_number(struct buf *b, size_t n, size_t bytes)
{
	for (; bytes; bytes--, n >>= 8)
		buf_addc(b, (char)n);
}

/* A stored member of `n` octets x, `count` times, whose size the directory gives as `said`. */
static struct str stored_zip(const char *name, size_t n, size_t said, unsigned count)
{
	struct buf b, directory;

	buf_init(&b, a, 64 << 20);
	buf_init(&directory, a, 64 << 20);
	for (unsigned i = 0; i < count; i++) {
		buf_addz(&directory, "PK\1\2");
		add_number(&directory, 0, 16);
		add_number(&directory, n, 4);
		add_number(&directory, said, 4);
		add_number(&directory, strlen(name), 2);
		add_number(&directory, 0, 12);
		add_number(&directory, b.n, 4);
		buf_addz(&directory, name);
		buf_addz(&b, "PK\3\4");
		add_number(&b, 0, 26);
		for (size_t k = 0; k < n; k++)
			buf_addc(&b, 'x');
	}
	n = b.n;
	buf_add(&b, buf_str(&directory));
	buf_addz(&b, "PK\5\6");
	add_number(&b, 0, 4);
	add_number(&b, count, 2);
	add_number(&b, count, 2);
	add_number(&b, directory.n, 4);
	add_number(&b, n, 4);
	add_number(&b, 0, 2);
	assert_false(b.failed);
	return buf_str(&b);
}

static void test_zip(void **state)
{
	struct str file = stored_zip("a", 3, 3, 2), content;
	struct zip_member *m;
	size_t n;

	(void)state;
	assert_true(zip_read(a, file, &m, &n));
	assert_int_equal(n, 2);
	assert_true(zip_content(a, &m[1], &content));
	assert_true(str_eq(content, STR("xxx")));
	for (size_t cut = 0; cut < file.n; cut++)
		assert_false(zip_read(a, str_sub(file, 0, cut), &m, &n));
	assert_true(zip_read(a, stored_zip("a", 3, 4, 1), &m, &n));
	assert_false(zip_content(a, m, &content));
}

static void test_zip_limits(void **state)
{
	struct ole_facts f = { 0 };
	struct str content;
	struct zip_member *m;
	size_t n;

	(void)state;
	assert_true(zip_read(a, stored_zip("a", 0, 0, ZIP_READ_MEMBERS_MAX + 1), &m, &n));
	assert_int_equal(n, ZIP_READ_MEMBERS_MAX);
	n = ZIP_READ_CONTENT_MAX + 1;
	assert_true(zip_read(a, stored_zip("a", n, n, 1), &m, &n));
	assert_false(zip_content(a, m, &content));
	n = ZIP_READ_CONTENT_MAX;
	assert_true(zip_read(a, stored_zip("a", n, n, 1), &m, &n));
	for (int i = 0; i < OLE_CONTENT_MAX / ZIP_READ_CONTENT_MAX; i++)
		assert_true(ole_unpack(a, m, &f, &content));
	assert_false(ole_unpack(a, m, &f, &content));
}

static void test_marks(void **state)
{
	struct ole_patterns p;
	struct ole_facts f = { 0 };

	(void)state;
	ole_patterns_init(&p, a);
	assert_false(ole_check_marks(&p, STR("\xd0\xcf\x11\xe0 Attribut"), &f));
	assert_true(ole_check_marks(&p, STR("\xd0\xcf\x11\xe0\0Attribut\0auto_open"), &f));
	assert_true(f.macro && f.malice && !f.encrypted);
	assert_true(ole_check_encrypted(STR("\xd0\xcf\x11\xe0<encryption xmlns"), &f));
	assert_true(f.encrypted);
	f.macro = false;
	assert_true(
		ole_check_zipped(a, &p, STR("a"), stored_zip("word/vbaProject.bin", 1, 1, 1), &f));
	assert_true(f.macro);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pdf),   cmocka_unit_test(test_pdf_limits),
		cmocka_unit_test(test_zip),   cmocka_unit_test(test_zip_limits),
		cmocka_unit_test(test_marks),
	};

	return cmocka_run_group_tests(tests, open_arena, close_arena);
}
