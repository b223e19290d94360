// The rows of `actc show` on a page. What is said of cost has tables of its own there.
#include "tools/gallery/card_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "tools/card/card_text.h"
#include "tools/gallery/html.h"

namespace actc::tools::gallery {
namespace {

constexpr std::array<std::string_view, 4> of_cost = {"forward", "backward", "error", "kept"};

std::string marked(const std::string& how) {
  if (how != "proved" && how != "sampled") return typeset(how);
  return fmt::format("<span class=\"mark {0}\">{0}</span>", how);
}

std::string row(const std::string& label, const std::string& value, const std::string& how) {
  return fmt::format("<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td></tr>\n", label, value,
                     how);
}

std::string_view name_of_type(std::string_view dtype) {
  if (dtype == "f32") return "binary32";
  if (dtype == "f64") return "binary64";
  if (dtype == "f16") return "binary16";
  if (dtype == "bf16") return "bfloat16";
  return dtype;
}

// A table with a heading above it, whose id names it.
std::string table(std::string_view id, std::string_view title, std::string_view heads,
                  const std::string& rows) {
  return fmt::format(
      "<h3 id=\"{0}\">{1}</h3>\n<div class=\"scroll\"><table aria-labelledby=\"{0}\">\n"
      "<thead><tr>{2}</tr></thead>\n<tbody>\n{3}</tbody></table></div>\n",
      id, title, heads, rows);
}

std::string error_rows(const Cost& cost) {
  std::string rows;
  for (const KnownError& e : cost.errors) {
    rows += fmt::format(
        "<tr><th scope=\"row\">{}</th><td>{}</td><td class=\"number\">{:.3g}</td><td "
        "class=\"number\">{}</td><td>{}</td></tr>\n",
        escape(name_of_type(e.dtype)), escape(e.what), e.ulps, e.inputs, escape(e.date));
  }
  return rows;
}

std::string time_row(std::string_view what, double own, double relu) {
  return fmt::format(
      "<tr><th scope=\"row\">{}</th><td class=\"number\">{:.3g}</td><td "
      "class=\"number\">{}</td></tr>\n",
      what, own, relu > 0 ? fmt::format("{:.3g}", own / relu) : std::string());
}

bool is_letter(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; }
bool is_digit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }

}  // namespace

std::string typeset(std::string_view words) {
  std::string html, plain;
  const auto flush = [&] {
    html += escape(plain);
    plain.clear();
  };
  const auto at = [&](std::size_t k) { return k < words.size() ? words[k] : '\0'; };
  for (std::size_t k = 0; k < words.size(); ++k) {
    const char before = k > 0 ? words[k - 1] : '\0';
    if (words.substr(k, 3) == "inf" && !is_letter(before) && !is_letter(at(k + 3))) {
      plain += "∞";
      k += 2;
    } else if (words[k] == '-' && !is_letter(before) && !is_digit(before) &&
               (is_digit(at(k + 1)) || words.substr(k + 1, 3) == "inf" || at(k + 1) == ' ' ||
                at(k + 1) == 'x')) {
      plain += "−";
    } else if (words[k] == '\'' && is_letter(before) && !is_letter(at(k + 1))) {
      plain += "′";
    } else if (words[k] == 'e' && is_digit(before) && (at(k + 1) == '-' || at(k + 1) == '+')) {
      std::size_t digits = k + 2;
      while (at(digits) == '0' && is_digit(at(digits + 1))) ++digits;
      std::size_t end = digits;
      while (is_digit(at(end))) ++end;
      flush();
      html += fmt::format("·10<sup>{}{}</sup>", at(k + 1) == '-' ? "−" : "",
                          words.substr(digits, end - digits));
      k = end - 1;
    } else {
      plain += words[k];
    }
  }
  flush();
  return html;
}

std::string card_table(const Card& card) {
  if (!card.shape) {
    return card.no_shape.empty() ? std::string()
                                 : fmt::format("<p class=\"note\">{}</p>\n", prose(card.no_shape));
  }
  const std::vector<CardRow> rows = card_rows(card);
  std::string body;
  for (std::size_t k = 0; k < rows.size();) {
    std::string value = typeset(rows[k].value);
    const CardRow& first = rows[k];
    for (++k; k < rows.size() && rows[k].label.empty(); ++k) {
      value += "<small>" + typeset(rows[k].value) + "</small>";
    }
    if (std::ranges::find(of_cost, first.label) == of_cost.end()) {
      body += row(typeset(first.label), value, marked(first.how));
    }
  }
  std::string html =
      "<div class=\"scroll\"><table class=\"card\" aria-labelledby=\"properties\">\n<thead><tr><th "
      "scope=\"col\">Property</th><th scope=\"col\">What holds</th><th scope=\"col\">Known "
      "how</th></tr></thead>\n<tbody>\n" +
      body + "</tbody></table></div>\n";
  for (const std::string& note : card.notes) {
    html += fmt::format("<p class=\"note\">{}</p>\n", typeset(note));
  }
  return html;
}

std::string card_summary(const Card& card) {
  if (!card.shape) return {};
  const std::vector<CardRow> rows = card_rows(card, true);
  const auto range = std::ranges::find(rows, "range", &CardRow::label);
  const std::optional<int>& times = card.shape->differentiable;
  const std::string smooth = !times        ? std::string("smooth")
                             : *times < 0  ? std::string("jumps")
                             : *times == 0 ? std::string("kinks")
                                           : fmt::format("C<sup>{}</sup>", *times);
  return (range == rows.end() ? std::string() : typeset(range->value) + " · ") + smooth;
}

std::string numbers_tables(const Card& card) {
  const Cost& cost = card.cost;
  std::string html;
  if (!cost.errors.empty()) {
    html += table("accuracy", "Largest errors",
                  "<th scope=\"col\">Format</th><th scope=\"col\">Kernel</th><th scope=\"col\" "
                  "class=\"number\">ULP</th><th scope=\"col\" class=\"number\">Inputs</th><th "
                  "scope=\"col\">Swept on</th>",
                  error_rows(cost));
  }
  if (cost.forward > 0) {
    std::string rows = time_row("forward", cost.forward, cost.relu_forward);
    if (cost.backward > 0) rows += time_row("backward", cost.backward, cost.relu_backward);
    html += table("speed", "Speed",
                  fmt::format("<th scope=\"col\">{} elements of binary32, one thread</th><th "
                              "scope=\"col\" class=\"number\">ns an element</th><th scope=\"col\" "
                              "class=\"number\">times relu</th>",
                              cost.elements),
                  rows);
  }
  const std::vector<CardRow> rows = card_rows(card);
  const auto kept = std::ranges::find(rows, "kept", &CardRow::label);
  if (kept != rows.end() && !html.empty()) {
    html += fmt::format("<p class=\"note\">Kept: {}.</p>\n", typeset(kept->value));
  }
  return html;
}

}  // namespace actc::tools::gallery
