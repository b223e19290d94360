// The one table of operations. The parser's names, the printer, the evaluators, the
// differentiator, the simplifier, the interpreter and the code generator all read it or switch
// over it without a default, so that a new row makes the compiler name every place it needs.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace actc::ir {

enum class OperationClass : std::uint8_t {
  leaf,        // no arguments; Constant, Input, Parameter and UnitRandom carry a payload
  reduction,   // of what varies along an axis to what does not; the payload holds the axes
  arithmetic,  // arguments and result share one number format (Real or a float; + - * neg:
               // integers)
  comparison,  // two numbers of one format, or one for isnan; the result is Boolean
  logic,       // Booleans to Boolean
  selection,   // where, rarely: a Boolean, then two values of the result's format
  bits,        // representation: meaningful in implementations only, result format by operation
  real,        // known functions over the reals: meaningful in meanings only, never code
  structure,   // detach, call
};

// ROW(enumerator, name in text, number of arguments (-1: any), class)
#define ACTC_OPERATIONS(ROW)                           \
  ROW(Constant, "constant", 0, leaf)                   \
  ROW(Input, "input", 0, leaf)                         \
  ROW(Parameter, "parameter", 0, leaf)                 \
  ROW(Pi, "pi", 0, leaf)                               \
  ROW(E, "e", 0, leaf)                                 \
  ROW(Infinity, "inf", 0, leaf)                        \
  ROW(NotANumber, "nan", 0, leaf)                      \
  ROW(Columns, "columns", 0, leaf)                     \
  ROW(ColumnIndex, "column_index", 0, leaf)            \
  ROW(UnitRandom, "unit_random", 0, leaf)              \
  ROW(Add, "+", 2, arithmetic)                         \
  ROW(Sub, "-", 2, arithmetic)                         \
  ROW(Mul, "*", 2, arithmetic)                         \
  ROW(Div, "/", 2, arithmetic)                         \
  ROW(Neg, "neg", 1, arithmetic)                       \
  ROW(Fma, "fma", 3, arithmetic)                       \
  ROW(Sqrt, "sqrt", 1, arithmetic)                     \
  ROW(Abs, "abs", 1, arithmetic)                       \
  ROW(Min, "min", 2, arithmetic)                       \
  ROW(Max, "max", 2, arithmetic)                       \
  ROW(Floor, "floor", 1, arithmetic)                   \
  ROW(Ceil, "ceil", 1, arithmetic)                     \
  ROW(Round, "round", 1, arithmetic)                   \
  ROW(Trunc, "trunc", 1, arithmetic)                   \
  ROW(CopySign, "copysign", 2, arithmetic)             \
  ROW(Sum, "sum", 1, reduction)                        \
  ROW(Largest, "max", 1, reduction)                    \
  ROW(Smallest, "min", 1, reduction)                   \
  ROW(Less, "<", 2, comparison)                        \
  ROW(LessEqual, "<=", 2, comparison)                  \
  ROW(Greater, ">", 2, comparison)                     \
  ROW(GreaterEqual, ">=", 2, comparison)               \
  ROW(Equal, "==", 2, comparison)                      \
  ROW(NotEqual, "!=", 2, comparison)                   \
  ROW(IsNan, "isnan", 1, comparison)                   \
  ROW(And, "and", 2, logic)                            \
  ROW(Or, "or", 2, logic)                              \
  ROW(Not, "not", 1, logic)                            \
  ROW(Where, "where", 3, selection)                    \
  ROW(Rarely, "rarely", 3, selection)                  \
  ROW(BitAnd, "bit_and", 2, bits)                      \
  ROW(BitOr, "bit_or", 2, bits)                        \
  ROW(BitXor, "bit_xor", 2, bits)                      \
  ROW(ShiftLeft, "shift_left", 2, bits)                \
  ROW(ShiftRight, "shift_right", 2, bits)              \
  ROW(ShiftRightSigned, "shift_right_signed", 2, bits) \
  ROW(Bits, "bits", 1, bits)                           \
  ROW(FromBits, "from_bits", 1, bits)                  \
  ROW(ToInteger, "to_integer", 1, bits)                \
  ROW(ToFloat, "to_float", 1, bits)                    \
  ROW(ToBinary32, "binary32", 1, bits)                 \
  ROW(ToBinary64, "binary64", 1, bits)                 \
  ROW(ToInt32, "int32", 1, bits)                       \
  ROW(ToInt64, "int64", 1, bits)                       \
  ROW(Table, "table", -1, bits)                        \
  ROW(RealExp, "real_exp", 1, real)                    \
  ROW(RealLog, "real_log", 1, real)                    \
  ROW(RealLog1p, "real_log1p", 1, real)                \
  ROW(RealExpm1, "real_expm1", 1, real)                \
  ROW(RealTanh, "real_tanh", 1, real)                  \
  ROW(RealErf, "real_erf", 1, real)                    \
  ROW(RealErfc, "real_erfc", 1, real)                  \
  ROW(RealSin, "real_sin", 1, real)                    \
  ROW(RealCos, "real_cos", 1, real)                    \
  ROW(RealAtan, "real_atan", 1, real)                  \
  ROW(RealPow, "real_pow", 2, real)                    \
  ROW(Detach, "detach", 1, structure)                  \
  ROW(Call, "call", -1, structure)

enum class Operation : std::uint8_t {
#define ACTC_ROW(enumerator, name, arity, klass) enumerator,
  ACTC_OPERATIONS(ACTC_ROW)
#undef ACTC_ROW
};

struct OperationInfo {
  std::string_view name;  // as in text: a symbol for operators, a word for functions
  int arity;              // -1: any number of arguments
  OperationClass klass;
};

const OperationInfo& info(Operation op);

// The operation that a text may call by this word (`sqrt`, `where`, `bit_and`, `real_exp`, …), or
// nothing. Symbols, leaves and `call` are not callable.
std::optional<Operation> callable_operation(std::string_view word);

bool is_commutative(Operation op);

// Is the value another with other data, whatever the arguments? A call's may be.
bool is_known_at_run_time(Operation op);

// max and min of one argument reduce a row; of two, they compare.
std::optional<Operation> reduction_of(Operation comparing);

}  // namespace actc::ir
