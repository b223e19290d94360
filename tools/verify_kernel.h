// The kernel that is verified, and what its parameters are.
#pragma once

#include <type_traits>
#include <vector>

#include "ir/function.h"
#include "tools/verify.h"

namespace actc::tools {

// The parameters in their order, rounded as they are when they are bound; 0 where there is none.
std::vector<double> bound_values(const VerifyRequest& request, const ir::Function& function);

Parameters named(const ir::Function& function, const std::vector<double>& values);

template <class T>
BoundKernel<T> bound_kernel(const VerifyRequest& request, const Parameters& parameters,
                            KernelOptions options) {
  options.forward = !request.gradient;
  options.backward = request.gradient;
  return request.function.kernel<T>(options).bind(parameters);
}

}  // namespace actc::tools
