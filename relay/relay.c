/* SPDX-License-Identifier: MIT */
#include "relay/relay.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "relay/api.h"
#include "relay/clock.h"
#include "relay/files.h"
#include "relay/host.h"
#include "relay/server.h"

enum {
    TICK_MS = 250,
    ANSWERS_MS = 3000, /* for the last answers to be sent */
    RETAIN_S = 1,      /* the store's log gets no longer than what comes meanwhile */
    PEM_MAXIMUM = 64 * 1024,
    FEWEST_THREADS = 2,
    MOST_THREADS = 4,
};

struct relay {
    const struct options *options;
    struct listeners *listeners;
    struct api api;
    struct server *server;
    char *certificate;
    char *key;
    pthread_t keeper; /* does what the store's retention asks */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool keeping;
    bool over;
};

static void *keep(void *context)
{
    struct relay *relay = context;
    bool failed = false; /* said once, until it goes well again */
    (void)pthread_mutex_lock(&relay->lock);
    while (!relay->over) {
        struct timespec until;
        struct etwas_error error;
        uint64_t removed = 0;
        (void)pthread_mutex_unlock(&relay->lock);
        const bool good =
            store_retain(relay->api.store, clock_utc_ms(), &removed, &error) == ETWAS_OK;
        if (!good && !failed) {
            host_say("removing what is old", &error);
        }
        failed = !good;
        host_give_back();
        (void)pthread_mutex_lock(&relay->lock);
        (void)clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_sec += RETAIN_S;
        if (!relay->over) {
            (void)pthread_cond_timedwait(&relay->changed, &relay->lock, &until);
        }
    }
    (void)pthread_mutex_unlock(&relay->lock);
    return NULL;
}

/* `doing` says which file it is. */
static enum etwas_status read_pem(const char *path, const char *doing, char **text,
                                  struct etwas_error *error)
{
    size_t size = 0;
    *text = calloc(1, PEM_MAXIMUM + 1);
    if (*text == NULL) {
        *error = (struct etwas_error){.status = ETWAS_NO_MEMORY, .doing = "reading a file"};
        return ETWAS_NO_MEMORY;
    }
    const enum etwas_status status = files_read(path, *text, PEM_MAXIMUM, &size, error);
    if (status == ETWAS_DENIED && error->os_code == 0) {
        error->doing =
            "everybody may write in the file of --tls-cert or of --tls-key: chmod o-w it";
    } else if (status != ETWAS_OK) {
        error->doing = doing;
    }
    return status;
}

static enum etwas_status open_store(struct relay *relay, struct etwas_error *error)
{
    const struct options *options = relay->options;
    const struct store_options store = {.folder = options->data,
                                        .max_bytes = options->retain_bytes,
                                        .max_age_s = options->retain_s};
    enum etwas_status status = files_make_folder(options->data, error);
    if (status == ETWAS_OK) {
        status = store_open(&store, &relay->api.store, error);
    }
    if (status == ETWAS_OK) {
        status = token_open(&relay->api.token, options->data, error);
    }
    return status;
}

static enum etwas_status open_keys(struct relay *relay, struct etwas_error *error)
{
    char path[sizeof relay->options->data + 8];
    const struct publishers_limits limits = {
        .batches_per_s = relay->options->max_batches_per_s,
        .bytes_per_s = relay->options->max_bytes_per_s,
    };
    relay->api.publishers = publishers_open(&limits);
    if (relay->api.publishers == NULL) {
        *error = (struct etwas_error){.status = ETWAS_NO_MEMORY, .doing = "starting"};
        return ETWAS_NO_MEMORY;
    }
    return keys_open(options_keys(relay->options, path, sizeof path), relay->options->data,
                     &relay->api.keys, error);
}

/* The clock of the wall may be put back: the keeper would wait for as long. */
static void init_wait(struct relay *relay)
{
    pthread_condattr_t attributes;
    (void)pthread_mutex_init(&relay->lock, NULL);
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&relay->changed, &attributes);
    (void)pthread_condattr_destroy(&attributes);
}

