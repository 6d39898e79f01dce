// printf, a piece at a time: the compiler takes the format apart and calls one function for
// each text and each conversion, with a buffer in the caller's frame. The meaning of flags,
// width and precision is C99's (7.19.6.1): a width of 0 is none, and so is a precision of -1.
// Flag bits are those of ir/lower_printf.py.

#define LEFT 1
#define PLUS 2
#define SPACE 4
#define ALTERNATE 8
#define ZERO 16
#define UPPER 32
#define SIGNED 64

#define ROOM 256

// Not more bytes than ir/lower_printf.py sets aside (PRINT_STATE_SIZE).
typedef struct {
    char text[ROOM];
    uint used;
} print;

void __kcc_putstring(const char *text);

static void flush(print *p) {
    p->text[p->used] = 0;
    __kcc_putstring(p->text);
    p->used = 0;
}

// The device prints up to a NUL, so a NUL itself cannot be printed and is left out.
static void put(print *p, char c) {
    if (c == 0)
        return;
    if (p->used == ROOM - 1)
        flush(p);
    p->text[p->used++] = c;
}

static void fill(print *p, char c, int count) {
    for (; count > 0; count--)
        put(p, c);
}

void __kcc_print_begin(print *p) {
    p->used = 0;
}

void __kcc_print_end(print *p) {
    if (p->used)
        flush(p);
}

void __kcc_print_text(print *p, const char *text, ulong length) {
    for (ulong i = 0; i < length; i++)
        put(p, text[i]);
}

static void padded(print *p, const char *text, int length, int flags, int width) {
    if (!(flags & LEFT))
        fill(p, ' ', width - length);
    __kcc_print_text(p, text, (ulong)length);
    if (flags & LEFT)
        fill(p, ' ', width - length);
}

void __kcc_print_char(print *p, int c, int flags, int width) {
    char text = (char)c;
    padded(p, &text, 1, flags, width);
}

void __kcc_print_string(print *p, const char *text, int flags, int width, int precision) {
    if (!text) {
        char null[6] = {'(', 'n', 'u', 'l', 'l', ')'};
        padded(p, null, precision >= 0 && precision < 6 ? 0 : 6, flags, width);
        return;
    }
    int length = 0;
    while ((precision < 0 || length < precision) && text[length])
        length++;
    padded(p, text, length, flags, width);
}

static char digit(uint value, int flags) {
    return (char)(value < 10 ? '0' + value : (flags & UPPER ? 'A' : 'a') + value - 10);
}

static char sign_of(bool negative, int flags) {
    return negative ? '-' : flags & PLUS ? '+' : flags & SPACE ? ' ' : 0;
}

// [spaces] sign prefix [zeros] digits [spaces]; sign and prefix may be absent (0).
static void number(print *p, char sign, char prefix, const char *digits, int length, int zeros,
                   int flags, int width) {
    int size = length + zeros + (sign != 0) + (prefix ? 2 : 0);
    if (!(flags & LEFT))
        fill(p, ' ', width - size);
    put(p, sign);
    if (prefix) {
        put(p, '0');
        put(p, prefix);
    }
    fill(p, '0', zeros);
    __kcc_print_text(p, digits, (ulong)length);
    if (flags & LEFT)
        fill(p, ' ', width - size);
}

void __kcc_print_integer(print *p, ulong value, int base, int flags, int width, int precision) {
    bool negative = (flags & SIGNED) && (long)value < 0;
    char sign = flags & SIGNED ? sign_of(negative, flags) : (char)0;
    char prefix = base == 16 && (flags & ALTERNATE) && value ? (flags & UPPER ? 'X' : 'x') : 0;
    if (negative)
        value = 0 - value;
    char digits[24];
    int start = 24;
    for (; value; value /= (ulong)base)
        digits[--start] = digit((uint)(value % (ulong)base), flags);
    int length = 24 - start;
    int least = precision < 0 ? 1 : precision;
    if (base == 8 && (flags & ALTERNATE) && least <= length)
        least = length + 1;
    int zeros = least > length ? least - length : 0;
    if ((flags & ZERO) && !(flags & LEFT) && precision < 0) {
        int room = width - length - (sign != 0) - (prefix ? 2 : 0);
        zeros = room > zeros ? room : zeros;
    }
    number(p, sign, prefix, digits + start, length, zeros, flags, width);
}

void __kcc_print_pointer(print *p, ulong value, int flags, int width) {
    char digits[16];
    int start = 16;
    do {
        digits[--start] = digit((uint)(value & 15), 0);
        value >>= 4;
    } while (value);
    number(p, 0, 'x', digits + start, 16 - start, 0, flags & LEFT, width);
}

// -- floating point: exact, in decimal fixed point of base 10^9 ----------------------------------

