/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "policy/key.h"
#include "relay/audit.h"
#include "relay/clock.h"
#include "relay/host.h"
#include "relay/ingest.h"
#include "relay/keys.h"
#include "relay/options.h"
#include "relay/relay.h"
#include "relay/store.h"

enum { EXIT_FINE, EXIT_BAD_ARGUMENTS, EXIT_FAILED, EXIT_DENIED, EXIT_NOT_FOUND };
enum { PROGRESS_MS = 200, MAX_NAMES = 20 };

static int exit_code(enum etwas_status status)
{
    if (status == ETWAS_OK) {
        return EXIT_FINE;
    }
    if (status == ETWAS_DENIED) {
        return EXIT_DENIED;
    }
    return status == ETWAS_NOT_FOUND ? EXIT_NOT_FOUND : EXIT_FAILED;
}

static int print(const char *text)
{
    (void)fputs(text, stdout);
    return fflush(stdout) == 0 ? EXIT_FINE : EXIT_FAILED;
}

/* What went wrong with the folder, and what can be done about it. */
static int say_folder(const struct options *options, const struct etwas_error *error)
{
    const bool runs = options->action == ACTION_RUN;
    const bool about_tls = strstr(error->doing, "--tls") != NULL;
    if (error->status == ETWAS_BUSY && runs) {
        (void)fprintf(
            stderr,
            "etwass: %s: another etwass serves this folder: use that one, end it, or give "
            "another folder with --data\n",
            options->data);
        return exit_code(error->status);
    }
    if (about_tls) {
        host_say("TLS", error);
        return exit_code(error->status);
    }
    host_say(options->data, error);
    if (error->status == ETWAS_DENIED && error->os_code != 0) {
        (void)fprintf(stderr,
                      "etwass: run it as the user whose folder this is, as in sudo -u etwas-relay "
                      "etwass ..., or give another folder with --data\n");
    } else if (error->status == ETWAS_NOT_FOUND && !runs) {
        (void)fprintf(stderr, "etwass: give the folder of the relay with --data; that of the "
                              "service is /var/lib/etwas-relay\n");
    } else if (error->os_code != 0 && runs) {
        (void)fprintf(stderr, "etwass: give a folder that can be made and written, and has room, "
                              "with --data\n");
    }
    return exit_code(error->status);
}

static int say_listening(const struct options *options, const struct listeners *listeners,
                         const struct etwas_error *error)
{
    const char *address = listeners->failed;
    if (error->status == ETWAS_BUSY) {
        (void)fprintf(
            stderr,
            "etwass: port %u of %s is taken, perhaps by another etwass: give another one, "
            "as in --port %u\n",
            options->port, address, options->port < UINT16_MAX ? options->port + 1U : 0);
    } else if (error->status == ETWAS_NOT_FOUND) {
        (void)fprintf(stderr,
                      "etwass: %.200s is no address of this machine: ip -brief address lists "
                      "those that are; --bind 0.0.0.0 and --bind :: are all of them\n",
                      address);
    } else {
        host_say(address, error);
    }
    if (error->status == ETWAS_DENIED) {
        (void)fprintf(stderr, "etwass: ports below 1024 are root's: give one above, as in "
                              "--port 8080\n");
    }
    return exit_code(error->status);
}

static int approve(const struct options *options)
{
    char path[sizeof options->data + 8];
    char id[KEY_ID_SIZE];
    struct key_trust trust;
    struct etwas_error error = {.status = ETWAS_OK};
    const char *keys = options_keys(options, path, sizeof path);
    const enum etwas_status status =
        keys_approve(keys, options->data, options->fingerprint, &trust, &error);
    if (status == ETWAS_OK) {
        key_id(trust.public_key, id);
        (void)printf("%s is trusted from now on, as %s: it is in %s\n", id, trust.computer, keys);
    } else if (status == ETWAS_NOT_FOUND && error.os_code == 0) {
        (void)fprintf(stderr,
                      "etwass: no key that is called %.100s waits for approval in %s/pending; "
                      "GET /v1/publishers lists those that do\n",
                      options->fingerprint, options->data);
    } else if (status == ETWAS_BUSY) {
        (void)fprintf(stderr, "etwass: several keys begin with %.100s: write more of it\n",
                      options->fingerprint);
    } else if (status == ETWAS_MALFORMED) {
        (void)fprintf(stderr,
                      "etwass: the name of a computer is 1 to 64 letters, digits, ., _ and -\n");
        return EXIT_BAD_ARGUMENTS;
    } else {
        return say_folder(options, &error);
    }
    return exit_code(status);
}

