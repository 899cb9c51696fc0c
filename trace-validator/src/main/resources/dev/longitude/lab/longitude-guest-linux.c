/*
 * longitude-guest-linux: the first process of a Linux guest in the lab. On each CPU in turn it reads the counter and the
 * clocks, and prints them to the console, four lines a second.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static uint64_t counter(void) {
#if defined(__x86_64__)
    uint32_t low, high;
    __asm__ volatile("lfence\n\trdtsc\n\tlfence" : "=a"(low), "=d"(high)::"memory");
    return low | (uint64_t)high << 32;
#else
    uint64_t value;
    __asm__ volatile("isb\n\tmrs %0, cntvct_el0\n\tisb" : "=r"(value)::"memory");
    return value;
#endif
}

static int64_t ns(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

static void print_clocksource(void) {
    char name[64] = "";
    mkdir("/sys", 0755);
    mount("sysfs", "/sys", "sysfs", 0, NULL);
    int file = open("/sys/devices/system/clocksource/clocksource0/current_clocksource", O_RDONLY | O_CLOEXEC);
    if (file >= 0 && read(file, name, sizeof name - 1) > 0) {
        printf("clocksource %s", name);
    }
}

int main(void) {
    mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
    int console = open("/dev/console", O_RDWR | O_NOCTTY);
    for (int fd = 0; console >= 0 && fd < 3; fd++) {
        dup2(console, fd);
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    print_clocksource();
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    for (long i = 0;; i = (i + 1) % cpus) {
        cpu_set_t one;
        CPU_ZERO(&one);
        CPU_SET(i, &one);
        sched_setaffinity(0, sizeof one, &one);
        int64_t monotonic = ns(CLOCK_MONOTONIC);
        uint64_t value = counter();
        printf("cpu %ld counter %" PRIu64 " monotonic %" PRId64 " realtime %" PRId64 "\n", i, value, monotonic,
               ns(CLOCK_REALTIME));
        nanosleep(&(struct timespec){0, 250000000}, NULL);
    }
}
