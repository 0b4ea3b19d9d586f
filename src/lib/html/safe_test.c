/*
 * HTML that means harm, and HTML that does not. What comes out is judged by what a browser would
 * make of it: nothing runs, nothing is fetched unasked, and text stays readable.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/err.h"
#include "lib/html/safe.h"

static struct arena *a;

static struct str cid_image(void *ctx, struct str id)
{
	(void)ctx;
	if (str_eq(id, STR("logo")))
		return STR("data:image/png;base64,QUJD");
	return str_eq(id, STR("bad")) ? STR("data:text/html;base64,QUJD") : STR_NONE;
}

static struct html_safe settings;

static struct str safe(struct str html)
{
	struct buf b;

	settings.external = false;
	buf_init(&b, a, 1 << 24);
	html_safe_add(a, html, &settings, &b);
	return buf_str(&b);
}

struct pair {
	const char *from, *to;
};

static void check(const struct pair *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct str got = safe(str_of(p[i].from));

		if (!str_eq(got, str_of(p[i].to)))
			fail_msg("%s\n  gives     %.*s\n  should be %s", p[i].from, STR_ARG(got),
				 p[i].to);
		if (!str_eq(safe(got), got))
			fail_msg("%s\n  gives %.*s, which is not safe", p[i].from, STR_ARG(got));
	}
}

static int setup(void **state)
{
	(void)state;
	a = arena_open("test", 256u << 20);
	settings = (struct html_safe){ .images = HTML_IMAGES_ALL, .links = true,
				       .cid = cid_image };
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_close(a);
	return 0;
}

#define LINK " target=\"_blank\" rel=\"noopener noreferrer nofollow\""

static void harmless(void **state)
{
	static const struct pair p[] = {
		{ "<p>Hello <b>you</b> &amp; me", "<p>Hello <b>you</b> &amp; me</p>" },
		{ "<a href=\"https://x.example/?a=1&amp;b=2\">go</a>",
		  "<a href=\"https://x.example/?a=1&amp;b=2\"" LINK ">go</a>" },
		{ "<TABLE BORDER=0 CELLPADDING='2'><TR><TD COLSPAN=2 BGCOLOR=#fff>x</TABLE>",
		  "<table border=\"0\" cellpadding=\"2\"><tr><td colspan=\"2\" bgcolor=\"#fff\">x"
		  "</td></tr></table>" },
		{ "<font color=red face=\"Times, serif\">x</font>",
		  "<font color=\"red\" face=\"Times, serif\">x</font>" },
		{ "a<br/>b<hr size=1>c", "a<br>b<hr size=\"1\">c" },
		{ "<p style=\"color: red; margin: 0 auto; font-family: 'Comic Sans', serif\">x",
		  "<p style=\"color:red;margin:0 auto;font-family:&#39;Comic Sans&#39;, serif;\">x"
		  "</p>" },
		{ "<html><head><title>secret</title></head><body>x</body></html>", "x" },
		{ "<style>p.a, #b > td { color: rgb(1, 2, 3); } i{width:10%}</style>x",
		  "<style>p.a, #b > td{color:rgb(1, 2, 3);}\ni{width:10%;}\n</style>x" },
		{ "<style><!--\np {color:red}\n--></style>", "<style>p{color:red;}\n</style>" },
		{ "1 < 2 && 3 > 2", "1 &lt; 2 &amp;&amp; 3 &gt; 2" },
		{ "\xc3\xa4\xe2\x82\xac", "\xc3\xa4\xe2\x82\xac" },
	};

	(void)state;
	check(p, ARRAY_LEN(p));
}

static void scripts(void **state)
{
	static const struct pair p[] = {
		{ "<script>alert(1)</script>x", "x" },
		{ "<SCRIPT SRC=//evil.example/x.js></SCRIPT>x", "x" },
		{ "<script/xss src=\"http://evil.example/x.js\"></script>x", "x" },
		{ "<script><script>alert(1)</script></script>x", "x" },
		{ "<<SCRIPT>alert(1);//<</SCRIPT>", "&lt;" },
		{ "<scr<script>ipt>alert(1)</scr</script>ipt>x", "ipt&gt;alert(1)ipt&gt;x" },
		{ "<script\x0b>alert(1)</script>x", "x" },
		{ "<img src=x onerror=alert(1)>", "<img>" },
		{ "<img src=\"x\"onerror=\"alert(1)\">", "<img>" },
		{ "<img/src='x'/onerror=alert(1)>", "<img>" },
		{ "<IMG \"\"\"><SCRIPT>alert(1)</SCRIPT>\">", "<img>&quot;&gt;" },
		{ "<p onclick=alert(1) ONMOUSEOVER='alert(1)' onfocus=x autofocus>x</p>",
		  "<p>x</p>" },
		{ "<body onload=alert(1)>x", "x" },
		{ "<body background=\"javascript:alert(1)\">x", "x" },
		{ "<svg onload=alert(1)>x</svg>", "x" },
		{ "<svg><script>alert(1)</script></svg>x", "x" },
		{ "<svg><a xlink:href=\"javascript:alert(1)\"><text>x</text></a></svg>",
		  "<a>x</a>" },
		{ "<svg><animate attributeName=href values=javascript:alert(1) /><a>x</a></svg>",
		  "<a>x</a>" },
		{ "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)></style>",
		  "<table></table>" },
		{ "<math href=\"javascript:alert(1)\">x</math>", "x" },
		{ "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
		  "<p title=\"&lt;/noscript&gt;&lt;img src=x onerror=alert(1)&gt;\"></p>" },
		{ "<form action=javascript:alert(1)><input type=submit></form>", "" },
		{ "<button formaction=javascript:alert(1)>x</button>", "x" },
		{ "<isindex action=javascript:alert(1) type=image>x", "x" },
		{ "<video><source onerror=alert(1)></video>x", "x" },
		{ "<audio src=x onerror=alert(1)>x", "x" },
		{ "<details open ontoggle=alert(1)>x", "x" },
		{ "<marquee onstart=alert(1)>x</marquee>", "x" },
		{ "<object data=\"data:text/html,<script>alert(1)</script>\">x</object>", "x" },
		{ "<embed src=javascript:alert(1)>x", "x" },
		{ "<applet code=x>y</applet>", "y" },
		{ "<iframe src=javascript:alert(1)></iframe>x", "x" },
		{ "<iframe srcdoc=\"<script>alert(1)</script>\"></iframe>x", "x" },
		{ "<frameset><frame src=javascript:alert(1)></frameset>x", "x" },
		{ "<template><script>alert(1)</script></template>x", "x" },
		{ "<xss behavior: url(xss.htc)>x", "x" },
		{ "<?xml version=\"1.0\"?><?php alert(1) ?>x", "x" },
		{ "<![CDATA[<script>alert(1)</script>]]>x",
		  "&lt;script&gt;alert(1)&lt;/script&gt;x" },
		{ "<!--[if gte IE 4]><script>alert(1)</script><![endif]-->x", "x" },
		{ "<!--><script>alert(1)</script>-->x", "x" },
		{ "<!-- --!><script>alert(1)</script>x", "x" },
		{ "<p title='\"><script>alert(1)</script>'>x",
		  "<p title=\"&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;\">x</p>" },
		{ "<p title=`onmouseover=alert(1)`>x",
		  "<p title=\"&#96;onmouseover=alert(1)&#96;\">x</p>" },
		{ "&lt;script&gt;alert(1)&lt;/script&gt;",
		  "&lt;script&gt;alert(1)&lt;/script&gt;" },
		{ "+ADw-script+AD4-alert(1)+ADw-/script+AD4-",
		  "+ADw-script+AD4-alert(1)+ADw-/script+AD4-" },
		{ "<xmp><script>alert(1)</script></xmp>x",
		  "&lt;script&gt;alert(1)&lt;/script&gt;x" },
		{ "<textarea><script>alert(1)</script></textarea>x",
		  "&lt;script&gt;alert(1)&lt;/script&gt;x" },
		{ "<title><img src=x onerror=alert(1)></title>x", "x" },
	};

	(void)state;
	check(p, ARRAY_LEN(p));
}

static void links(void **state)
{
	static const struct pair p[] = {
		{ "<a href=\"javascript:alert(1)\">x</a>", "<a>x</a>" },
		{ "<a href=\" &#14; javascript:alert(1)\">x</a>", "<a>x</a>" },
		{ "<a href=\"jav&#x09;ascript:alert(1)\">x</a>", "<a>x</a>" },
		{ "<a href=\"jav\nascript:alert(1)\">x</a>", "<a>x</a>" },
		{ "<a href=\"&#106;&#97;&#118;&#97;script:alert(1)\">x</a>", "<a>x</a>" },
		{ "<a href=&#x6A&#x61&#x76&#x61&#x73&#x63&#x72&#x69&#x70&#x74&#x3A;1>x</a>",
		  "<a>x</a>" },
		{ "<a href=JaVaScRiPt:alert(1)>x</a>", "<a>x</a>" },
		{ "<a href=vbscript:msgbox(1)>x</a>", "<a>x</a>" },
		{ "<a href=data:text/html;base64,PHNjcmlwdD4=>x</a>", "<a>x</a>" },
		{ "<a href=//evil.example/>x</a>", "<a>x</a>" },
		{ "<a href=/api2/json/quarantine/content>x</a>", "<a>x</a>" },
		{ "<a href=\"http://x.example/ onclick=1\">x</a>", "<a>x</a>" },
		{ "<a href=\"http://x\thttp.example/\">x</a>", "<a>x</a>" },
		{ "<a href=\"http:evil.example\">x</a>", "<a>x</a>" },
		{ "<a href=\"file:///etc/passwd\">x</a>", "<a>x</a>" },
		{ "<a href='http://x.example/\"onmouseover=\"alert(1)'>x</a>",
		  "<a href=\"http://x.example/&quot;onmouseover=&quot;alert(1)\"" LINK ">x</a>" },
		{ "<a href=javascript:alert(1) href=https://x.example>x</a>", "<a>x</a>" },
		{ "<a href=https://x.example ping=https://y.example download target=_top>x</a>",
		  "<a href=\"https://x.example\"" LINK ">x</a>" },
		{ "<area href=https://x.example>", "" },
		{ "<base href=https://evil.example/><a href=x>y</a>", "<a>y</a>" },
		{ "<link rel=stylesheet href=https://evil.example/x.css>x", "x" },
		{ "<meta http-equiv=refresh content=\"0;url=https://evil.example\">x", "x" },
		{ "<q cite=javascript:alert(1)>x</q>", "<q>x</q>" },
	};

	(void)state;
	check(p, ARRAY_LEN(p));
	settings.links = false;
	assert_true(str_eq(safe(STR("<a href=https://x.example>y</a>")), STR("<a>y</a>")));
}

static void styles(void **state)
{
	static const struct pair p[] = {
		{ "<p style=\"background:url(https://t.example/x.gif)\">x</p>", "<p>x</p>" },
		{ "<p style=\"background:u\\72l(https://t.example)\">x</p>", "<p>x</p>" },
		{ "<p style=\"background:&#117;rl(//t.example)\">x</p>", "<p>x</p>" },
		{ "<p style=\"background:URL ( 'x' )\">x</p>", "<p>x</p>" },
		{ "<p style=\"background:ur/**/l(//t.example)\">x</p>", "<p>x</p>" },
		{ "<p style=\"background:#fff url('//t.example/x.gif?a=1') no-repeat\">x</p>",
		  "<p style=\"background:#fff  no-repeat;\">x</p>" },
		{ "<p style=\"background:url(//t.example) #123456 !important;color:white\">x</p>",
		  "<p style=\"background:#123456 !important;color:white;\">x</p>" },
		{ "<p style=\"background:red url(//a) url(//b)\">x</p>", "<p>x</p>" },
		{ "<p style=\"background:uurl(x)rl(//t.example)\">x</p>", "<p>x</p>" },
		{ "<p style=\"background:red url(//t.example\">x</p>", "<p>x</p>" },
		{ "<p style=\"background-image:image-set('//t.example' 1x)\">x</p>", "<p>x</p>" },
		{ "<p style=\"width:expression(alert(1))\">x</p>", "<p>x</p>" },
		{ "<p style=\"xss:expr/*XSS*/ession(alert(1))\">x</p>", "<p>x</p>" },
		{ "<p style=\"-moz-binding:url(https://x.example/x.xml#xss)\">x</p>", "<p>x</p>" },
		{ "<p style=\"behavior:url(xss.htc)\">x</p>", "<p>x</p>" },
		{ "<p style=\"position:fixed;top:0;left:0;color:red\">x</p>",
		  "<p style=\"color:red;\">x</p>" },
		{ "<p style=\"margin:-100px;margin-top:-.5em\">x</p>", "<p>x</p>" },
		{ "<p style=\"color:red}body{color:blue\">x</p>", "<p>x</p>" },
		{ "<p style=\"content:attr(title)\">x</p>", "<p>x</p>" },
		{ "<p style='color:red\"><script>alert(1)</script>'>x</p>", "<p>x</p>" },
		{ "<p style=\"width:calc(1px + 1px);width:var(--x)\">x</p>", "<p>x</p>" },
		{ "<p style=\"font-family:'a;color:red\">x</p>",
		  "<p style=\"color:red;\">x</p>" },
		{ "<style>@import 'https://t.example/x.css';p{color:red}</style>",
		  "<style>p{color:red;}\n</style>" },
		{ "<style>@import url(https://t.example/x.css);</style>x", "x" },
		{ "<style>@font-face{font-family:x;src:url(//t.example)}i{color:red}</style>",
		  "<style>i{color:red;}\n</style>" },
		{ "<style>@media screen{p{color:red}}i{color:red}</style>",
		  "<style>i{color:red;}\n</style>" },
		{ "<style>p{background:url(//t.example)}</style>x", "x" },
		{ "<style>input[value^=a]{color:red}</style>x", "x" },
		{ "<style>p:before{content:'x'}</style>x", "x" },
		{ "<style>p{color:red}</style><script>alert(1)</script>",
		  "<style>p{color:red;}\n</style>" },
		{ "<style>/*</style><img src=x onerror=alert(1)>*/",
		  "<img>*/" },
		{ "<style>/* { */ p /* } */ {color:red} i{color:red}</style>",
		  "<style>i{color:red;}\n</style>" },
		{ "<style>p{color:red</style>x", "x" },
		{ "<style>}}}p{color:red}</style>", "<style>p{color:red;}\n</style>" },
	};

	(void)state;
	check(p, ARRAY_LEN(p));
}

