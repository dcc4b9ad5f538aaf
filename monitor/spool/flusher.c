/* SPDX-License-Identifier: MIT */
#include <string.h>
#include <time.h>

#include "monitor/spool/files.h"
#include "monitor/spool/spool_parts.h"

enum { FILES_AT_ONCE = 8, IDLE_MS = 1000, MS = 1000, NS_A_MS = 1000000, NS = 1000000000 };

enum etwas_status flusher_init(struct spool *spool)
{
    pthread_condattr_t attributes;
    if (pthread_condattr_init(&attributes) != 0) {
        return ETWAS_NO_MEMORY;
    }
    /* None of these can fail here: the clock is known, and nothing is allocated. */
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&spool->room, &attributes);
    (void)pthread_cond_init(&spool->work, &attributes);
    (void)pthread_mutex_init(&spool->lock, NULL);
    (void)pthread_mutex_init(&spool->digest_lock, NULL);
    (void)pthread_condattr_destroy(&attributes);
    return ETWAS_OK;
}

void flusher_clear(struct spool *spool)
{
    (void)pthread_mutex_destroy(&spool->digest_lock);
    (void)pthread_mutex_destroy(&spool->lock);
    (void)pthread_cond_destroy(&spool->work);
    (void)pthread_cond_destroy(&spool->room);
}

bool flusher_wait(struct spool *spool, pthread_cond_t *condition, int timeout_ms)
{
    struct timespec until = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += timeout_ms / MS;
    until.tv_nsec += (long)(timeout_ms % MS) * NS_A_MS;
    if (until.tv_nsec >= NS) {
        until.tv_sec++;
        until.tv_nsec -= NS;
    }
    return pthread_cond_timedwait(condition, &spool->lock, &until) == 0;
}

/* Second descriptors of the files to sync; how many. */
static size_t take_dirty(struct spool *spool, int files[FILES_AT_ONCE])
{
    size_t count = 0;
    if (spool->cursors_dirty) {
        spool->cursors_dirty = false;
        files[count++] = files_again(spool->folder.cursors);
        files[count++] = files_again(spool->folder.state);
    }
    for (size_t i = 0; i < spool->shelf_count && count < FILES_AT_ONCE; i++) {
        struct shelf *shelf = spool->shelves[i];
        if (shelf->dirty) {
            shelf->dirty = false;
            files[count++] = files_again(shelf->file);
        }
    }
    return count;
}

/* Without the lock while the disk works. */
static void sync_all(struct spool *spool)
{
    int files[FILES_AT_ONCE];
    const bool names = spool->folder_dirty && spool->folder.folder >= 0;
    const int folder = names ? files_again(spool->folder.folder) : -1;
    const size_t count = take_dirty(spool, files);
    uint32_t code = 0;
    spool->folder_dirty = false;
    (void)pthread_mutex_unlock(&spool->lock);
    for (size_t i = 0; i < count; i++) {
        const uint32_t outcome = files[i] >= 0 ? files_sync(files[i]) : 0;
        code = outcome != 0 ? outcome : code;
        files_close(files[i]);
    }
    if (folder >= 0) {
        (void)files_sync_folder(folder);
        files_close(folder);
    }
    (void)pthread_mutex_lock(&spool->lock);
    if (code != 0) {
        notice_put(spool, "cannot bring %s to the disk: %s", spool->base, strerror((int)code));
    }
}

static void *run(void *context)
{
    struct spool *spool = context;
    int64_t second_ms = 0;
    (void)pthread_mutex_lock(&spool->lock);
    while (!spool->closing) {
        const int64_t now = files_now_ms();
        if (now >= second_ms) {
            second_ms = now + MS;
            disk_retry(spool);
            room_expire(spool);
        }
        if (spool->sync == SPOOL_SYNC_INTERVAL) {
            sync_all(spool);
        }
        (void)(spool->closing ||
               flusher_wait(spool, &spool->work,
                            spool->sync == SPOOL_SYNC_INTERVAL ? SPOOL_SYNC_MS : IDLE_MS));
    }
    (void)pthread_mutex_unlock(&spool->lock);
    return NULL;
}

enum etwas_status flusher_start(struct spool *spool)
{
    spool->has_flusher = pthread_create(&spool->flusher, NULL, run, spool) == 0;
    return spool->has_flusher ? ETWAS_OK : ETWAS_NO_MEMORY;
}

void flusher_stop(struct spool *spool)
{
    if (!spool->has_flusher) {
        return;
    }
    (void)pthread_mutex_lock(&spool->lock);
    spool->closing = true;
    (void)pthread_cond_signal(&spool->work);
    (void)pthread_mutex_unlock(&spool->lock);
    (void)pthread_join(spool->flusher, NULL);
    spool->has_flusher = false;
}