static int backup(const struct options *options)
{
    struct store *store = NULL;
    struct etwas_error error = {.status = ETWAS_OK};
    const struct store_options looking = {.folder = options->data, .look = true};
    enum etwas_status status = store_open(&looking, &store, &error);
    if (status != ETWAS_OK) {
        return say_folder(options, &error);
    }
    status = store_backup(store, options->backup, &error);
    store_close(store);
    if (status != ETWAS_OK) {
        host_say(options->backup, &error);
    }
    return exit_code(status);
}

/* An audit as it goes on. */
struct verifying {
    int64_t next_ms;
    struct keys *keys;
    char id[KEY_ID_SIZE]; /* whose name was last found to be another, */
    char computer[KEY_COMPUTER_SIZE];
    unsigned names; /* and how often that changed */
};

static void say_altered(void *context, const struct audit_finding *finding)
{
    (void)context;
    (void)printf("Altered: %s of row %" PRId64 ": batch %" PRIu64 " of stream %s, %s (%s)\n",
                 audit_name(finding->what), finding->row, finding->sequence, finding->stream,
                 finding->computer, finding->key_id);
}

static void say_gone(void *context, int64_t first, int64_t last)
{
    (void)context;
    (void)printf("Removed: rows %" PRId64 " to %" PRId64 "\n", first, last);
}

/* For whoever waits: five times a second, and once more at the end. */
static void say_progress(void *context, uint64_t done, uint64_t batches)
{
    struct verifying *verifying = context;
    const int64_t now_ms = clock_ms();
    if (now_ms >= verifying->next_ms || done == batches) {
        verifying->next_ms = now_ms + PROGRESS_MS;
        (void)fprintf(stderr, "\r%" PRIu64 " of %" PRIu64 " batches%s", done, batches,
                      done == batches ? "\n" : "");
    }
}

/* As its key's line says, or what it was called before there was one. */
static bool may_be_named(void *context, const struct audit_finding *finding)
{
    struct verifying *verifying = context;
    struct key_trust trust;
    char local[KEY_COMPUTER_SIZE];
    ingest_local_name(finding->key_id, local);
    if (keys_find(verifying->keys, finding->key_id, &trust) == KEYS_UNKNOWN ||
        strcmp(trust.computer, KEYS_NO_NAME) == 0 ||
        strcmp(trust.computer, finding->computer) == 0 || strcmp(local, finding->computer) == 0) {
        return true;
    }
    const bool same = strcmp(verifying->id, finding->key_id) == 0 &&
                      strcmp(verifying->computer, finding->computer) == 0;
    if (!same && verifying->names++ < MAX_NAMES) {
        (void)printf("Named otherwise: %.64s from row %" PRId64 " on; %s is %s by its key's line\n",
                     finding->computer, finding->row, finding->key_id, trust.computer);
    }
    (void)snprintf(verifying->id, sizeof verifying->id, "%s", finding->key_id);
    (void)snprintf(verifying->computer, sizeof verifying->computer, "%s", finding->computer);
    return false;
}

static void say_result(const struct audit_result *result)
{
    (void)printf("%" PRIu64 " batches, %" PRIu64 " of them altered", result->batches,
                 result->altered);
    if (result->gone != 0) {
        (void)printf("; %" PRIu64 " were removed", result->gone);
    }
    (void)printf("\n");
    if (result->renamed != 0) {
        (void)printf("%" PRIu64
                     " have another computer's name than their key: it was renamed since, "
                     "or they were\n",
                     result->renamed);
    }
    (void)printf(
        "Checked: what was signed, which is bodies, streams, numbers, counts and books; by "
        "these, times,\nwhat was missing and, to some minutes, when it came. Nothing shows "
        "the order of rows, names of\nkeys that are not in the file, and whether the oldest "
        "or newest were taken out.\n");
}