static void images(void **state)
{
	static const struct pair all[] = {
		{ "<img src=https://x.example/a.png width=10 alt=A>",
		  "<img src=\"https://x.example/a.png\" width=\"10\" alt=\"A\">" },
		{ "<img src=\"CID:logo\">", "<img src=\"data:image/png;base64,QUJD\">" },
		{ "<img src=cid:bad>", "<img>" },
		{ "<img src=cid:none>", "<img>" },
		{ "<img src=data:image/gif;base64,R0lGODlh>",
		  "<img src=\"data:image/gif;base64,R0lGODlh\">" },
		{ "<img src=data:image/svg+xml;base64,PHN2Zz4=>", "<img>" },
		{ "<img src=data:text/html;base64,PHN2Zz4=>", "<img>" },
		{ "<img src=\"data:image/png;base64,QUJD\" srcset=\"https://x.example/a 2x\">",
		  "<img src=\"data:image/png;base64,QUJD\">" },
		{ "<img lowsrc=https://x.example dynsrc=javascript:alert(1)>", "<img>" },
		{ "<img src=javascript:alert(1)>", "<img>" },
		{ "<img src=//x.example/a.png>", "<img>" },
		{ "<image src=https://x.example/a.png>", "" },
		{ "<input type=image src=https://x.example/a.png>", "" },
		{ "<td background=https://x.example/a.png>x</td>", "<td>x</td>" },
		{ "<video poster=https://x.example/a.png>x</video>", "x" },
	};
	static const struct pair embedded[] = {
		{ "<img src=https://x.example/a.png alt=A>", "<img alt=\"A\">" },
		{ "<img src=cid:logo>", "<img src=\"data:image/png;base64,QUJD\">" },
	};
	static const struct pair none[] = {
		{ "<img src=https://x.example/a.png alt=A>", "<img alt=\"A\">" },
		{ "<img src=cid:logo>", "<img>" },
		{ "<img src=data:image/gif;base64,R0lGODlh>", "<img>" },
	};

	(void)state;
	check(all, ARRAY_LEN(all));
	settings.images = HTML_IMAGES_EMBEDDED;
	check(embedded, ARRAY_LEN(embedded));
	safe(STR("<img src=https://x.example/a.png>"));
	assert_true(settings.external);
	safe(STR("<img src=cid:logo>"));
	assert_false(settings.external);
	settings.images = HTML_IMAGES_NONE;
	check(none, ARRAY_LEN(none));
}

