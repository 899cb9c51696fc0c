/*
 * A guest for a VMM in the lab: it starts its second CPU, and prints its virtual and its physical counter to the serial
 * port five times a second.
 */
#include <stdint.h>

__asm__(".text\n"
        ".global _start\n"
        "_start:\n"
        "\tadr x9, _start\n"
        "\tadd x9, x9, #0x20, lsl #12\n"
        "\tmov sp, x9\n"
        "\tb run\n"
        ".global second\n"
        "second:\n"
        "\tisb\n"
        "\tmrs x0, cntvct_el0\n"
        "\tmrs x1, cntpct_el0\n"
        "\tb second\n");

#define SERIAL ((volatile uint32_t *)0x09000000) /* of QEMU's board "virt" */
#define PSCI_CPU_ON UINT64_C(0xc4000003)

extern void second(void);

static void print(const char *text) {
    for (; *text; text++) {
        *SERIAL = (uint8_t)*text;
    }
}

static void print_number(uint64_t number) {
    for (int shift = 60; shift >= 0; shift -= 4) {
        char digit[2] = {(char)(((number >> shift) & 15) + ((number >> shift & 15) < 10 ? '0' : 'a' - 10)), 0};
        print(digit);
    }
}

static uint64_t virtual_counter(void) {
    uint64_t value;
    __asm__ volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(value)::"memory");
    return value;
}

static uint64_t physical_counter(void) {
    uint64_t value;
    __asm__ volatile("isb\n\tmrs %0, cntpct_el0" : "=r"(value)::"memory");
    return value;
}

void run(void) {
    register uint64_t x0 __asm__("x0") = PSCI_CPU_ON;
    register uint64_t x1 __asm__("x1") = 1;
    register uint64_t x2 __asm__("x2") = (uint64_t)second;
    register uint64_t x3 __asm__("x3") = 0;
    __asm__ volatile("hvc #0" : "+r"(x0) : "r"(x1), "r"(x2), "r"(x3) : "memory");
    uint64_t rate, last = 0;
    __asm__ volatile("mrs %0, cntfrq_el0" : "=r"(rate));
    for (;;) {
        uint64_t now = virtual_counter();
        if (now - last > rate / 5 || now < last) {
            print("counter ");
            print_number(now);
            print(" cntpct ");
            print_number(physical_counter());
            print("\n");
            last = now;
        }
    }
}