#define BASE 1000000000u
#define WHOLE 35     // groups before the point: 2^1024 has 309 digits
#define GROUPS 155   // and 120 behind it: 2^-1074 has 1074 digits
#define POINT (WHOLE * 9)
#define DIGITS (GROUPS * 9)

// All decimal digits of mantissa * 2^exponent; digits[POINT] is the first behind the point.
static void expand(uchar *digits, ulong mantissa, int exponent) {
    uint groups[GROUPS];
    for (int i = 0; i < GROUPS; i++)
        groups[i] = 0;
    groups[WHOLE - 1] = (uint)(mantissa % BASE);
    groups[WHOLE - 2] = (uint)(mantissa / BASE); // 2^53 is below 10^18
    while (exponent > 0) {
        int step = exponent < 29 ? exponent : 29;
        ulong carry = 0;
        for (int i = WHOLE - 1; i >= 0; i--) {
            ulong sum = ((ulong)groups[i] << step) + carry;
            groups[i] = (uint)(sum % BASE);
            carry = sum / BASE;
        }
        exponent -= step;
    }
    while (exponent < 0) {
        int step = exponent > -9 ? -exponent : 9; // 10^9 is a multiple of 2^9: nothing is lost
        ulong rest = 0;
        for (int i = 0; i < GROUPS; i++) {
            ulong sum = rest * BASE + groups[i];
            groups[i] = (uint)(sum >> step);
            rest = sum & ((1ul << step) - 1);
        }
        exponent += step;
    }
    for (int i = 0; i < GROUPS; i++) {
        uint group = groups[i];
        for (int j = 8; j >= 0; j--) {
            digits[i * 9 + j] = (uchar)(group % 10);
            group /= 10;
        }
    }
}

// Round to the digits before `end`: to nearest, a tie to the even digit.
static void round_digits(uchar *digits, int end) {
    if (end >= DIGITS)
        return;
    bool up = digits[end] > 5;
    if (digits[end] == 5) {
        up = end > 0 && (digits[end - 1] & 1);
        for (int i = end + 1; i < DIGITS && !up; i++)
            up = digits[i] != 0;
    }
    for (int i = end; i < DIGITS; i++)
        digits[i] = 0;
    for (int i = end - 1; up && i >= 0; i--) {
        up = digits[i] == 9;
        digits[i] = (uchar)(up ? 0 : digits[i] + 1);
    }
}

static int first_digit(const uchar *digits) {
    int first = 0;
    while (first < DIGITS && !digits[first])
        first++;
    return first;
}

static void put_digits(print *p, const uchar *digits, int from, int count) {
    for (int i = from; i < from + count; i++)
        put(p, (char)('0' + (i < DIGITS ? digits[i] : 0)));
}

static int digits_in(uint value) {
    int count = 1;
    for (; value >= 10; value /= 10)
        count++;
    return count;
}

// sign [zeros] body, `size` characters of body yet to come; returns the spaces to put behind.
static int before(print *p, char sign, int size, int flags, int width) {
    int room = width - size - (sign != 0);
    if (!(flags & (LEFT | ZERO)))
        fill(p, ' ', room);
    put(p, sign);
    if ((flags & ZERO) && !(flags & LEFT))
        fill(p, '0', room);
    return flags & LEFT ? room : 0;
}

static void exponent_part(print *p, char letter, int exponent, int least) {
    put(p, letter);
    put(p, exponent < 0 ? '-' : '+');
    uint size = (uint)(exponent < 0 ? -exponent : exponent);
    fill(p, '0', least - digits_in(size));
    char text[12];
    int start = 12;
    do {
        text[--start] = (char)('0' + size % 10);
        size /= 10;
    } while (size);
    __kcc_print_text(p, text + start, (ulong)(12 - start));
}

static int least_two(int exponent) {
    int count = digits_in((uint)(exponent < 0 ? -exponent : exponent));
    return count < 2 ? 2 : count;
}