static void nesting(void **state)
{
	static const struct pair p[] = {
		{ "</div></td></body>x", "x" },
		{ "<div><p>x</div>y", "<div><p>x</p></div>y" },
		{ "<b><i>x</b>y</i>z", "<b><i>x</i></b>yz" },
		{ "<div><div>x", "<div><div>x</div></div>" },
		{ "<a href=https://x.example <b>x", "<a href=\"https://x.example\"" LINK ">x</a>" },
		{ "x<p title=\"open", "x" },
	};
	struct str deep;
	struct buf b;

	(void)state;
	check(p, ARRAY_LEN(p));
	buf_init(&b, a, 1 << 24);
	for (int i = 0; i < 100000; i++)
		buf_addz(&b, "<div><b></i>");
	deep = safe(buf_str(&b));
	assert_true(deep.n < 200 * 13);
}

/* Bytes that are no UTF-8, and controls. */
static void bytes(void **state)
{
	static const struct pair p[] = {
		{ "a\xff" "b", "a\xef\xbf\xbd" "b" },
		{ "<p title=\"\xc3\">x", "<p title=\"\xef\xbf\xbd\">x</p>" },
		{ "a\x01\x7f" "b&#8;c", "a  b c" },
	};

	(void)state;
	check(p, ARRAY_LEN(p));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(harmless), TEST(scripts), TEST(links),
					    TEST(styles),   TEST(images),  TEST(nesting),
					    TEST(bytes) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
