#include <math.h>

#include "base/enc.h"
#include "gw/spam/html_walk.h"

/* Two colours less than this apart are hard to tell; black and white are 191 apart. */
static const double NEAR = 12;

static const struct {
	const char *name;
	uint32_t rgb;
} names[] = {
	{ "aliceblue", 0xf0f8ff },
	{ "antiquewhite", 0xfaebd7 },
	{ "aqua", 0x00ffff },
	{ "aquamarine", 0x7fffd4 },
	{ "azure", 0xf0ffff },
	{ "beige", 0xf5f5dc },
	{ "bisque", 0xffe4c4 },
	{ "black", 0x000000 },
	{ "blanchedalmond", 0xffebcd },
	{ "blue", 0x0000ff },
	{ "blueviolet", 0x8a2be2 },
	{ "brown", 0xa52a2a },
	{ "burlywood", 0xdeb887 },
	{ "cadetblue", 0x5f9ea0 },
	{ "chartreuse", 0x7fff00 },
	{ "chocolate", 0xd2691e },
	{ "coral", 0xff7f50 },
	{ "cornflowerblue", 0x6495ed },
	{ "cornsilk", 0xfff8dc },
	{ "crimson", 0xdc143c },
	{ "cyan", 0x00ffff },
	{ "darkblue", 0x00008b },
	{ "darkcyan", 0x008b8b },
	{ "darkgoldenrod", 0xb8860b },
	{ "darkgray", 0xa9a9a9 },
	{ "darkgreen", 0x006400 },
	{ "darkgrey", 0xa9a9a9 },
	{ "darkkhaki", 0xbdb76b },
	{ "darkmagenta", 0x8b008b },
	{ "darkolivegreen", 0x556b2f },
	{ "darkorange", 0xff8c00 },
	{ "darkorchid", 0x9932cc },
	{ "darkred", 0x8b0000 },
	{ "darksalmon", 0xe9967a },
	{ "darkseagreen", 0x8fbc8f },
	{ "darkslateblue", 0x483d8b },
	{ "darkslategray", 0x2f4f4f },
	{ "darkslategrey", 0x2f4f4f },
	{ "darkturquoise", 0x00ced1 },
	{ "darkviolet", 0x9400d3 },
	{ "deeppink", 0xff1493 },
	{ "deepskyblue", 0x00bfff },
	{ "dimgray", 0x696969 },
	{ "dimgrey", 0x696969 },
	{ "dodgerblue", 0x1e90ff },
	{ "firebrick", 0xb22222 },
	{ "floralwhite", 0xfffaf0 },
	{ "forestgreen", 0x228b22 },
	{ "fuchsia", 0xff00ff },
	{ "gainsboro", 0xdcdcdc },
	{ "ghostwhite", 0xf8f8ff },
	{ "gold", 0xffd700 },
	{ "goldenrod", 0xdaa520 },
	{ "gray", 0x808080 },
	{ "green", 0x008000 },
	{ "greenyellow", 0xadff2f },
	{ "grey", 0x808080 },
	{ "honeydew", 0xf0fff0 },
	{ "hotpink", 0xff69b4 },
	{ "indianred", 0xcd5c5c },
	{ "indigo", 0x4b0082 },
	{ "ivory", 0xfffff0 },
	{ "khaki", 0xf0e68c },
	{ "lavender", 0xe6e6fa },
	{ "lavenderblush", 0xfff0f5 },
	{ "lawngreen", 0x7cfc00 },
	{ "lemonchiffon", 0xfffacd },
	{ "lightblue", 0xadd8e6 },
	{ "lightcoral", 0xf08080 },
	{ "lightcyan", 0xe0ffff },
	{ "lightgoldenrodyellow", 0xfafad2 },
	{ "lightgray", 0xd3d3d3 },
	{ "lightgreen", 0x90ee90 },
	{ "lightgrey", 0xd3d3d3 },
	{ "lightpink", 0xffb6c1 },
	{ "lightsalmon", 0xffa07a },
	{ "lightseagreen", 0x20b2aa },
	{ "lightskyblue", 0x87cefa },
	{ "lightslategray", 0x778899 },
	{ "lightslategrey", 0x778899 },
	{ "lightsteelblue", 0xb0c4de },
	{ "lightyellow", 0xffffe0 },
	{ "lime", 0x00ff00 },
	{ "limegreen", 0x32cd32 },
	{ "linen", 0xfaf0e6 },
	{ "magenta", 0xff00ff },
	{ "maroon", 0x800000 },
	{ "mediumaquamarine", 0x66cdaa },
	{ "mediumblue", 0x0000cd },
	{ "mediumorchid", 0xba55d3 },
	{ "mediumpurple", 0x9370db },
	{ "mediumseagreen", 0x3cb371 },
	{ "mediumslateblue", 0x7b68ee },
	{ "mediumspringgreen", 0x00fa9a },
	{ "mediumturquoise", 0x48d1cc },
	{ "mediumvioletred", 0xc71585 },
	{ "midnightblue", 0x191970 },
	{ "mintcream", 0xf5fffa },
	{ "mistyrose", 0xffe4e1 },
	{ "moccasin", 0xffe4b5 },
	{ "navajowhite", 0xffdead },
	{ "navy", 0x000080 },
	{ "oldlace", 0xfdf5e6 },
	{ "olive", 0x808000 },
	{ "olivedrab", 0x6b8e23 },
	{ "orange", 0xffa500 },
	{ "orangered", 0xff4500 },
	{ "orchid", 0xda70d6 },
	{ "palegoldenrod", 0xeee8aa },
	{ "palegreen", 0x98fb98 },
	{ "paleturquoise", 0xafeeee },
	{ "palevioletred", 0xdb7093 },
	{ "papayawhip", 0xffefd5 },
	{ "peachpuff", 0xffdab9 },
	{ "peru", 0xcd853f },
	{ "pink", 0xffc0cb },
	{ "plum", 0xdda0dd },
	{ "powderblue", 0xb0e0e6 },
	{ "purple", 0x800080 },
	{ "red", 0xff0000 },
	{ "rosybrown", 0xbc8f8f },
	{ "royalblue", 0x4169e1 },
	{ "saddlebrown", 0x8b4513 },
	{ "salmon", 0xfa8072 },
	{ "sandybrown", 0xf4a460 },
	{ "seagreen", 0x2e8b57 },
	{ "seashell", 0xfff5ee },
	{ "sienna", 0xa0522d },
	{ "silver", 0xc0c0c0 },
	{ "skyblue", 0x87ceeb },
	{ "slateblue", 0x6a5acd },
	{ "slategray", 0x708090 },
	{ "slategrey", 0x708090 },
	{ "snow", 0xfffafa },
	{ "springgreen", 0x00ff7f },
	{ "steelblue", 0x4682b4 },
	{ "tan", 0xd2b48c },
	{ "teal", 0x008080 },
	{ "thistle", 0xd8bfd8 },
	{ "tomato", 0xff6347 },
	{ "turquoise", 0x40e0d0 },
	{ "violet", 0xee82ee },
	{ "wheat", 0xf5deb3 },
	{ "white", 0xffffff },
	{ "whitesmoke", 0xf5f5f5 },
	{ "yellow", 0xffff00 },
	{ "yellowgreen", 0x9acd32 },
};

