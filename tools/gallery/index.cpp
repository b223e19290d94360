// The index: a plain list of links, with what the script sorts and filters by in attributes.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <limits>

#include "tools/gallery/card_table.h"
#include "tools/gallery/html.h"
#include "tools/gallery/page.h"

namespace actc::tools::gallery {
namespace {

// What may be sorted by: a number, and how it is said.
struct Quantity {
  std::string_view key, title;
  double (*of)(const Card& card);  // NaN where it is not known
};

constexpr double none = std::numeric_limits<double>::quiet_NaN();

template <class Get>
double of_shape(const Card& card, Get get) {
  return card.shape ? static_cast<double>(get(*card.shape)) : none;
}

double largest_error(const Card& card, std::string_view what) {
  double most = none;
  for (const KnownError& e : card.cost.errors) {
    if (e.dtype == "f32" && e.what == what && !(e.ulps <= most)) most = e.ulps;
  }
  return most;
}

constexpr Quantity quantities[] = {
    {"low", "smallest value",
     [](const Card& c) {
       return of_shape(c, [](const Shape& s) { return s.range.low.value.value; });
     }},
    {"high", "largest value",
     [](const Card& c) {
       return of_shape(c, [](const Shape& s) { return s.range.high.value.value; });
     }},
    {"smooth", "times differentiable",
     [](const Card& c) {
       return of_shape(c, [](const Shape& s) {
         return s.differentiable ? static_cast<double>(*s.differentiable) : HUGE_VAL;
       });
     }},
    {"lipschitz", "Lipschitz constant",
     [](const Card& c) { return of_shape(c, [](const Shape& s) { return s.lipschitz; }); }},
    {"saturated", "share saturated",
     [](const Card& c) { return of_shape(c, [](const Shape& s) { return s.saturated.share; }); }},
    {"dead", "share dead",
     [](const Card& c) { return of_shape(c, [](const Shape& s) { return s.dead.share; }); }},
    {"mean", "mean output",
     [](const Card& c) { return of_shape(c, [](const Shape& s) { return s.mean; }); }},
    {"gain", "gain",
     [](const Card& c) { return of_shape(c, [](const Shape& s) { return s.gain; }); }},
    {"cost", "cost, times relu",
     [](const Card& c) {
       return c.cost.forward > 0 && c.cost.relu_forward > 0 ? c.cost.forward / c.cost.relu_forward
                                                            : none;
     }},
    {"error", "error, ULP", [](const Card& c) { return largest_error(c, "forward"); }},
};

// What may be asked for.
struct Filter {
  std::string_view key, title;
  bool (*holds)(const Shape& shape);
};
constexpr Filter filters[] = {
    {"smooth", "smooth", [](const Shape& s) { return !s.differentiable.has_value(); }},
    {"monotone", "monotone", [](const Shape& s) { return s.monotone != Monotone::neither; }},
    {"bounded", "bounded",
     [](const Shape& s) {
       return std::isfinite(s.range.low.value.value) && std::isfinite(s.range.high.value.value);
     }},
    {"zero-centred", "zero-centred", [](const Shape& s) { return s.zero_centred; }},
    {"saturating", "saturating", [](const Shape& s) { return !s.saturated.zones.empty(); }},
    {"dead", "dead somewhere", [](const Shape& s) { return !s.dead.zones.empty(); }},
};

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

std::string kinds_of(const Entry& entry) {
  return entry.kind + (entry.is_learned() ? " learned" : "") + (entry.own ? " own" : "");
}

std::string item(const Entry& entry) {
  std::string properties, data;
  for (const Filter& filter : filters) {
    if (entry.card.shape && filter.holds(*entry.card.shape)) {
      properties += fmt::format("{}{}", properties.empty() ? "" : " ", filter.key);
    }
  }
  for (const Quantity& q : quantities) {
    const double value = q.of(entry.card);
    if (std::isnan(value)) continue;
    data +=
        fmt::format(" data-{0}=\"{1}\" data-{0}-text=\"{2}\"", q.key, raw(value),
                    std::isinf(value) ? (value > 0 ? "∞" : "−∞") : fmt::format("{:.4g}", value));
  }
  std::string summary = card_summary(entry.card);
  if (summary.empty() && entry.inputs.size() > 1) {
    summary = fmt::format("{} inputs", entry.inputs.size());
  }
  const std::string facts =
      summary.empty() ? std::string() : fmt::format("<span class=\"facts\">{}</span>\n", summary);
  const std::string first = entry.documentation.substr(0, entry.documentation.find('\n'));
  return fmt::format(
      "<li data-name=\"{0}\" data-kinds=\"{1}\" data-properties=\"{2}\" data-text=\"{3}\"{4}>"
      "<a class=\"entry\" href=\"f/{5}.html\">\n<span class=\"picture\">{6}</span>\n"
      "<span class=\"words\"><span class=\"name\">{0}</span>\n<span class=\"about\">{7}</span>\n{8}"
      "<span class=\"sorted\" hidden></span></span></a></li>\n",
      escape(entry.name), escape(kinds_of(entry)), properties,
      escape(lower(entry.signature + " " + entry.documentation + " " + kinds_of(entry))), data,
      escape(entry.slug),
      entry.curve ? entry.curve->thumbnail
                  : fmt::format("<span class=\"symbol\" aria-hidden=\"true\">{}</span>",
                                entry.over_rows ? "[ x₁ … xₙ ]" : "~"),
      prose(first), facts);
}

std::string options(std::span<const Entry> entries) {
  constexpr std::pair<std::string_view, std::string_view> kinds[] = {
      {"activation", "activations"}, {"gated", "gated"},   {"row", "over rows"},
      {"math", "mathematics"},       {"random", "random"}, {"learned", "with learned parameters"},
      {"own", "of your file"},
  };
  std::string html;
  for (const auto& [key, title] : kinds) {
    const auto has = [&, wanted = key](const Entry& entry) {
      return (" " + kinds_of(entry) + " ").find(fmt::format(" {} ", wanted)) != std::string::npos;
    };
    const auto count = std::ranges::count_if(entries, has);
    if (count > 0)
      html += fmt::format("<option value=\"{}\">{} ({})</option>\n", key, title, count);
  }
  return html;
}

}  // namespace

std::string index_page(std::span<const Entry> entries) {
  std::string list;
  for (const Entry& entry : entries) list += item(entry);
  std::string sorts =
      "<option value=\"library\">kind</option>\n<option value=\"name\">name</option>\n";
  for (const Quantity& q : quantities) {
    const bool known = std::ranges::any_of(
        entries, [&](const Entry& entry) { return !std::isnan(q.of(entry.card)); });
    if (known) sorts += fmt::format("<option value=\"{}\">{}</option>\n", q.key, q.title);
  }
  std::string boxes;
  for (const Filter& filter : filters) {
    boxes += fmt::format(
        "<label class=\"check\"><input type=\"checkbox\" data-filter=\"{}\"> {}</label>\n",
        filter.key, filter.title);
  }
  const Layout layout = {
      .title = "Activation functions · actc",
      .description = "Activation functions: formulas, gradients, curves and proved properties",
      .folder = 0,
      .current = "index.html"};
  return page(layout, fill(asset("index.html"), {{"count", fmt::format("{}", entries.size())},
                                                 {"kinds", options(entries)},
                                                 {"sorts", sorts},
                                                 {"filters", boxes},
                                                 {"entries", list}}));
}

}  // namespace actc::tools::gallery
