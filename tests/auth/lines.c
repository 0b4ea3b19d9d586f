#include "auth/lines.h"

#include "base/enc.h"

static NORETURN void garbage(const char *what)
{
	fprintf(stderr, "garbage: %s\n", what);
	exit(2);
}

bool line_read(struct arena *a, struct line *out)
{
	static char text[LINE_MAX_BYTES];
	struct str rest, word;
	struct err e;

	if (!fgets(text, sizeof(text), stdin))
		return false;
	rest = str_of(text);
	*out = (struct line){ 0 };
	if (!str_word(&rest, &word))
		garbage("an empty line");
	out->word = str_copy(a, word);
	while (str_word(&rest, &word)) {
		if (out->n == LINE_FIELDS)
			garbage("too many fields");
		if (!str_eq(word, STR("-")) && enc_hex_decode(a, word, &out->field[out->n], &e) < 0)
			garbage(e.msg);
		out->n++;
	}
	return true;
}

void line_print(struct arena *a, const struct str *field, size_t n)
{
	for (size_t i = 0; i < n; i++)
		printf("%s%.*s", i ? " " : "",
		       STR_ARG(field[i].n ? enc_hex(a, field[i]) : STR("-")));
	printf("\n");
}

void line_add_zone(struct dns_table *t, const struct line *line)
{
	if (!dns_table_add(t, line->field[0], line->field[1], line->field[2]))
		garbage("a row that is none");
}