static const struct html_color invalid = { COLOR_INVALID, 0 };

static bool find_name(struct str s, struct html_color *out)
{
	size_t lo = 0, hi = ARRAY_LEN(names);

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		int order = str_cmp(str_of(names[mid].name), s);

		if (order == 0) {
			*out = (struct html_color){ COLOR_RGB, names[mid].rgb };
			return true;
		}
		if (order < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return false;
}

/* Digits of a `#…` value: six, or one to three that are doubled; four and five count as three. */
static struct html_color from_digits(const char *digit, size_t n)
{
	uint32_t rgb = 0;

	if (n == 0)
		return (struct html_color){ COLOR_NONE, 0 };
	for (size_t i = 0; i < 3; i++) {
		if (n >= 6)
			rgb = rgb << 8 | (uint32_t)(enc_hex_digit(digit[2 * i]) << 4) |
			      (uint32_t)enc_hex_digit(digit[2 * i + 1]);
		else
			rgb = rgb << 8 | (uint32_t)(i < n ? enc_hex_digit(digit[i]) * 0x11 : 0);
	}
	return (struct html_color){ COLOR_RGB, rgb };
}

static struct html_color from_hex(struct str s)
{
	char digit[6];
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (enc_hex_digit(s.p[i]) < 0) {
			if (s.p[i] != '#')
				return invalid;
		} else if (n < sizeof(digit)) {
			digit[n++] = s.p[i];
		}
	}
	return s.n && *s.p == '#' ? from_digits(digit, n) : invalid;
}

static bool take_number(struct str *s, int64_t *n)
{
	size_t digits = 0;

	while (digits < s->n && ascii_is_digit(s->p[digits]))
		digits++;
	if (!str_int(str_sub(*s, 0, digits), 0, INT32_MAX, n))
		return false;
	*s = str_from(*s, digits);
	return true;
}

/* "1, 2, 3)" or "1%, 2%, 3%)": SpamAssassin strings the digits together, however large they are. */
static struct html_color from_rgb(struct arena *a, struct str s)
{
	struct str digits = STR_NONE;
	bool percent = false;

	for (int i = 0; i < 3; i++) {
		int64_t n;

		if (i > 0)
			s = str_ltrim(s);
		if (!take_number(&s, &n))
			return invalid;
		if (i == 0)
			percent = s.n && *s.p == '%';
		if (percent) {
			if (!s.n || *s.p != '%')
				return invalid;
			s = str_from(s, 1);
			n = (int64_t)((double)n / 100 * 255);
		}
		digits = str_cat(a, digits, str_fmt(a, "%02llx", (unsigned long long)n));
		if (i == 2)
			s = str_ltrim(s);
		if (!s.n || *s.p != (i == 2 ? ')' : ','))
			return invalid;
		s = str_from(s, 1);
	}
	return from_digits(digits.p, digits.n);
}

struct html_color html_color_parse(struct arena *a, struct str s)
{
	struct html_color c;
	ptrdiff_t rgb;

	s = str_lower(a, str_trim(s));
	if (find_name(s, &c))
		return c;
	rgb = str_find(s, STR("rgb("));
	return rgb < 0 ? from_hex(s) : from_rgb(a, str_from(s, (size_t)rgb + 4));
}

bool html_color_eq(struct html_color x, struct html_color y)
{
	return x.kind == y.kind && (x.kind != COLOR_RGB || x.rgb == y.rgb);
}

static double channel(struct html_color x, struct html_color y, int shift, double weight)
{
	int d = (int)(x.rgb >> shift & 0xff) - (int)(y.rgb >> shift & 0xff);

	return weight * d * (weight * d);
}

bool html_color_near(struct html_color x, struct html_color y)
{
	if (x.kind != COLOR_RGB || y.kind != COLOR_RGB)
		return false;
	return sqrt(channel(x, y, 16, 0.2126) + channel(x, y, 8, 0.7152) +
		    channel(x, y, 0, 0.0722)) < NEAR;
}
