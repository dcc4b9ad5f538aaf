/* SPDX-License-Identifier: MIT */
#include "relay/typed.h"

#include <string.h>

bool typed_decimal(const char *text, size_t size, uint64_t maximum, uint64_t *number)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < size; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return false;
        }
        const uint64_t digit = (uint64_t)(text[i] - '0');
        if (digit > maximum || sum > (maximum - digit) / 10) {
            return false;
        }
        sum = sum * 10 + digit;
    }
    *number = sum;
    return size > 0;
}

struct unit {
    const char *name;
    uint64_t size;
};

static bool with_unit(const char *text, size_t size, const struct unit *units, uint64_t *number)
{
    size_t digits = 0;
    while (digits < size && text[digits] >= '0' && text[digits] <= '9') {
        digits++;
    }
    for (; units->name != NULL; units++) {
        if (strlen(units->name) == size - digits &&
            memcmp(units->name, text + digits, size - digits) == 0) {
            const bool good = typed_decimal(text, digits, INT64_MAX / units->size, number);
            *number *= units->size;
            return good;
        }
    }
    return false;
}

#define KIB UINT64_C(1024)
#define DAY UINT64_C(86400)

bool typed_size(const char *text, size_t size, uint64_t *bytes)
{
    static const struct unit units[] = {
        {"",    1                    },
        {"K",   KIB                  },
        {"M",   KIB * KIB            },
        {"G",   KIB * KIB * KIB      },
        {"T",   KIB * KIB * KIB * KIB},
        {"KB",  KIB                  },
        {"MB",  KIB * KIB            },
        {"GB",  KIB * KIB * KIB      },
        {"TB",  KIB * KIB * KIB * KIB},
        {"KiB", KIB                  },
        {"MiB", KIB * KIB            },
        {"GiB", KIB * KIB * KIB      },
        {"TiB", KIB * KIB * KIB * KIB},
        {NULL,  0                    },
    };
    *bytes = 0;
    return with_unit(text, size, units, bytes);
}

bool typed_age_s(const char *text, size_t size, uint64_t *seconds)
{
    static const struct unit units[] = {
        {"",   1        },
        {"s",  1        },
        {"m",  60       },
        {"h",  3600     },
        {"d",  DAY      },
        {"w",  7 * DAY  },
        {"y",  365 * DAY},
        {NULL, 0        },
    };
    *seconds = 0;
    return with_unit(text, size, units, seconds);
}
