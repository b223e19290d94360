// Rules made ready to match.
#pragma once

#include <memory>
#include <unordered_map>
#include <vector>

#include "ir/function.h"
#include "ir/pattern.h"

namespace actc::ir {

enum class RuleFault : std::uint8_t {
  none,
  nothing_to_match,  // no function and no quotient on the left, no variable, or far too large
  undetermined,      // the left side does not match itself
  endless,           // the left side matches in the right one
};
RuleFault examine(const Rule& rule, const Library& library);

// The rules of a library ready to match: its own, in their order, then those of its base. Refers to
// the library, which must outlive it.
class Rulebook {
 public:
  explicit Rulebook(const Library& library, std::shared_ptr<const Rulebook> base = nullptr);
  Rulebook(const Rulebook&) = delete;
  Rulebook& operator=(const Rulebook&) = delete;

  struct Entry {
    const Rule* rule;
    Pattern pattern;
    // Both sides have one normal form: powers of e are brought together.
    bool merges;
    bool quotient;  // a product with a sum in it
    bool power;     // a product with a power of e and no sum
  };
  const std::vector<const Entry*>& products() const { return products_; }
  const std::vector<const Entry*>& sums() const { return sums_; }
  // Those whose left side is an application of the operation, or of the function for a call.
  const std::vector<const Entry*>& applications(Operation op, FunctionId callee) const;

 private:
  void list(const Entry& entry);

  std::shared_ptr<const Rulebook> base_;
  KnownFunctions known_;
  std::vector<std::unique_ptr<Entry>> own_;
  std::vector<const Entry*> products_;
  std::vector<const Entry*> sums_;
  std::unordered_map<std::uint64_t, std::vector<const Entry*>> applications_;
};

}  // namespace actc::ir
