/* points - numbers as SpamAssassin rounds them before it goes on with them. Private to gw/spam. */
#pragma once

#include <stdio.h>
#include <stdlib.h>

static inline double points_round(double n)
{
	char text[64];

	snprintf(text, sizeof(text), "%.3f", n);
	return strtod(text, NULL);
}
