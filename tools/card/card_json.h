// A card for programs to read. The names are those of docs/properties.md. What is not finite is a
// string: "inf", "-inf", "nan".
#pragma once

#include <nlohmann/json.hpp>

#include "tools/card/card.h"

namespace actc::tools {

nlohmann::ordered_json to_json(const Card& card);

}  // namespace actc::tools
