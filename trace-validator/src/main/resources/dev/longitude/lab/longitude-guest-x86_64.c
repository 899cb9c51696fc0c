/*
 * A guest for a VMM in the lab: it registers a kvmclock page, and prints its TSC and its kvmclock to the serial port
 * twice a second. A multiboot kernel, 32 bits, one CPU; the others stay where the firmware leaves them.
 */
#include <stdint.h>

__asm__(".text\n"
        ".align 4\n"
        ".long 0x1badb002, 0, -0x1badb002\n" /* the multiboot header */
        ".global _start\n"
        "_start:\n"
        "\tmov $0x180000, %esp\n"
        "\tcall run\n");

enum { SERIAL = 0x3f8, LINE_STATUS = 5, CAN_WRITE = 0x20, MSR_KVM_SYSTEM_TIME_NEW = 0x4b564d01, PAGE = 0x300000 };

struct page {
    uint32_t version, pad;
    uint64_t tsc_timestamp, system_time;
    uint32_t mul;
    int8_t shift;
    uint8_t flags, pad2[2];
};

static void out(uint16_t port, uint8_t value) {
    __asm__ volatile("outb %0, %1" ::"a"(value), "Nd"(port));
}

static uint8_t in(uint16_t port) {
    uint8_t value;
    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static void print(const char *text) {
    for (; *text; text++) {
        while (!(in(SERIAL + LINE_STATUS) & CAN_WRITE)) {
        }
        out(SERIAL, (uint8_t)*text);
    }
}

static void print_number(uint64_t number) {
    char digits[17];
    for (int i = 0; i < 16; i++) {
        digits[i] = "0123456789abcdef"[(uint32_t)(number >> (60 - 4 * i)) & 15];
    }
    digits[16] = 0;
    print(digits);
}

static uint64_t tsc(void) {
    uint32_t low, high;
    __asm__ volatile("lfence\n\trdtsc" : "=a"(low), "=d"(high)::"memory");
    return low | (uint64_t)high << 32;
}

static uint64_t kvmclock(const volatile struct page *page) {
    uint32_t version;
    uint64_t cycles, time;
    do {
        version = page->version;
        cycles = tsc() - page->tsc_timestamp;
        cycles = page->shift < 0 ? cycles >> -page->shift : cycles << page->shift;
        time = page->system_time + (cycles >> 32) * page->mul + (((cycles & 0xffffffff) * page->mul) >> 32);
    } while ((version & 1) || version != page->version);
    return time;
}

void run(void) {
    enum { PERIOD = 1 << 30 };
    __asm__ volatile("wrmsr" ::"c"(MSR_KVM_SYSTEM_TIME_NEW), "a"(PAGE | 1), "d"(0) : "memory");
    uint64_t last = 0;
    for (;;) {
        uint64_t now = tsc();
        if (now - last > PERIOD || now < last) {
            print("counter ");
            print_number(now);
            print(" kvmclock ");
            print_number(kvmclock((const volatile struct page *)PAGE));
            print("\n");
            last = now;
        }
    }
}
