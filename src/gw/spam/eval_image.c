#include "gw/spam/eval_number.h"
#include "gw/spam/eval_table.h"
#include "gw/spam/message_int.h"

enum { IMAGES_MAX = 1000 };

enum image_type { IMAGE_GIF, IMAGE_JPEG, IMAGE_PNG, IMAGE_TYPES, IMAGE_ALL = IMAGE_TYPES };

static const char *const type_names[] = { "gif", "jpeg", "png", "all" };

struct image {
	enum image_type type;
	uint32_t width, height; /* 0: not to be found out */
	struct str name;
};

struct image_facts {
	bool made;
	VEC(struct image) images;
	unsigned count[IMAGE_TYPES + 1];
	double pixels[IMAGE_TYPES + 1];
};

static uint32_t big_endian(struct str s, size_t at, size_t n)
{
	uint32_t v = 0;

	for (size_t i = 0; i < n; i++)
		v = v << 8 | (unsigned char)s.p[at + i];
	return v;
}

static void gif_size(struct str s, struct image *out)
{
	if (s.n < 10 || !(str_starts(s, STR("GIF87a")) || str_starts(s, STR("GIF89a"))))
		return;
	out->width = (uint32_t)(unsigned char)s.p[6] | (uint32_t)(unsigned char)s.p[7] << 8;
	out->height = (uint32_t)(unsigned char)s.p[8] | (uint32_t)(unsigned char)s.p[9] << 8;
}

static void png_size(struct str s, struct image *out)
{
	size_t at = 8;

	if (!str_starts(s, STR("\x89PNG\r\n\x1a\n")))
		return;
	while (s.n - at >= 8) {
		uint32_t n = big_endian(s, at, 4);

		if (str_starts(str_from(s, at + 4), STR("IHDR")) && s.n - at >= 16) {
			out->width = big_endian(s, at + 8, 4);
			out->height = big_endian(s, at + 12, 4);
			return;
		}
		if (n > s.n - at - 8 || s.n - at - 8 - n < 4)
			return;
		at += 12 + (size_t)n;
	}
}

/* Start of frame: C0 to CF but for the tables among them. */
static bool is_frame(unsigned char marker)
{
	return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 &&
	       marker != 0xcc;
}

static void jpeg_size(struct str s, struct image *out)
{
	size_t at = 2;

	if (!str_starts(s, STR("\xff\xd8")))
		return;
	while (s.n > at && s.n - at >= 4) {
		uint32_t n = big_endian(s, at + 2, 2);

		if ((unsigned char)s.p[at] != 0xff)
			return;
		if (is_frame((unsigned char)s.p[at + 1]) && s.n - at >= 9) {
			out->height = big_endian(s, at + 5, 2);
			out->width = big_endian(s, at + 7, 2);
			return;
		}
		if (n < 2)
			return;
		at += 2 + (size_t)n;
	}
}

static bool image_type_of(struct str type, enum image_type *out)
{
	if (str_eq(type, STR("image/gif")))
		*out = IMAGE_GIF;
	else if (str_eq(type, STR("image/png")))
		*out = IMAGE_PNG;
	else if (str_eq(type, STR("image/jpeg")) || str_eq(type, STR("image/jpg")))
		*out = IMAGE_JPEG;
	else
		return false;
	return true;
}

static void add_image(struct eval_run *r, struct image_facts *f, struct spam_node *node,
		      enum image_type type)
{
	static void (*const size[IMAGE_TYPES])(struct str s, struct image * out) = {
		[IMAGE_GIF] = gif_size,
		[IMAGE_JPEG] = jpeg_size,
		[IMAGE_PNG] = png_size,
	};
	struct image *image = vec_push(r->a, &f->images);
	double pixels;

	*image = (struct image){ .type = type, .name = node->part.name };
	size[type](spam_node_decoded(r->m, node), image);
	pixels = (double)image->width * (double)image->height;
	f->count[type]++;
	f->count[IMAGE_ALL]++;
	f->pixels[type] += pixels;
	f->pixels[IMAGE_ALL] += pixels;
}

static const struct image_facts *facts(struct eval_run *r)
{
	struct image_facts *f = r->mail;

	if (f->made)
		return f;
	f->made = true;
	for (size_t i = 0; i < r->m->parts.n && f->images.n < IMAGES_MAX; i++) {
		struct spam_node *node = (struct spam_node *)r->m->parts.p[i];
		enum image_type type;

		if (node->part.leaf && image_type_of(node->part.effective, &type) &&
		    str_eq(node->part.encoding, STR("base64")))
			add_image(r, f, node, type);
	}
	return f;
}

/* What `prepare` made: a type of image and bounds. */
struct bounds {
	enum image_type type;
	struct eval_range range;
	bool bounded;
	double v[4];
	size_t n;
};