static enum etwas_status run_audit(const struct options *options, struct verifying *verifying,
                                   struct audit_result *result, struct etwas_error *error)
{
    struct store *store = NULL;
    const struct store_options looking = {.folder = options->data, .look = true};
    const struct audit audit = {.found = say_altered,
                                .gone = say_gone,
                                .may_be_named = may_be_named,
                                .progress = host_is_watched() ? say_progress : NULL,
                                .context = verifying};
    enum etwas_status status = store_open(&looking, &store, error);
    if (status == ETWAS_OK) {
        status = audit_run(store, &audit, result, error);
    }
    store_close(store);
    return status;
}

static int verify(const struct options *options)
{
    char path[sizeof options->data + 8];
    struct verifying verifying = {.next_ms = 0};
    struct etwas_error error = {.status = ETWAS_OK};
    struct audit_result result = {.batches = 0};
    enum etwas_status status =
        keys_open(options_keys(options, path, sizeof path), NULL, &verifying.keys, &error);
    if (status == ETWAS_OK) {
        (void)keys_refresh(verifying.keys); /* without them all names may be so */
        status = run_audit(options, &verifying, &result, &error);
    }
    keys_close(verifying.keys);
    if (status != ETWAS_OK) {
        return say_folder(options, &error);
    }
    say_result(&result);
    return result.altered == 0 && result.gone == 0 ? EXIT_FINE : EXIT_FAILED;
}

/* Off this machine everybody could read along, and would be told the token. */
static bool may_listen(const struct options *options, const struct listeners *listeners)
{
    return listeners->loopback_only || options->certificate != NULL || options->insecure;
}

static int run(const struct options *options)
{
    static struct listeners listeners;
    struct relay *relay = NULL;
    struct etwas_error error = {.status = ETWAS_OK};
    enum etwas_status status =
        listen_open(&listeners, options->addresses, options->address_count, options->port, &error);
    if (status != ETWAS_OK) {
        return say_listening(options, &listeners, &error);
    }
    if (!may_listen(options, &listeners)) {
        (void)fprintf(stderr, "etwass: off loopback it wants --tls-cert and --tls-key, or "
                              "--insecure if something else does TLS\n");
        listen_close(&listeners);
        return EXIT_BAD_ARGUMENTS;
    }
    host_prepare(&listeners);
    status = relay_open(options, &listeners, &relay, &error);
    if (status == ETWAS_OK) {
        relay_run(relay);
    } else {
        (void)say_folder(options, &error);
    }
    listen_close(&listeners);
    relay_close(relay);
    return exit_code(status);
}

static int act(const struct options *options)
{
    switch (options->action) {
    case ACTION_HELP:
        return print(options_help);
    case ACTION_VERSION:
        return print("etwass " ETWAS_VERSION "\n");
    case ACTION_APPROVE:
        return approve(options);
    case ACTION_VERIFY:
        return verify(options);
    case ACTION_BACKUP:
        return backup(options);
    case ACTION_RUN:
        break;
    }
    return run(options);
}

int main(int argc, char **argv)
{
    static struct options options;
    static char problem[OPTIONS_PROBLEM_SIZE];
    const struct options_environment environment = host_environment();
    if (key_library_open() != ETWAS_OK) {
        (void)fprintf(stderr, "etwass: libsodium finds no random bytes\n");
        return EXIT_FAILED;
    }
    if (options_parse(&options, argc, argv, &environment, problem) != ETWAS_OK) {
        (void)fprintf(stderr, "etwass: %s\n%s", problem, options_usage);
        return EXIT_BAD_ARGUMENTS;
    }
    return act(&options);
}
