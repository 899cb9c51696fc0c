/*
 * longitude-init: the first process of a machine that `longitude lab` boots. It mounts what a program needs to use KVM,
 * loads modules, performs the lines of /plan, sends the files of /out over the console, and turns the machine off.
 *
 * A line of /plan is one of
 *
 *     module FILE         load it; a module that the kernel has already is no error
 *     settle              wait until the clocksource is final, at most 10 seconds
 *     run PROGRAM ARG...  run a program to its end; its output is in /out/output.txt
 *     test NAME SECONDS PROGRAM ARG...
 *                         run it no longer than that, with its output in /out/NAME.txt, and write a line "NAME STATUS"
 *                         to /out/tests.txt; its failure is none of the plan's
 *     start PROGRAM ...   start a program whose standard input the next lines write
 *     wait MS             wait
 *     until SECONDS FILE TEXT
 *                         wait until FILE contains TEXT, no longer than that; or until
 *                         the started program ends; that it does not is a failure
 *     say TEXT            write a line to the started program
 *     end                 await its end
 *
 * Spaces separate words; a word with spaces is in quotation marks.
 *
 * What the console carries: for each file a line "@@@FILE NAME SIZE", its bytes, and a line "@@@END"; at last a line
 * "@@@DONE".
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

enum { MOST_ARGUMENTS = 64, MOST_SECONDS = 600 };

static int output;
static pid_t started;
static int to_started = -1;

static void __attribute__((noreturn)) turn_off(void) {
    fflush(NULL);
    tcdrain(1);
    sync();
    reboot(RB_POWER_OFF);
    for (;;) {
        pause();
    }
}

static void wait_ms(long ms) {
    struct timespec time = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&time, NULL);
}

static void mount_all(void) {
    static const char *const MOUNTS[][2] = {{"proc", "/proc"},
                                            {"sysfs", "/sys"},
                                            {"devtmpfs", "/dev"},
                                            {"tmpfs", "/tmp"},
                                            {"debugfs", "/sys/kernel/debug"},
                                            {"tracefs", "/sys/kernel/tracing"}};
    for (size_t i = 0; i < sizeof MOUNTS / sizeof *MOUNTS; i++) {
        mkdir(MOUNTS[i][1], 0755);
        mount(MOUNTS[i][0], MOUNTS[i][1], MOUNTS[i][0], 0, NULL); /* (what is missing shows later) */
    }
    mkdir("/dev/shm", 0777);
}

/* The console shows what this process writes, byte for byte, and no messages of the kernel. */
static void open_console(void) {
    enum { CONSOLE_LEVEL = 8 };
    klogctl(CONSOLE_LEVEL, NULL, 1);
    int console = open("/dev/console", O_RDWR | O_NOCTTY);
    for (int fd = 0; console >= 0 && fd < 3; fd++) {
        dup2(console, fd);
    }
    struct termios mode;
    if (tcgetattr(1, &mode) == 0) {
        cfmakeraw(&mode);
        tcsetattr(1, TCSANOW, &mode);
    }
}

static void load_module(const char *path) {
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if ((file < 0 || syscall(SYS_finit_module, file, "", 0)) && errno != EEXIST) {
        dprintf(output, "%s cannot be loaded: %s\n", path, strerror(errno));
    }
    if (file >= 0) {
        close(file);
    }
}

/* The kernel takes tsc-early until it has calibrated the TSC: a change of the clocksource would be in the logs. */
static void settle(void) {
    for (int i = 0; i < 100; i++) {
        char name[64] = "";
        int file = open("/sys/devices/system/clocksource/clocksource0/current_clocksource", O_RDONLY | O_CLOEXEC);
        ssize_t length = file < 0 ? -1 : read(file, name, sizeof name - 1);
        if (file >= 0) {
            close(file);
        }
        if (length > 0 && strncmp(name, "tsc-early", 9) != 0) {
            return;
        }
        wait_ms(100);
    }
}

/* The next word of a line, or NULL; *rest is what follows. */
static char *next_word(char **rest) {
    char *word = *rest + strspn(*rest, " ");
    if (!*word) {
        return NULL;
    }
    char end = ' ';
    if (*word == '"') {
        end = *word++;
    }
    char *after = strchr(word, end);
    *rest = after ? after + 1 : word + strlen(word);
    if (after) {
        *after = 0;
    }
    return word;
}

static pid_t launch(char *line, int input, int to) {
    char *arguments[MOST_ARGUMENTS + 1];
    int n = 0;
    for (char *word; n < MOST_ARGUMENTS && (word = next_word(&line));) {
        arguments[n++] = word;
    }
    arguments[n] = NULL;
    pid_t child = n > 0 ? fork() : -1;
    if (child == 0) {
        dup2(input, 0);
        dup2(to, 1);
        dup2(to, 2);
        setpgid(0, 0);
        execv(arguments[0], arguments);
        dprintf(2, "%s cannot be run: %s\n", arguments[0], strerror(errno));
        _exit(127);
    }
    return child;
}

