// Results that something else has computed, to be judged in the place of a kernel's.
#pragma once

#include <string>
#include <vector>

#include "tools/verify_points.h"

namespace actc::tools {

template <class T>
class GivenResults {
 public:
  // Element i of the file is the result at inputs[i], the representations in increasing order. A
  // file of another length, rank or type is a ToolError of exit_bad_content that says what is
  // expected (the stride is named in it).
  GivenResults(std::vector<Representation<T>> inputs, const std::string& path,
               std::uint64_t stride);

  // The results at x, all of which are among the inputs. Fastest where x is in their order.
  void at(const std::vector<T>& x, std::vector<T>& y) const;

 private:
  std::vector<Representation<T>> inputs_;
  std::vector<T> results_;
};

}  // namespace actc::tools
