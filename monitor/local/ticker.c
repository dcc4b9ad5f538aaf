/* SPDX-License-Identifier: MIT */
#include "monitor/local/ticker.h"

#include <stdlib.h>

#include "monitor/local/moment.h"

static struct ticker *ticker_of(struct source *source)
{
    return (struct ticker *)(void *)source;
}

static const struct ticker *ticker_view(const struct source *source)
{
    return (const struct ticker *)(const void *)source;
}

static int ticker_descriptor(const struct source *source)
{
    (void)source;
    return -1;
}

static int ticker_timeout_ms(const struct source *source)
{
    const struct ticker *ticker = ticker_view(source);
    const int64_t left = ticker->next_ms - moment_steady_ms();
    if (ticker->finishing || left <= 0) {
        return 0;
    }
    return left < INT32_MAX ? (int)left : INT32_MAX;
}

static enum etwas_status ticker_pump(struct source *source, struct event_handler *handler,
                                     struct etwas_error *error)
{
    struct ticker *ticker = ticker_of(source);
    if (ticker->finishing) {
        return ETWAS_CLOSED;
    }
    const int64_t now = moment_steady_ms();
    if (now < ticker->next_ms) {
        return ETWAS_OK;
    }
    /* Intervals that were slept through are not made up for. */
    const int64_t late = (now - ticker->next_ms) / ticker->interval_ms;
    ticker->next_ms += (late + 1) * ticker->interval_ms;
    return ticker->look(ticker, handler, error);
}

static void ticker_finish(struct source *source)
{
    ticker_of(source)->finishing = true;
}

static void ticker_accounts(const struct source *source, struct source_accounts *accounts)
{
    const uint64_t delivered = ticker_view(source)->delivered;
    *accounts = (struct source_accounts){.produced = delivered, .delivered = delivered};
}

static const char *ticker_ending(const struct source *source)
{
    (void)source;
    return NULL;
}

static void ticker_close(struct source *source)
{
    struct ticker *ticker = ticker_of(source);
    ticker->clear(ticker);
    free(ticker);
}

static const struct source_ops ops = {
    .descriptor = ticker_descriptor,
    .timeout_ms = ticker_timeout_ms,
    .pump = ticker_pump,
    .finish = ticker_finish,
    .accounts = ticker_accounts,
    .ending = ticker_ending,
    .close = ticker_close,
};

void ticker_start(struct ticker *ticker, uint32_t interval_ms)
{
    ticker->source.ops = &ops;
    ticker->interval_ms = interval_ms == 0 ? TICKER_DEFAULT_MS : interval_ms;
    ticker->next_ms = moment_steady_ms() + ticker->interval_ms;
}

enum etwas_status ticker_hand_over(struct ticker *ticker, struct event_handler *handler,
                                   const struct event *events, size_t count)
{
    if (count == 0) {
        return ETWAS_OK;
    }
    ticker->delivered += count;
    return handler->handle(handler, events, count);
}
