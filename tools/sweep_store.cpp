// Sweeps as small JSON files.
#include "tools/sweep_store.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <boost/uuid/name_generator_sha1.hpp>
#include <boost/uuid/uuid.hpp>
#include <boost/uuid/uuid_io.hpp>
#include <cstdlib>
#include <ctime>
#include <filesystem>

#include "tools/card/card_json.h"
#include "tools/errors.h"
#include "tools/files.h"
#include "tools/json.h"
#include "tools/terminal.h"

namespace actc::tools {

// The content of docs/accuracy-sweeps.json (embed_sweeps.cmake).
std::string_view shipped_sweeps();

namespace {

constexpr std::size_t largest_file = std::size_t{1} << 20;

std::optional<std::string> variable(const char* name) {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing in this program changes its environment
  const char* value = std::getenv(name);
  if (value == nullptr) return std::nullopt;
  return value;
}

// Empty: nothing is kept.
std::filesystem::path directory() {
  if (const auto own = variable("ACTC_DATA_DIR")) return *own;
  const std::filesystem::path user = variable("XDG_DATA_HOME").value_or("");
  if (user.is_absolute()) return user / "actc" / "sweeps";
  const std::filesystem::path home = variable("HOME").value_or("");
  if (home.is_absolute()) return home / ".local" / "share" / "actc" / "sweeps";
  return {};
}

std::filesystem::path place_of(const std::string& key) {
  const std::filesystem::path folder = directory();
  if (key.empty() || folder.empty()) return {};
  return folder / (key + ".json");
}

KnownError error_of(const Json& json) {
  return {.dtype = json.at("dtype").get<std::string>(),
          .what = json.at("what").get<std::string>(),
          .ulps = json.at("ulp").get<double>(),
          .inputs = json.at("inputs").get<std::uint64_t>(),
          .date = json.at("date").get<std::string>()};
}

Json json_of(const KnownError& e) {
  return {{"dtype", e.dtype},
          {"what", e.what},
          {"ulp", e.ulps},
          {"inputs", e.inputs},
          {"date", e.date}};
}

double number_of(const Json& json) {
  if (!json.is_string()) return json.get<double>();
  const std::string word = json.get<std::string>();
  constexpr double infinity = std::numeric_limits<double>::infinity();
  return word == "inf"    ? infinity
         : word == "-inf" ? -infinity
                          : std::numeric_limits<double>::quiet_NaN();
}

Binary32 proof_of(const Json& json) {
  Binary32 b;
  b.low = number_of(json.at("low"));
  b.low_at = number_of(json.at("low_at"));
  b.high = number_of(json.at("high"));
  b.high_at = number_of(json.at("high_at"));
  b.inputs = json.at("inputs").get<std::uint64_t>();
  b.swept = true;
  b.date = json.at("date").get<std::string>();
  b.asymmetric = json.at("asymmetric").get<std::uint64_t>();
  b.against = json.at("against_direction").get<std::uint64_t>();
  b.largest_slope = number_of(json.at("largest_slope"));
  b.largest_slope_at = number_of(json.at("largest_slope_at"));
  b.smallest_slope = number_of(json.at("smallest_slope"));
  b.smallest_slope_at = number_of(json.at("smallest_slope_at"));
  b.dead_share = number_of(json.at("dead_share"));
  return b;
}

StoredSweeps sweeps_of(const Json& json) {
  StoredSweeps stored;
  for (const Json& e : json.at("errors")) stored.errors.push_back(error_of(e));
  if (json.contains("binary32")) stored.binary32 = proof_of(json.at("binary32"));
  return stored;
}

// The file of a key as it is; empty where there is none, or where it is no such file.
Json file_of(const std::string& key) {
  const std::filesystem::path path = place_of(key);
  std::error_code none;
  if (path.empty() || !std::filesystem::exists(path, none)) return {};
  try {
    Json json = Json::parse(read_file(path.string(), largest_file));
    if (json.at("key") != key) throw bad_content("it is another's");
    sweeps_of(json);
    return json;
  } catch (const std::exception& error) {
    print_warning(
        fmt::format("{} is no record of a sweep, and ignored: {}", path.string(), error.what()));
    return {};
  }
}

void write(const std::string& key, const std::string& label, Json json) {
  const std::filesystem::path path = place_of(key);
  if (path.empty()) return;
  json["key"] = key;
  json["definition"] = label;
  if (!json.contains("errors")) json["errors"] = Json::array();
  try {
    std::filesystem::create_directories(path.parent_path());
    OutputFile file(path.string());
    file.write(json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n");
    file.commit();
  } catch (const std::exception& error) {
    print_warning(fmt::format("the sweep is not kept: {}", error.what()));
  }
}

}  // namespace

std::string sweep_key(const Function& function, const Parameters& parameters,
                      const std::string& dtype, bool stabilize) {
  std::string content = "actc sweep 1";
  const auto add = [&](const std::string& part) {
    content += fmt::format("\n{}\n{}", part.size(), part);
  };
  try {
    add(dtype);
    add(function.formula());
    for (const std::string& input : function.inputs()) add(function.derivative(input));
    for (const ParameterInfo& p : function.parameters()) {
      const auto given = parameters.find(p.name);
      const double value = given != parameters.end() ? given->second : p.default_value.value_or(0);
      const double bound = dtype == "f64" ? value : static_cast<double>(static_cast<float>(value));
      add(fmt::format("{} = {:a}", p.name, bound));
    }
    KernelOptions options;
    options.stabilize = stabilize;
    add(dtype == "f64" ? function.emit<double>(Stage::lowered, options)
                       : function.emit<float>(Stage::lowered, options));
    // Elements of 16 bits are converted outside of the graph.
    if (dtype == "f16" || dtype == "bf16") add(std::string(version()));
  } catch (const Error&) {
    return {};
  }
  constexpr boost::uuids::uuid space = {0x61, 0x63, 0x74, 0x63, 0x20, 0x73, 0x77, 0x65,
                                        0x65, 0x70, 0x73, 0x20, 0x6b, 0x65, 0x79, 0x73};
  const boost::uuids::name_generator_sha1 named(space);
  return to_string(named(content));
}

StoredSweeps stored_sweeps(const std::string& key) {
  if (key.empty()) return {};
  StoredSweeps stored;
  if (const Json own = file_of(key); !own.empty()) stored = sweeps_of(own);
  if (stored.errors.empty()) {
    const Json shipped = Json::parse(shipped_sweeps(), nullptr, false);
    if (shipped.is_object() && shipped.contains(key))
      stored.errors = sweeps_of(shipped.at(key)).errors;
  }
  return stored;
}

void store_error(const std::string& key, const std::string& label, const KnownError& error) {
  if (key.empty()) return;
  Json json = file_of(key);
  Json errors = Json::array();
  if (json.contains("errors")) {
    for (const Json& e : json["errors"]) {
      if (e.at("what") != error.what || e.at("dtype") != error.dtype) errors.push_back(e);
    }
  }
  errors.push_back(json_of(error));
  json["errors"] = std::move(errors);
  write(key, label, std::move(json));
}

void store_proof(const std::string& key, const std::string& label, const Binary32& found) {
  if (key.empty()) return;
  Json json = file_of(key);
  Card card;
  card.binary32 = found;
  json["binary32"] = to_json(card)["binary32"];
  write(key, label, std::move(json));
}

std::string today() { return fmt::format("{:%Y-%m-%d}", fmt::gmtime(std::time(nullptr))); }

}  // namespace actc::tools
