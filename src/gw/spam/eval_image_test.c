/* ImageInfo; expectations are SpamAssassin's answers to the same mails. */
#include "gw/spam/eval_testing.h"

#define IMAGE(type, data)                                                                          \
	PARTS_MAIL("mixed", "Content-Type: text/plain\n\nhello world",                             \
		   "Content-Type: image/" type "\nContent-Transfer-Encoding: base64\n\n" data)

/* Each 300 wide and 200 high. */
#define GIF "R0lGODlhLAHIAA=="
#define PNG "iVBORw0KGgoAAAANSUhEUgAAASwAAADICAIAAAAAAAAA"
#define JPEG "/9j/4AAQSkZJRgABAQAAAQABAAD/wAARCADIASwD"
#define JPEG_TABLE "/9j/4AAQSkZJRgABAQAAAQABAAD/xAARCADIASwD" /* C4, which is no frame */

static void counts(void **state)
{
	static const struct eval_case cases[] = {
		{ IMAGE("gif", GIF), "body image_count('gif','1','1')", 1 },
		{ IMAGE("gif", GIF), "body image_count('all',1,1)", 1 },
		{ IMAGE("gif", GIF), "body image_count('gif','2')", 0 },
		{ IMAGE("gif", GIF), "body image_count('png','1')", 0 },
		{ IMAGE("jpg", JPEG), "body image_count('jpeg','1')", 1 },
		{ IMAGE("pjpeg", JPEG), "body image_count('all','1')", 0 },
		{ IMAGE("png", GIF), "body image_count('png','1')", 1 },
		{ TEXT_MAIL("x"), "body image_count('all','0')", 1 },
		{ TYPED_MAIL("Content-Type: image/gif", "GIF89adddd"),
		  "body image_count('gif','1')", 0 },
		{ IMAGE("gif; name=\"a.gif\"", GIF), "body image_named('a.gif')", 1 },
		{ IMAGE("gif; name=\"a.gif\"", GIF), "body image_named('A.gif')", 0 },
		{ IMAGE("gif; name=\"a.gif\"", GIF), "body image_name_regex('^a')", 1 },
		{ IMAGE("gif; name=\"a.gif\"", GIF), "body image_name_regex('/^a/')", 0 },
	};

	(void)state;
	EVAL_CASES("ImageInfo", cases);
}

static void sizes(void **state)
{
	static const struct eval_case cases[] = {
		{ IMAGE("gif", GIF), "body pixel_coverage('gif','60000','60000')", 1 },
		{ IMAGE("png", PNG), "body pixel_coverage('png','60000','60000')", 1 },
		{ IMAGE("jpeg", JPEG), "body pixel_coverage('all','60000','60000')", 1 },
		{ IMAGE("jpeg", JPEG_TABLE), "body pixel_coverage('all','1')", 0 },
		{ IMAGE("png", GIF), "body pixel_coverage('all','1')", 0 },
		{ TEXT_MAIL("x"), "body pixel_coverage('all','0')", 1 },
		{ IMAGE("gif", GIF), "body pixel_coverage('gif','60001')", 0 },
		{ IMAGE("gif", GIF), "body pixel_coverage('gif','1','59999')", 0 },
		{ IMAGE("gif", GIF), "body image_to_text_ratio('gif','0.000','0.001')", 1 },
		{ IMAGE("gif", GIF), "rawbody image_to_text_ratio('all','0.000','0.0001')", 0 },
		{ TYPED_MAIL("Content-Type: image/gif\nContent-Transfer-Encoding: base64", GIF),
		  "rawbody image_to_text_ratio('all','0.000','0.001')", 0 },
		{ IMAGE("gif", GIF), "body image_size_exact('all',200,300)", 1 },
		{ IMAGE("gif", GIF), "body image_size_exact('all',300,200)", 0 },
		{ IMAGE("gif", GIF), "body image_size_range('gif',200,300)", 1 },
		{ IMAGE("gif", GIF), "body image_size_range('gif',201,300)", 0 },
		{ IMAGE("gif", GIF), "body image_size_range('gif',100,100,200,300)", 1 },
		{ IMAGE("gif", GIF), "body image_size_range('gif',100,100,200,299)", 0 },
	};

	(void)state;
	EVAL_CASES("ImageInfo", cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts),
		cmocka_unit_test(sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