static int bounds(struct spam_conf *c, void *conf, struct eval_args *args, struct err *e)
{
	struct bounds *b = NEW(c->keep, struct bounds);

	(void)conf;
	if (args->n < 2)
		return err_set(e, ERR_INVALID, "two arguments are needed");
	while (b->type <= IMAGE_ALL && !str_eq(args->v[0], str_of(type_names[b->type])))
		b->type++;
	if (b->type > IMAGE_ALL)
		return err_set(e, ERR_INVALID, "unknown type of images");
	b->n = args->n - 1 < 4 ? args->n - 1 : 4;
	for (size_t i = 0; i < b->n; i++)
		b->v[i] = eval_number(args->v[i + 1]);
	args->prepared = b;
	return 0;
}

static bool in_bounds(const struct bounds *b, double value)
{
	return value >= b->v[0] && (b->n < 2 || value <= b->v[1]);
}

static unsigned image_count(struct eval_run *r, const struct eval_args *args)
{
	const struct bounds *b = args->prepared;

	return in_bounds(b, facts(r)->count[b->type]);
}

static unsigned pixel_coverage(struct eval_run *r, const struct eval_args *args)
{
	const struct bounds *b = args->prepared;

	return in_bounds(b, facts(r)->pixels[b->type]);
}

/* Octets of the text that the rule is about, per pixel. */
static unsigned image_to_text_ratio(struct eval_run *r, const struct eval_args *args)
{
	const struct bounds *b = args->prepared;
	double pixels = facts(r)->pixels[b->type];
	struct spam_texts texts;
	size_t n = 0;

	if (pixels <= 0)
		return 0;
	texts = args->type == RULE_RAWBODY_EVAL ? spam_rawbody(r->m) : spam_body(r->m);
	for (size_t i = 0; i < texts.n; i++)
		n += texts.v[i].n;
	return n > 0 && in_bounds(b, (double)n / pixels);
}

static bool any_image(struct eval_run *r, const struct bounds *b,
		      bool (*is)(const struct image *image, const struct bounds *b))
{
	const struct image_facts *f = facts(r);

	for (size_t i = 0; i < f->images.n; i++)
		if ((b->type == IMAGE_ALL || f->images.p[i].type == b->type) &&
		    f->images.p[i].width && f->images.p[i].height && is(&f->images.p[i], b))
			return true;
	return false;
}

static bool is_exactly(const struct image *image, const struct bounds *b)
{
	return b->n >= 2 && image->height == b->v[0] && image->width == b->v[1];
}

static unsigned image_size_exact(struct eval_run *r, const struct eval_args *args)
{
	return any_image(r, args->prepared, is_exactly);
}

static bool is_between(const struct image *image, const struct bounds *b)
{
	return b->n >= 2 && image->height >= b->v[0] && image->width >= b->v[1] &&
	       (b->n < 3 || image->height <= b->v[2]) && (b->n < 4 || image->width <= b->v[3]);
}

static unsigned image_size_range(struct eval_run *r, const struct eval_args *args)
{
	return any_image(r, args->prepared, is_between);
}

static unsigned image_named(struct eval_run *r, const struct eval_args *args)
{
	const struct image_facts *f = facts(r);

	for (size_t i = 0; args->n && i < f->images.n; i++)
		if (f->images.p[i].name.n && str_eq(f->images.p[i].name, args->v[0]))
			return 1;
	return 0;
}

/* image_name_regex('^…$') */
static int name_pattern(struct spam_conf *c, void *conf, struct eval_args *args, struct err *e)
{
	struct re *re;

	(void)conf;
	if (args->n < 1)
		return err_set(e, ERR_INVALID, "a pattern is needed");
	if (re_compile_perl(c->keep, args->v[0], 0, &re, e) < 0)
		return -1;
	args->prepared = re;
	return 0;
}

static unsigned image_name_regex(struct eval_run *r, const struct eval_args *args)
{
	const struct image_facts *f = facts(r);

	for (size_t i = 0; i < f->images.n; i++)
		if (f->images.p[i].name.n &&
		    re_match(args->prepared, f->images.p[i].name) == RE_MATCH)
			return 1;
	return 0;
}

static const struct eval evals[] = {
	{ .name = "image_count", .call = image_count, .prepare = bounds },
	{ .name = "pixel_coverage", .call = pixel_coverage, .prepare = bounds },
	{ .name = "image_to_text_ratio", .call = image_to_text_ratio, .prepare = bounds },
	{ .name = "image_size_exact", .call = image_size_exact, .prepare = bounds },
	{ .name = "image_size_range", .call = image_size_range, .prepare = bounds },
	{ .name = "image_named", .call = image_named },
	{ .name = "image_name_regex", .call = image_name_regex, .prepare = name_pattern },
	{ 0 },
};

const struct eval_family eval_image = {
	.plugin = "ImageInfo",
	.evals = evals,
	.mail_size = sizeof(struct image_facts),
};
