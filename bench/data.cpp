#include "bench/data.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>

#include "runtime/half.h"

namespace bench {

std::string_view name(Type type) {
  switch (type) {
    case Type::f32:
      return "f32";
    case Type::f64:
      return "f64";
    case Type::f16:
      return "f16";
    case Type::bf16:
      return "bf16";
  }
  return "";
}

std::string_view name(Direction direction) {
  switch (direction) {
    case Direction::forward:
      return "forward";
    case Direction::backward:
      return "backward";
    case Direction::both:
      return "both";
  }
  return "";
}

std::size_t size_of(Type type) {
  switch (type) {
    case Type::f32:
      return 4;
    case Type::f64:
      return 8;
    case Type::f16:
    case Type::bf16:
      return 2;
  }
  return 0;
}

std::size_t elements_moved(Direction direction, std::size_t n) {
  switch (direction) {
    case Direction::forward:
      return n;
    case Direction::backward:
      return n + n / 2;
    case Direction::both:
      return n + n;
  }
  return 0;
}

namespace {

template <class T>
void fill(std::span<std::byte> bytes, Draw draw) {
  std::mt19937 generator(20261121);
  std::normal_distribution<float> normal(0, 2);
  auto* p = reinterpret_cast<T*>(bytes.data());
  std::generate(p, p + bytes.size() / sizeof(T), [&] {
    const float v = normal(generator);
    return static_cast<T>(draw == Draw::positive ? std::fabs(v) : v);
  });
}

}  // namespace

Data::Data(Type type, std::size_t n, Draw draw)
    : type_(type), n_(n), in_(2 * n * size_of(type)), out_(2 * n * size_of(type)) {
  switch (type) {
    case Type::f32:
      fill<float>(in_.all(), draw);
      break;
    case Type::f64:
      fill<double>(in_.all(), draw);
      break;
    case Type::f16:
      fill<actc::float16>(in_.all(), draw);
      break;
    case Type::bf16:
      fill<actc::bfloat16>(in_.all(), draw);
      break;
  }
  std::ranges::fill(out_.all(), std::byte{0});
}

Data::Data(std::span<const float> x)
    : type_(Type::f32), n_(x.size()), in_(2 * x.size_bytes()), out_(2 * x.size_bytes()) {
  auto* p = reinterpret_cast<float*>(in_.all().data());
  std::ranges::copy(x, p);
  std::fill(p + n_, p + 2 * n_, 1.0F);
  std::ranges::fill(out_.all(), std::byte{0});
}

Job Data::job(const char* function, Direction direction) const {
  const std::size_t bytes = n_ * size_of(type_);
  return {function,
          direction,
          type_,
          n_,
          in_.all().data(),
          in_.all().data() + bytes,
          out_.all().data(),
          out_.all().data() + bytes};
}

}  // namespace bench
