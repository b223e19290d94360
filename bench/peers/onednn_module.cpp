// oneDNN's elementwise primitives, created beforehand.
#include <map>
#include <string>
#include <unordered_map>

#include "bench/peers/onednn.h"
#include "bench/peers/peer.h"

namespace bench {
namespace {

using dnnl::algorithm;

// Those whose gradient it computes from y, too; alpha and beta are as where it does from x.
const std::map<std::string, algorithm, std::less<>>& from_y() {
  static const std::map<std::string, algorithm, std::less<>> table = {
      {"elu", algorithm::eltwise_elu_use_dst_for_bwd},
      {"exp", algorithm::eltwise_exp_use_dst_for_bwd},
      {"relu", algorithm::eltwise_relu_use_dst_for_bwd},
      {"sigmoid", algorithm::eltwise_logistic_use_dst_for_bwd},
      {"tanh", algorithm::eltwise_tanh_use_dst_for_bwd}};
  return table;
}

template <bool uses_y>
std::function<void()> prepare(const Job& job) {
  using dnnl::memory;
  using dnnl::prop_kind;
  const auto f = onednn_functions().find(job.function);
  if (f == onednn_functions().end() || job.type == Type::f64) return {};
  auto [algorithm, alpha, beta] = f->second;
  if (uses_y) {
    const auto other = from_y().find(job.function);
    if (other == from_y().end() || job.direction != Direction::backward) return {};
    algorithm = other->second;
  }
  static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  static dnnl::stream stream(engine);

  const auto type = job.type == Type::f32   ? memory::data_type::f32
                    : job.type == Type::f16 ? memory::data_type::f16
                                            : memory::data_type::bf16;
  const memory::desc array({static_cast<memory::dim>(job.n)}, type, memory::format_tag::a);
  const memory x(array, engine, const_cast<void*>(job.x));
  const memory dy(array, engine, const_cast<void*>(job.dy));
  const memory y(array, engine, job.y);
  const memory dx(array, engine, job.dx);

  const bool trains = job.direction != Direction::forward;
  const dnnl::eltwise_forward::primitive_desc forward_desc(
      {trains ? prop_kind::forward_training : prop_kind::forward_inference, algorithm, array, alpha,
       beta},
      engine);
  using Arguments = std::unordered_map<int, memory>;
  auto forward = [primitive = dnnl::eltwise_forward(forward_desc),
                  arguments = Arguments{{DNNL_ARG_SRC, x}, {DNNL_ARG_DST, y}}] {
    primitive.execute(stream, arguments);
  };
  if (!trains) return forward;
  const dnnl::eltwise_backward::primitive_desc backward_desc({algorithm, array, array, alpha, beta},
                                                             engine, forward_desc);
  auto backward = [primitive = dnnl::eltwise_backward(backward_desc),
                   arguments = Arguments{{uses_y ? DNNL_ARG_DST : DNNL_ARG_SRC, uses_y ? y : x},
                                         {DNNL_ARG_DIFF_DST, dy},
                                         {DNNL_ARG_DIFF_SRC, dx}}] {
    primitive.execute(stream, arguments);
  };
  if (uses_y) forward();
  if (job.direction == Direction::backward) return backward;
  return [=] {
    forward();
    backward();
  };
}

}  // namespace
}  // namespace bench

bench::Peers actc_bench_peers() {
  static constexpr bench::Peer selves[] = {{"oneDNN", bench::offer<bench::prepare<false>>},
                                           {"oneDNN, from y", bench::offer<bench::prepare<true>>}};
  return {selves, 2};
}
