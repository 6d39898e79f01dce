#define FOO+1  // c99-extensions
#warning hi  // #warnings
#pragma fancy  // unknown-pragmas@all
#pragma OPENCL EXTENSION cl_fancy : enable  // ignored-pragmas
#pragma OPENCL fancy  // unknown-pragmas@all
#define TWICE 1
#define TWICE 2  // macro-redefined
#ifdef FOO extra  // extra-tokens
#endif extra  // extra-tokens
#if UNKNOWN  // undef@everything
#endif
#undef FOO extra  // extra-tokens
#pragma once  // pragma-once-outside-header
#define NAMED(...) __VA_ARGS__
int from_macro(int n) { return NAMED(n); }  // missing-prototypes@everything
int letters(int n) { return n + 'ab'; }  // missing-prototypes@everything multichar
int escape(int n) { return n + '\q' + "a\%"[n]; }  // missing-prototypes@everything unknown-escape-sequence
int;  // missing-declarations
int attributed(int n) { int x __attribute__((fancy)) = n; return x; }  // missing-prototypes@everything unknown-attributes
