#include <stdio.h>

int puts(const char *text) {
    printf("%s\n", text);
    return 0;
}

int putchar(int c) {
    printf("%c", c);
    return (unsigned char)c;
}
