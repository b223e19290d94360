// The page of `actc show`: what a definition is, and its card.
#pragma once

#include <optional>

#include "tools/card/card.h"
#include "tools/commands.h"
#include "tools/json.h"

namespace actc::tools {

struct Page {
  Definition definition;
  Parameters given;
  std::optional<Card> card;
  std::string no_card;  // why there is none
  bool ascii = false;   // the plot in plain characters
};

// For a terminal, to standard output; in columns of plain text, 100 wide.
void print_page(const Page& page, const KernelCache& cache);

// All of it.
Json page_json(const Page& page);

}  // namespace actc::tools