/* Without it nothing would ever be removed. */
static enum etwas_status start_keeper(struct relay *relay, struct etwas_error *error)
{
    const int code = pthread_create(&relay->keeper, NULL, keep, relay);
    relay->keeping = code == 0;
    if (code != 0) {
        *error = (struct etwas_error){
            .status = ETWAS_SYSTEM, .os_code = (uint32_t)code, .doing = "starting a thread"};
        return ETWAS_SYSTEM;
    }
    return ETWAS_OK;
}

static unsigned threads(void)
{
    const unsigned count = host_processors();
    return count < FEWEST_THREADS ? FEWEST_THREADS : count > MOST_THREADS ? MOST_THREADS : count;
}

/* From the store up to the sockets. */
static enum etwas_status open_flow(struct relay *relay, struct etwas_error *error)
{
    struct api *api = &relay->api;
    const struct live_options live = {.store = api->store,
                                      .max_viewers = relay->options->max_viewers};
    struct ingest_options ingest = {
        .keys = api->keys,
        .publishers = api->publishers,
        .trust_local = relay->options->trust_local && relay->listeners->loopback_only &&
                       (relay->options->trust_proxied || !hosts_are_public(&api->hosts)),
    };
    enum etwas_status status = live_open(&live, &api->live, error);
    if (status == ETWAS_OK) {
        status = committer_open(api->store, api->live, &api->committer, error);
    }
    if (status == ETWAS_OK) {
        ingest.committer = api->committer;
        status = ingest_open(&ingest, &api->ingest, error);
    }
    if (status == ETWAS_OK && relay->options->certificate != NULL) {
        status = read_pem(relay->options->certificate, "reading the file of --tls-cert",
                          &relay->certificate, error);
    }
    if (status == ETWAS_OK && relay->options->certificate != NULL) {
        status = read_pem(relay->options->key, "reading the file of --tls-key", &relay->key, error);
    }
    if (status == ETWAS_OK) {
        const struct server_options server = {
            .api = api, .threads = threads(), .certificate = relay->certificate, .key = relay->key};
        status = server_open(&server, &relay->server, error);
    }
    return status;
}

static enum etwas_status name_hosts(struct relay *relay, struct etwas_error *error)
{
    struct hosts *hosts = &relay->api.hosts;
    hosts->port = relay->listeners->port;
    hosts->tls = relay->options->certificate != NULL;
    token_set_port(&relay->api.token, hosts->port);
    for (size_t i = 0; i < relay->options->host_count; i++) {
        if (!hosts_add(hosts, relay->options->hosts[i])) {
            *error = (struct etwas_error){.status = ETWAS_MALFORMED, .doing = "reading --host"};
            return ETWAS_MALFORMED;
        }
    }
    return ETWAS_OK;
}

enum etwas_status relay_open(const struct options *options, struct listeners *listeners,
                             struct relay **relay, struct etwas_error *error)
{
    struct relay *made = calloc(1, sizeof *made);
    *relay = made;
    if (made == NULL) {
        *error = (struct etwas_error){.status = ETWAS_NO_MEMORY, .doing = "starting"};
        return ETWAS_NO_MEMORY;
    }
    made->options = options;
    made->listeners = listeners;
    made->api.started_ms = clock_utc_ms();
    made->api.started_clock_ms = clock_ms();
    init_wait(made);
    enum etwas_status status = open_store(made, error);
    if (status == ETWAS_OK) {
        status = open_keys(made, error);
    }
    if (status == ETWAS_OK) {
        status = name_hosts(made, error);
    }
    if (status == ETWAS_OK) {
        status = open_flow(made, error);
    }
    if (status == ETWAS_OK) {
        status = start_keeper(made, error);
    }
    if (status != ETWAS_OK) {
        relay_close(made);
        *relay = NULL;
    }
    return status;
}

