// What a lowered graph must be for the interpreter and the code generator to take it.
#pragma once

#include <string>

#include "ir/graph.h"

namespace actc::ir {

// Empty where every node of a lowered graph has as many arguments as its operation takes, arguments
// before it, and formats that go together (ir/operation.h says which), and nothing over the reals
// is left; otherwise what is wrong with the first node that is not so. A broken graph is a broken
// invariant of the compiler, never the user's text: this is for assertions.
std::string check(const Graph& lowered);

}  // namespace actc::ir
