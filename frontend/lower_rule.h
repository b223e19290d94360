// Rules to graphs.
#pragma once

#include "frontend/program.h"

namespace actc::frontend {

// Adds the rule to the program's library. The names on the left that are neither functions nor
// constants are its variables. Reported: names on the right or in the condition that are no
// variables, a left side with nothing for a match to hang on, a right side to which the rule itself
// applies again, and what is wrong in any formula.
void lower_rule(Program& program, const RuleItem& item);

}  // namespace actc::frontend
