// digits: trains a network on hand-written digits with activations that are typed in.
//
//   digits                              compares six known activations and an invented one
//   digits gelu 'x * erf(x)'            compares these
//
// Exit codes: 0 good, 1 a text or the data is wrong, 2 the command line is wrong, 3 the data cannot
// be read.
#include <algorithm>
#include <cctype>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "actc/actc.h"
#include "digits.h"
#include "network.h"

namespace {

struct UsageError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct Options {
  std::vector<std::string> activations;
  TrainingOptions training;
  int seeds = 5;
  std::string data = DIGITS_CSV;
};

constexpr const char* help =
    "Examples:\n"
    "  digits\n"
    "  digits gelu 'x * erf(x)'\n"
    "  digits mish --epochs 20 --seeds 3 --hidden 128\n"
    "\n"
    "Trains a network of two hidden layers on hand-written digits, once a seed, with each\n"
    "activation: a built-in's name or a formula in x. Without one, compares seven.\n"
    "\n"
    "  --epochs N   passes over the training set (40)\n"
    "  --seeds N    networks an activation (5)\n"
    "  --hidden N   width of both hidden layers (64)\n"
    "  --data FILE  the digits\n";

// The last one is invented here: a smooth gate with a ripple.
const std::vector<std::string> compared = {
    "relu", "tanh", "elu", "silu", "gelu", "mish", "x * sigmoid(2 * x) + sin(x)^2 / 5"};

int parse_count(std::string_view option, std::string_view text, int largest) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < 1 || value > largest) {
    throw UsageError(std::string(option) + " wants a number between 1 and " +
                     std::to_string(largest));
  }
  return value;
}

Options parse_options(const std::vector<std::string>& words) {
  Options options;
  for (std::size_t k = 0; k < words.size(); ++k) {
    const std::string& word = words[k];
    if (!word.starts_with("--")) {
      options.activations.push_back(word);
      continue;
    }
    const std::size_t equals = word.find('=');
    const std::string name = word.substr(0, equals);
    if (name != "--epochs" && name != "--seeds" && name != "--hidden" && name != "--data") {
      throw UsageError("there is no option " + name + "; 'digits --help' shows them");
    }
    if (equals == std::string::npos && k + 1 == words.size()) {
      throw UsageError(name + " wants a value");
    }
    const std::string value = equals == std::string::npos ? words[++k] : word.substr(equals + 1);
    if (name == "--epochs") options.training.epochs = parse_count(name, value, 10'000);
    if (name == "--seeds") options.seeds = parse_count(name, value, 1'000);
    if (name == "--hidden") options.training.hidden = parse_count(name, value, 4'096);
    if (name == "--data") options.data = value;
  }
  if (options.activations.empty()) options.activations = compared;
  return options;
}

bool is_name(std::string_view text) {
  return text != "x" && std::ranges::all_of(
                            text, [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; });
}

actc::BoundKernel<float> compile(const std::string& text) {
  const actc::Function f = is_name(text) ? actc::builtin(text) : actc::compile(text).entry();
  if (f.inputs().size() != 1) {
    throw actc::Error("'" + text + "' has " + std::to_string(f.inputs().size()) +
                      " inputs; an activation here has one");
  }
  return f.kernel<float>().bind();
}

void train_and_print(const std::string& text, const actc::BoundKernel<float>& activation,
                     const Options& options, const Digits& digits) {
  using Clock = std::chrono::steady_clock;
  std::vector<double> accuracies;
  Clock::duration training{};
  for (int seed = 1; seed <= options.seeds; ++seed) {
    TrainingOptions one = options.training;
    one.seed = static_cast<unsigned>(seed);
    Network network(activation, one);
    const auto begin = Clock::now();
    network.train(digits.train);
    training += Clock::now() - begin;
    accuracies.push_back(100 * network.accuracy(digits.test));
  }
  std::ranges::sort(accuracies);
  const std::size_t middle = accuracies.size() / 2;
  const double median = accuracies.size() % 2 == 1
                            ? accuracies[middle]
                            : (accuracies[middle - 1] + accuracies[middle]) / 2;
  std::printf("%-36s %7.2f %7.2f %7.2f %9.2f\n", text.c_str(), median, accuracies.front(),
              accuracies.back(), std::chrono::duration<double>(training).count() / options.seeds);
  std::fflush(stdout);
}

int run(const Options& options) {
  if (!std::filesystem::is_regular_file(options.data)) {
    std::fprintf(stderr, "digits: error: cannot read %s\n", options.data.c_str());
    return 3;
  }
  Digits digits;
  try {
    digits = load_digits(options.data);
  } catch (const std::runtime_error& error) {
    std::fprintf(stderr, "digits: error: %s: %s\n", options.data.c_str(), error.what());
    return 1;
  }
  // All texts are compiled before anything is trained: a mistake in the last one shows at once.
  std::vector<actc::BoundKernel<float>> activations;
  for (const std::string& text : options.activations) activations.push_back(compile(text));

  std::printf("64 - %d - %d - 10, %d epochs; %zu digits to learn, %zu to test; %d seeds\n\n",
              options.training.hidden, options.training.hidden, options.training.epochs,
              digits.train.labels.size(), digits.test.labels.size(), options.seeds);
  std::printf("%-36s %7s %7s %7s %9s\n", "test accuracy in %", "median", "least", "most",
              "seconds");
  for (std::size_t k = 0; k < activations.size(); ++k) {
    train_and_print(options.activations[k], activations[k], options, digits);
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (std::ranges::find(words, "--help") != words.end()) {
    std::fputs(help, stdout);
    return 0;
  }
  try {
    return run(parse_options(words));
  } catch (const UsageError& error) {
    std::fprintf(stderr, "digits: error: %s\n", error.what());
    return 2;
  } catch (const actc::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());  // each error with its line and a caret
    return 1;
  }
}
