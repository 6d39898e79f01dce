// An interpreter of a small stack language that counts primes, makes a Fibonacci table and sums
// digits; and a parser of arithmetic expressions.
#include "guest.h"

enum { PUSH, LOAD, STORE, FETCH, PUT, ADD, SUB, MUL, DIV, MOD, LESS, JUMP, JZ, CALL, RET, OUT, DUP,
       HALT };
#define OP(op, n) ((n) << 8 | (op))

static i64 stack[64], memory[256];
static i32 returns[16];

NOINLINE static i64 execute(const i32 *code) {
  i64 *top = stack;
  i32 *back = returns;
  i64 steps = 0;
  for (const i32 *at = code;; steps++) {
    i32 word = *at++, n = word >> 8;
    switch (word & 255) {
    case PUSH: *top++ = n; break;
    case LOAD: *top++ = memory[n]; break;
    case STORE: memory[n] = *--top; break;
    case FETCH: top[-1] = memory[top[-1] & 255]; break;
    case PUT: top -= 2, memory[top[1] & 255] = top[0]; break;
    case ADD: top--, top[-1] += top[0]; break;
    case SUB: top--, top[-1] -= top[0]; break;
    case MUL: top--, top[-1] *= top[0]; break;
    case DIV: top--, top[-1] /= top[0]; break;
    case MOD: top--, top[-1] %= top[0]; break;
    case LESS: top--, top[-1] = top[-1] < top[0]; break;
    case JUMP: at = code + n; break;
    case JZ: if (!*--top) at = code + n; break;
    case CALL: *back++ = at - code, at = code + n; break;
    case RET: at = code + *--back; break;
    case OUT: number(*--top); break;
    case DUP: *top = top[-1], top++; break;
    case HALT: return steps;
    }
  }
}

static const i32 primes[] = {
    /* 0 */ OP(PUSH, 2), OP(STORE, 0),
    /* 2 */ OP(LOAD, 0), OP(PUSH, 300), OP(LESS, 0), OP(JZ, 24),
    /* 6 */ OP(PUSH, 2), OP(STORE, 1),
    /* 8 */ OP(LOAD, 1), OP(DUP, 0), OP(MUL, 0), OP(PUSH, 1), OP(SUB, 0), OP(LOAD, 0),
    OP(LESS, 0), OP(JZ, 27),
    /* 16 */ OP(LOAD, 0), OP(LOAD, 1), OP(MOD, 0), OP(JZ, 29), OP(CALL, 34), OP(JUMP, 8),
    OP(HALT, 0), OP(HALT, 0),
    /* 24 */ OP(LOAD, 2), OP(OUT, 0), OP(HALT, 0),
    /* 27 */ OP(LOAD, 0), OP(OUT, 0),
    /* 29 */ OP(LOAD, 0), OP(PUSH, 1), OP(ADD, 0), OP(STORE, 0), OP(JUMP, 2),
    /* 34 */ OP(LOAD, 1), OP(PUSH, 1), OP(ADD, 0), OP(STORE, 1), OP(RET, 0),
};
static const i32 table[] = {
    OP(PUSH, 1), OP(STORE, 0), OP(PUSH, 1), OP(STORE, 1), OP(PUSH, 2), OP(STORE, 250),
    /* 6 */ OP(LOAD, 250), OP(PUSH, 80), OP(LESS, 0), OP(JZ, 25),
    OP(LOAD, 250), OP(PUSH, 1), OP(SUB, 0), OP(FETCH, 0), OP(LOAD, 250), OP(PUSH, 2), OP(SUB, 0),
    OP(FETCH, 0), OP(ADD, 0), OP(LOAD, 250), OP(PUT, 0),
    OP(LOAD, 250), OP(PUSH, 1), OP(ADD, 0),
    /* 24 */ OP(JUMP, 29),
    /* 25 */ OP(PUSH, 79), OP(FETCH, 0), OP(OUT, 0), OP(HALT, 0),
    /* 29 */ OP(STORE, 250), OP(JUMP, 6),
};

static const char *at;
static i64 sum(void);
static i64 atom(void) {
  if (*at == '-') return at++, -atom();
  if (*at == '(') {
    at++;
    i64 v = sum();
    at++;
    return v;
  }
  i64 v = 0;
  while (*at >= '0' && *at <= '9') v = v * 10 + (*at++ - '0');
  return v;
}
static i64 product(void) {
  i64 v = atom();
  for (;;)
    if (*at == '*')
      at++, v *= atom();
    else if (*at == '/')
      at++, v /= atom();
    else if (*at == '%')
      at++, v %= atom();
    else
      return v;
}
static i64 sum(void) {
  i64 v = product();
  for (;;)
    if (*at == '+')
      at++, v += product();
    else if (*at == '-')
      at++, v -= product();
    else
      return v;
}

static void run(void) {
  static const char *const expressions[] = {
      "1+2*3", "(1+2)*3", "-7/2", "-7%3", "100-(20-(3-4))*-5", "2*(3+4*(5-6*(7+8)))%1000",
      "9223372036854775807-1", "((((((1+1)*2)+1)*2)+1)*2)",
  };
  number(execute(primes));
  put('\n');
  number(execute(table));
  put('\n');
  for (int i = 0; i < COUNT(expressions); i++) at = expressions[i], number(sum());
}
