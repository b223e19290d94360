// The element types that kernels are made for: all that are Compatible.
#pragma once

#include "runtime/actc.h"

// A table, for explicit instantiation: types of x and dx, then of y and dy.
#define ACTC_ELEMENT_PAIRS(ROW) \
  ROW(double, double)           \
  ROW(float, float)             \
  ROW(float, float16)           \
  ROW(float, bfloat16)          \
  ROW(float16, float)           \
  ROW(float16, float16)         \
  ROW(float16, bfloat16)        \
  ROW(bfloat16, float)          \
  ROW(bfloat16, float16)        \
  ROW(bfloat16, bfloat16)
