// A card as tables of a page, in the words of card_text.h, typeset.
#pragma once

#include <string>
#include <string_view>

#include "tools/card/card.h"

namespace actc::tools::gallery {

// The properties of the formula, each marked proved or sampled, and what binary32 makes of them.
std::string card_table(const Card& card);

// Errors and times: tables with their headings, or empty.
std::string numbers_tables(const Card& card);

// "(0, 1) · smooth", or empty where there is no shape.
std::string card_summary(const Card& card);

// Plain words with numbers as HTML: minus signs, ∞, powers of ten, primes. Escapes.
std::string typeset(std::string_view words);

}  // namespace actc::tools::gallery
