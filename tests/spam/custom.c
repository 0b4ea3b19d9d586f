#include "gw/scan/custom.h"
void custom_check(struct arena *a, const char *program, const char *path, int64_t deadline, struct custom_result *out){(void)a;(void)program;(void)path;(void)deadline;*out=(struct custom_result){0};}
