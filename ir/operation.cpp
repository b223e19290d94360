// The operation table as data, and look-ups in it.
#include "ir/operation.h"

#include <array>

namespace actc::ir {
namespace {

constexpr std::array table = {
#define ACTC_ROW(enumerator, name, arity, klass) OperationInfo{name, arity, OperationClass::klass},
    ACTC_OPERATIONS(ACTC_ROW)
#undef ACTC_ROW
};

constexpr bool is_word(std::string_view name) {
  return (name.front() >= 'a' && name.front() <= 'z') || name.front() == '_';
}

}  // namespace

const OperationInfo& info(Operation op) { return table[static_cast<std::size_t>(op)]; }

std::optional<Operation> callable_operation(std::string_view word) {
  for (std::size_t i = 0; i < table.size(); ++i) {
    const auto op = static_cast<Operation>(i);
    const bool callable = table[i].klass != OperationClass::leaf &&
                          table[i].klass != OperationClass::logic && op != Operation::Call &&
                          op != Operation::Neg && is_word(table[i].name);
    if (callable && table[i].name == word) return op;
  }
  return std::nullopt;
}

bool is_commutative(Operation op) {
  switch (op) {
    case Operation::Add:
    case Operation::Mul:
    case Operation::Equal:
    case Operation::NotEqual:
    case Operation::And:
    case Operation::Or:
    case Operation::BitAnd:
    case Operation::BitOr:
    case Operation::BitXor:
      return true;
    default:  // min and max choose their second argument on a tie
      return false;
  }
}

bool is_known_at_run_time(Operation op) {
  switch (op) {
    case Operation::Input:
    case Operation::Parameter:
    case Operation::Columns:
    case Operation::ColumnIndex:
    case Operation::UnitRandom:
    case Operation::Call:
      return true;
    default:
      return info(op).klass == OperationClass::reduction;
  }
}

std::optional<Operation> reduction_of(Operation comparing) {
  switch (comparing) {
    case Operation::Max:
      return Operation::Largest;
    case Operation::Min:
      return Operation::Smallest;
    default:
      return std::nullopt;
  }
}

}  // namespace actc::ir
