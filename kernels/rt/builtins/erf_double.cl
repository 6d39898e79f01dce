// erf, erfc of doubles: OpenCL C 3.0, section 6.15.2.

double __kcc_fn_wide_exp_of_sum(double high, double low);

// erf(x) / x of s = x*x, |x| <= 1; relative error 2**-54.5.
static double erf_double(double s) {
    double p = -0x1.2928deb6c0ff5p-38;
    p = p * s + 0x1.7ecbef2bd1f48p-34;
    p = p * s + -0x1.4e55cb19627b8p-30;
    p = p * s + 0x1.fc4116c2f3059p-27;
    p = p * s + -0x1.5f6d6b4ba46c6p-23;
    p = p * s + 0x1.b9e64d07367a4p-20;
    p = p * s + -0x1.f4d255e13d025p-17;
    p = p * s + 0x1.f9a326bfb6a60p-14;
    p = p * s + -0x1.c02db3fed8f2fp-11;
    p = p * s + 0x1.565bcd0e64ab6p-8;
    p = p * s + -0x1.b82ce3128899bp-6;
    p = p * s + 0x1.ce2f21a042bddp-4;
    p = p * s + -0x1.812746b0379e7p-2;
    p = p * s + 0x1.20dd750429b6dp+0;
    return p;
}

// (1 + 2x) exp(x*x) erfc(x) of t = (x - 3) / (x + 3), 0 <= x <= 27.5; relative error 2**-53.8.
static double erfc_double(double t) {
    double p = -0x1.10002b1043b21p-28;
    p = p * t + -0x1.106ea7719cdcap-27;
    p = p * t + 0x1.167171b3c0a74p-25;
    p = p * t + 0x1.8270296a6f46dp-24;
    p = p * t + -0x1.19630e3382756p-23;
    p = p * t + -0x1.436007b818017p-21;
    p = p * t + 0x1.775f76ae8445dp-22;
    p = p * t + 0x1.d0a5543d7b400p-19;
    p = p * t + -0x1.8704cb131a164p-21;
    p = p * t + -0x1.5125f3dc7de58p-16;
    p = p * t + 0x1.4c17d0412efb8p-18;
    p = p * t + 0x1.06596383a07d4p-13;
    p = p * t + -0x1.b9124a61b7ecep-14;
    p = p * t + -0x1.98db46af15604p-11;
    p = p * t + 0x1.ef1bdcefeeeaep-10;
    p = p * t + 0x1.4b884df4ec5bfp-9;
    p = p * t + -0x1.8574c40b5e77cp-6;
    p = p * t + 0x1.17ca28781ac35p-4;
    p = p * t + -0x1.e88b803a4a6dfp-4;
    p = p * t + 0x1.098366a5b3ca4p-3;
    p = p * t + -0x1.85a15c58aa511p-5;
    p = p * t + -0x1.15c084bb9e8dcp-3;
    p = p * t + 0x1.40c522d7e4987p+0;
    return p;
}

// erfc(x) of 0 <= x; beyond 27.5 it is too small for a double.
static double tail(double x) {
    x = x > 27.5 ? 27.5 : x;
    double square = x * x, e = __kcc_fn_wide_exp_of_sum(-square, -fma(x, x, -square));
    return e * (erfc_double((x - 3) / (x + 3)) / (1 + 2 * x));
}

double __kcc_fn_erf_double(double x) {
    double a = fabs(x), near = x * erf_double(a * a), far = copysign(1 - tail(a), x);
    return a < 1 ? near : far;
}

double __kcc_fn_erfc_double(double x) {
    double v = tail(fabs(x));
    return x < 0 ? 2 - v : v;
}
