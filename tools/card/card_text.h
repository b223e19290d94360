// A card in words: the rows of `actc show`, and of the table of `actc compare`.
#pragma once

#include <string>
#include <vector>

#include "tools/card/card.h"

namespace actc::tools {

struct CardRow {
  std::string label;  // "range"; empty: goes on with the row above
  std::string value;
  std::string how;  // "proved", "sampled", or empty where that says nothing
};

// In the order of the page. Plain ASCII. With `brief`, a line for each property, short enough for a
// column.
std::vector<CardRow> card_rows(const Card& card, bool brief = false);

}  // namespace actc::tools
