/* A disk that loses whatever was not synced: preloaded (LD_PRELOAD), it keeps beside the files of a folder what a power loss would leave
   of them. A file there is as it was when it was last synced, and a name is gone once its folder was synced without it.
   UNSYNCED_LIVE: the folder; UNSYNCED_DISK: what is left of it. */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;

/* A file as it is now becomes what the disk holds of it, all at once. */
static void keep_file(const char *from, const char *name, const char *disk) {
    char part[PATH_MAX + 8], to[PATH_MAX], bytes[65536];
    if (snprintf(to, sizeof to, "%s/%s", disk, name) >= (int)sizeof to) abort();
    snprintf(part, sizeof part, "%s.part", to);
    int in = open(from, O_RDONLY), out = open(part, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (in < 0 || out < 0) abort();
    ssize_t n;
    while ((n = read(in, bytes, sizeof bytes)) > 0)
        if (write(out, bytes, (size_t)n) != n) abort();
    if (n < 0 || close(in) != 0 || close(out) != 0 || rename(part, to) != 0) abort();
}

/* Names that are gone from a synced folder are gone from the disk. */
static void keep_names(const char *live, const char *disk) {
    DIR *all = opendir(disk);
    if (all == NULL) abort();
    for (struct dirent *entry; (entry = readdir(all)) != NULL;) {
        char there[PATH_MAX], kept[PATH_MAX];
        if (entry->d_name[0] == '.') continue;
        if (snprintf(there, sizeof there, "%s/%s", live, entry->d_name) >= (int)sizeof there) abort();
        if (snprintf(kept, sizeof kept, "%s/%s", disk, entry->d_name) >= (int)sizeof kept) abort();
        if (access(there, F_OK) != 0) unlink(kept);
    }
    closedir(all);
}

static void keep(int fd) {
    const char *live = getenv("UNSYNCED_LIVE"), *disk = getenv("UNSYNCED_DISK");
    char link[64], path[PATH_MAX];
    if (live == NULL || disk == NULL) return;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    if (n <= 0) return;
    path[n] = 0;
    size_t folder = strlen(live);
    if (strncmp(path, live, folder) != 0) return;
    int saved = errno;
    pthread_mutex_lock(&one_at_a_time);
    if (path[folder] == 0) keep_names(live, disk);
    else if (path[folder] == '/') keep_file(path, path + folder + 1, disk);
    pthread_mutex_unlock(&one_at_a_time);
    errno = saved;
}

int fsync(int fd) {
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    int done = real(fd);
    if (done == 0) keep(fd);
    return done;
}

int fdatasync(int fd) {
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    int done = real(fd);
    if (done == 0) keep(fd);
    return done;
}