/* Awaits its end, and returns its status as a shell does. */
static int status_of(pid_t child, long most_seconds, int to) {
    int status = 127 << 8;
    time_t begin = time(NULL);
    while (child > 0 && waitpid(child, &status, WNOHANG) != child) {
        if (time(NULL) - begin > most_seconds) {
            dprintf(to, "stopped after %ld seconds\n", most_seconds);
            kill(-child, SIGKILL);
            waitpid(child, &status, 0);
            break;
        }
        wait_ms(100);
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void await_end(pid_t child) {
    dprintf(output, "exit status %d\n", status_of(child, MOST_SECONDS, output));
}

static void run(char *line) {
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    await_end(launch(line, nothing, output));
    close(nothing);
}

static void test(char *line) {
    char path[256], *name = next_word(&line), *seconds = next_word(&line);
    if (!name || !seconds) {
        return;
    }
    snprintf(path, sizeof path, "/out/%s.txt", name);
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    int own = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    int results = open("/out/tests.txt", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    dprintf(results, "%s %d\n", name, status_of(launch(line, nothing, own), atol(seconds), own));
    close(results);
    close(own);
    close(nothing);
}

static bool contains(const char *path, const char *text) {
    char line[4096];
    bool found = false;
    FILE *file = fopen(path, "re");
    while (file && !found && fgets(line, sizeof line, file)) {
        found = strstr(line, text);
    }
    if (file) {
        fclose(file);
    }
    return found;
}

static bool started_has_ended(void) {
    siginfo_t info = {0};
    return to_started >= 0 && waitid(P_PID, (id_t)started, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid != 0;
}

static void until(char *line) {
    char *seconds = next_word(&line), *path = next_word(&line), *text = next_word(&line);
    time_t begin = time(NULL);
    if (!text) {
        return;
    }
    while (!contains(path, text)) {
        if (time(NULL) - begin > atol(seconds) || started_has_ended()) {
            dprintf(output, "%s: no \"%s\" within %s seconds\nexit status 124\n", path, text, seconds);
            return;
        }
        wait_ms(200);
    }
    dprintf(output, "%s: \"%s\" after %ld seconds\n", path, text, (long)(time(NULL) - begin));
}

static void end_started(void) {
    if (to_started >= 0) {
        close(to_started);
        to_started = -1;
        await_end(started);
    }
}

static void start(char *line) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC)) {
        return;
    }
    to_started = ends[1];
    started = launch(line, ends[0], output);
    close(ends[0]);
}

static const char *after(const char *word, const char *line) {
    size_t length = strlen(word);
    return strncmp(line, word, length) ? NULL : line + length;
}

static void perform(char *line) {
    const char *rest;
    if ((rest = after("module ", line))) {
        load_module(rest);
    } else if (!strcmp(line, "settle")) {
        settle();
    } else if (after("run ", line)) {
        run(line + 4);
    } else if (after("test ", line)) {
        test(line + 5);
    } else if (after("until ", line)) {
        until(line + 6);
    } else if (after("start ", line)) {
        start(line + 6);
    } else if ((rest = after("wait ", line))) {
        wait_ms(atol(rest));
    } else if ((rest = after("say ", line))) {
        dprintf(to_started, "%s\n", rest);
    } else if (!strcmp(line, "end")) {
        end_started();
    } else {
        dprintf(output, "not understood: %s\n", line);
    }
}

static void perform_plan(void) {
    char line[4096];
    FILE *plan = fopen("/plan", "re");
    while (plan && fgets(line, sizeof line, plan)) {
        line[strcspn(line, "\n")] = 0;
        if (*line) {
            perform(line);
        }
    }
    end_started();
}

static void send_file(const char *path, const char *name) {
    static char buffer[65536];
    struct stat status;
    FILE *file = fopen(path, "re");
    if (!file || stat(path, &status) || !S_ISREG(status.st_mode)) {
        return;
    }
    printf("@@@FILE %s %lld\n", name, (long long)status.st_size);
    long long left = status.st_size;
    while (left > 0) {
        size_t n = fread(buffer, 1, left < (long long)sizeof buffer ? (size_t)left : sizeof buffer, file);
        if (n == 0) {
            break;
        }
        fwrite(buffer, 1, n, stdout);
        left -= (long long)n;
    }
    printf("\n@@@END\n");
    fflush(stdout);
    fclose(file);
}

static void send_folder(const char *folder, const char *prefix) {
    DIR *open_folder = opendir(folder);
    for (struct dirent *entry; open_folder && (entry = readdir(open_folder));) {
        char path[512], name[512];
        struct stat status;
        if (entry->d_name[0] == '.') {
            continue;
        }
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        snprintf(name, sizeof name, "%s%s", prefix, entry->d_name);
        if (stat(path, &status) == 0 && S_ISDIR(status.st_mode)) {
            strncat(name, "/", sizeof name - strlen(name) - 1);
            send_folder(path, name);
        } else {
            send_file(path, name);
        }
    }
    if (open_folder) {
        closedir(open_folder);
    }
}

int main(void) {
    mount_all();
    open_console();
    signal(SIGPIPE, SIG_IGN); /* (the started program may end early) */
    mkdir("/out", 0755);
    output = open("/out/output.txt", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    perform_plan();
    send_folder("/out", "");
    printf("@@@DONE\n");
    turn_off();
}