static void take(void *context, int socket, const struct sockaddr *address, size_t size)
{
    const struct relay *relay = context;
    server_add(relay->server, socket, address, size);
}

static void refresh_keys(struct relay *relay)
{
    char room[sizeof relay->options->data + 8];
    const struct keys_news news = keys_refresh(relay->api.keys);
    const char *path = options_keys(relay->options, room, sizeof room);
    if (news.failed.status != ETWAS_OK) {
        host_say(path, &news.failed);
        (void)fprintf(stderr, "etwass: the %zu keys known before count until it can be read\n",
                      news.count);
    }
    if (news.bad_lines > 0) {
        (void)fprintf(stderr, "etwass: %s:%zu: this is no key: %s\n", path, news.first_bad,
                      news.why);
    }
    if (news.bad_lines > 1) {
        (void)fprintf(stderr, "etwass: nor are %zu other lines; the rest counts\n",
                      news.bad_lines - 1);
    }
    /* Without any, what is said of unknown keys is all there is to say. */
    if (news.reread && (news.count != 0 || news.before != 0) && !relay->options->quiet) {
        (void)fprintf(stderr, "etwass: %zu trusted keys\n", news.count);
    }
}

static void say_where(const struct relay *relay)
{
    const struct options *options = relay->options;
    char url[LISTEN_NAME_SIZE + 32];
    (void)printf("etwass " ETWAS_VERSION " listens on");
    for (size_t i = 0; i < relay->listeners->count; i++) {
        listen_url(relay->listeners, i, relay->api.hosts.tls, url, sizeof url);
        (void)printf(" %s", url);
    }
    (void)printf("\nData: %s\n", options->data);
    if (ingest_trusts_local(relay->api.ingest)) {
        (void)printf("Unknown keys of this machine are trusted, as local-...; "
                     "--no-trust-local ends that\n");
    }
    if (host_output_is_kept()) {
        /* A journal has other readers than the file. */
        (void)printf("Viewer token: in %s/viewer-token\n", options->data);
    } else {
        host_url(relay->listeners, relay->api.hosts.tls, url, sizeof url);
        (void)printf("Open %s/?token=%s\n", url, relay->api.token.text);
    }
    (void)fflush(stdout);
}

void relay_run(struct relay *relay)
{
    refresh_keys(relay);
    if (!relay->options->quiet) {
        say_where(relay);
    }
    int64_t next_ms = clock_ms() + TICK_MS;
    while (listen_wait(relay->listeners, TICK_MS, take, relay)) {
        if (clock_ms() >= next_ms) {
            next_ms = clock_ms() + TICK_MS;
            server_tick(relay->server);
            refresh_keys(relay);
        }
    }
}

static void end_keeper(struct relay *relay)
{
    (void)pthread_mutex_lock(&relay->lock);
    relay->over = true;
    (void)pthread_cond_signal(&relay->changed);
    (void)pthread_mutex_unlock(&relay->lock);
    if (relay->keeping) {
        (void)pthread_join(relay->keeper, NULL);
    }
}

void relay_close(struct relay *relay)
{
    if (relay == NULL) {
        return;
    }
    struct api *api = &relay->api;
    atomic_store(&api->stopping, true);
    /* What was taken is stored and answered, and no stream waits any more. */
    if (api->committer != NULL) {
        committer_stop(api->committer);
    }
    if (api->live != NULL) {
        live_stop(api->live);
    }
    server_close(relay->server, ANSWERS_MS);
    end_keeper(relay);
    ingest_close(api->ingest);
    committer_close(api->committer);
    live_close(api->live);
    if (api->keys != NULL) {
        (void)keys_refresh(api->keys); /* writes those that asked just now */
    }
    keys_close(api->keys);
    publishers_close(api->publishers);
    store_close(api->store);
    free(relay->certificate);
    free(relay->key);
    (void)pthread_cond_destroy(&relay->changed);
    (void)pthread_mutex_destroy(&relay->lock);
    free(relay);
}