static void decimal(print *p, ulong mantissa, int power, char sign, int style, int flags, int width,
                    int precision) {
    uchar digits[DIGITS];
    expand(digits, mantissa, power);
    if (precision < 0)
        precision = 6;
    bool strip = 0;
    bool zero = mantissa == 0;
    int exponent = 0;
    if (style == 'g') {
        precision = precision == 0 ? 1 : precision;
        if (!zero) {
            round_digits(digits, first_digit(digits) + precision);
            exponent = POINT - 1 - first_digit(digits);
        }
        strip = !(flags & ALTERNATE);
        if (exponent < -4 || exponent >= precision) {
            style = 'e';
            precision -= 1;
        } else {
            style = 'f';
            precision -= 1 + exponent;
        }
    }
    int start;
    int whole;
    if (style == 'e') {
        if (!zero) {
            if (precision < DIGITS)
                round_digits(digits, first_digit(digits) + precision + 1);
            exponent = POINT - 1 - first_digit(digits);
        }
        start = zero ? POINT - 1 : first_digit(digits);
        whole = 1;
    } else {
        if (precision < DIGITS)
            round_digits(digits, POINT + precision);
        start = first_digit(digits);
        start = start < POINT ? start : POINT - 1;
        whole = POINT - start;
    }
    if (strip)
        while (precision > 0 && (start + whole + precision > DIGITS ||
                                 !digits[start + whole + precision - 1]))
            precision--;
    bool point = precision > 0 || (flags & ALTERNATE);
    int size = whole + (point ? 1 : 0) + precision;
    if (style == 'e')
        size += 2 + least_two(exponent);
    int behind = before(p, sign, size, flags, width);
    put_digits(p, digits, start, whole);
    if (point)
        put(p, '.');
    put_digits(p, digits, start + whole, precision);
    if (style == 'e')
        exponent_part(p, flags & UPPER ? 'E' : 'e', exponent, 2);
    fill(p, ' ', behind);
}

static void hexadecimal(print *p, ulong fraction, int biased, char sign, int flags, int width,
                        int precision) {
    ulong mantissa = fraction | (biased ? 1ul << 52 : 0); // 1 digit, then 13 behind the point
    int exponent = biased ? biased - 1023 : fraction ? -1022 : 0;
    if (precision >= 0 && precision < 13) {
        int cut = (13 - precision) * 4;
        ulong middle = 1ul << (cut - 1);
        ulong rest = mantissa & (middle * 2 - 1);
        mantissa >>= cut;
        mantissa += rest > middle || (rest == middle && (mantissa & 1));
        mantissa <<= cut;
    }
    int shown = precision;
    if (precision < 0)
        for (shown = 13; shown > 0 && !(mantissa >> (52 - shown * 4) & 15);)
            shown--;
    bool point = shown > 0 || (flags & ALTERNATE);
    uint size = (uint)(exponent < 0 ? -exponent : exponent);
    int length = 3 + (point ? 1 : 0) + shown + 2 + digits_in(size);
    int room = width - length - (sign != 0);
    if (!(flags & (LEFT | ZERO)))
        fill(p, ' ', room);
    put(p, sign);
    put(p, '0');
    put(p, flags & UPPER ? 'X' : 'x');
    if ((flags & ZERO) && !(flags & LEFT))
        fill(p, '0', room);
    put(p, digit((uint)(mantissa >> 52), flags));
    if (point)
        put(p, '.');
    for (int i = 1; i <= shown; i++)
        put(p, i <= 13 ? digit((uint)(mantissa >> (52 - i * 4) & 15), flags) : '0');
    exponent_part(p, flags & UPPER ? 'P' : 'p', exponent, 1);
    if (flags & LEFT)
        fill(p, ' ', room);
}

// A double, given by its bits; style is one of e f g a.
void __kcc_print_float(print *p, ulong bits, int style, int flags, int width, int precision) {
    char sign = sign_of(bits >> 63 != 0, flags);
    int biased = (int)(bits >> 52 & 0x7ff);
    ulong fraction = bits & 0xffffffffffffful;
    if (biased == 0x7ff) {
        int behind = before(p, sign, 3, flags & ~ZERO, width);
        uint word = fraction ? 0x6e616e : 0x666e69; // "nan", "inf", first letter lowest
        for (int i = 0; i < 3; i++)
            put(p, (char)((word >> 8 * i & 0xff) - (flags & UPPER ? 32 : 0)));
        fill(p, ' ', behind);
    } else if (style == 'a') {
        hexadecimal(p, fraction, biased, sign, flags, width, precision);
    } else {
        ulong mantissa = biased ? fraction | 1ul << 52 : fraction;
        decimal(p, mantissa, (biased ? biased : 1) - 1075, sign, style, flags, width, precision);
    }
}

static void coordinate(print *p, ulong value, char behind) {
    __kcc_print_integer(p, value, 10, 0, 0, -1);
    put(p, behind);
}

// What a kernel compiled with -fcheck=barriers says before it traps: the words come from
// ir/passes/_meeting.py, as a literal here would lie in constant memory.
void __kcc_barriers_differ(const char *head, const char *middle, const char *tail,
                           const char *first, const char *other, ulong x, ulong y, ulong z) {
    print p;
    __kcc_print_begin(&p);
    __kcc_print_string(&p, head, 0, 0, -1);
    coordinate(&p, x, ',');
    coordinate(&p, y, ',');
    coordinate(&p, z, ')');
    __kcc_print_string(&p, middle, 0, 0, -1);
    __kcc_print_string(&p, other, 0, 0, -1);
    __kcc_print_string(&p, tail, 0, 0, -1);
    __kcc_print_string(&p, first, 0, 0, -1);
    put(&p, '\n');
    __kcc_print_end(&p);
}
