/* The settings of the Bayes classifier. */
#include "gw/spam/bayes.h"

void bayes_conf_init(struct arena *a, struct bayes_conf *c)
{
	*c = (struct bayes_conf){
		.use = true,
		.use_rules = true,
		.auto_learn = true,
		.hapaxes = true,
		.auto_expire = true,
		.sources = BAYES_HEADER | BAYES_VISIBLE | BAYES_INVISIBLE | BAYES_URI,
		.token_max = 15,
		.min_spam = 200,
		.min_ham = 200,
		.expiry_max = 150000,
		.languages = STR("en"),
		.path = STR(BAYES_PATH),
		.learning = { .ham_below = 0.1, .spam_from = 12 },
	};
	map_init(&c->ignored_headers, a);
}
