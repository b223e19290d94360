#include "tools/verify_kernel.h"

#include "ir/round.h"

namespace actc::tools {

std::vector<double> bound_values(const VerifyRequest& request, const ir::Function& function) {
  std::vector<double> values;
  for (const ir::Parameter& p : function.parameters) {
    const auto given = request.parameters.find(p.name);
    double value = given != request.parameters.end() ? given->second
                   : p.default_value                 ? ir::round_to_binary64(*p.default_value)
                                                     : 0;
    if (request.dtype != ElementType::f64) {
      value = given == request.parameters.end() && p.default_value
                  ? static_cast<double>(ir::round_to_binary32(*p.default_value))
                  : static_cast<double>(static_cast<float>(value));
    }
    values.push_back(value);
  }
  return values;
}

Parameters named(const ir::Function& function, const std::vector<double>& values) {
  Parameters result;
  for (std::size_t k = 0; k < values.size(); ++k) result[function.parameters[k].name] = values[k];
  return result;
}

}  // namespace actc::tools
