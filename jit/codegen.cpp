// The frame of a kernel: checks, rows, what is computed once a call.
//
//   entry     load the call; a stride that is not the element's size: return ACTC_BAD_STRIDE
//   setup     the default floating-point environment; what does not vary over rows
//   row       for each row: its loops (codegen_loop.cpp), with what is computed once a row between
//             them
#include "jit/codegen.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "jit/environment.h"
#include "jit/kernel_writer.h"

namespace actc::jit {
namespace {

// Instructions of a block in a huge graph: LLVM's work on a block grows faster than its length.
constexpr std::size_t huge_block = 256;

}  // namespace

void KernelWriter::create_function(const std::string& name) {
  auto* type = llvm::FunctionType::get(llvm::Type::getInt32Ty(context_),
                                       {llvm::PointerType::getUnqual(context_)}, false);
  function_ = llvm::Function::Create(type, llvm::GlobalValue::ExternalLinkage, name, module_);
  function_->setDoesNotThrow();
  function_->addFnAttr("no-builtins");
  set_target_attributes(*function_, processor_);
}

KernelWriter::Array KernelWriter::load_array(llvm::Value* arrays, std::size_t position,
                                             Storage storage) {
  const std::size_t base = position * sizeof(actc_array);
  const auto field = [&](std::size_t offset, llvm::Type* type) {
    return load_field(arrays, base + offset, type);
  };
  llvm::Type* word = builder_.getInt64Ty();
  return {.data = field(offsetof(actc_array, data), builder_.getPtrTy()),
          .row_stride = field(offsetof(actc_array, row_stride), word),
          .column_stride = field(offsetof(actc_array, column_stride), word),
          .storage = storage};
}

void KernelWriter::write() {
  llvm::BasicBlock* entry = block("entry");
  llvm::BasicBlock* refuse = block("refuse");
  llvm::BasicBlock* setup = block("setup");
  llvm::BasicBlock* done = block("done");
  llvm::MDNode* unlikely = llvm::MDBuilder(context_).createUnlikelyBranchWeights();

  builder_.SetInsertPoint(entry);
  llvm::Value* call = function_->getArg(0);
  llvm::Type* pointer = builder_.getPtrTy();
  llvm::Type* word = builder_.getInt64Ty();
  llvm::Value* rows = load_field(call, offsetof(actc_call, rows), word);
  columns_ = load_field(call, offsetof(actc_call, columns), word);
  elements_ = load_field(call, offsetof(actc_call, elements), word);
  llvm::Value* input_arrays = load_field(call, offsetof(actc_call, inputs), pointer);
  llvm::Value* output_arrays = load_field(call, offsetof(actc_call, outputs), pointer);
  parameters_ = load_field(call, offsetof(actc_call, parameters), pointer);

  llvm::Value* bad_stride = nullptr;
  // The elements that a vector takes lie side by side.
  const auto check_stride = [&](const Array& array, bool varies_over_rows) {
    if (has_rows_in_lanes() && !varies_over_rows) return;
    llvm::Value* stride = has_rows_in_lanes() ? array.row_stride : array.column_stride;
    llvm::Value* wrong = builder_.CreateXor(stride, i64(bytes_of(array.storage)));
    bad_stride = bad_stride == nullptr ? wrong : builder_.CreateOr(bad_stride, wrong);
  };
  const auto use_input = [&](NodeId id) {
    if (graph_[id].op != Operation::Input) return;
    const std::uint32_t position = graph_[id].payload;
    if (call_inputs_.size() <= position) call_inputs_.resize(position + 1);
    Array& input = call_inputs_[position];
    if (input.used()) return;
    input = load_array(input_arrays, position, storage_in(kernel_.input_storage, position));
    check_stride(input, graph_[id].shape != Shape::column);
  };
  const auto use_inputs = [&](const Region& region) {
    for (const Step& step : region) {
      if (!step.is_group) use_input(step.index);
    }
  };
  for (const Loop& loop : plan_.loops) {
    for (const NodeId id : loop.row_values) use_input(id);
    use_inputs(loop.schedule.body);
    for (const RareGroup& group : loop.schedule.groups) use_inputs(group.region);
  }
  for (std::size_t k = 0; k < outputs_.size(); ++k) {
    const Storage storage = is_total(k) ? Storage::binary64 : storage_in(kernel_.output_storage, k);
    call_outputs_.push_back(load_array(output_arrays, k, storage));
    call_outputs_.back().one_row = stored(k) == Stored::column_totals;
    check_stride(call_outputs_.back(), !is_total(k));
  }
  // Pairs do not hold elements side by side: their places and the order of sums would be others.
  all_bfloat16_ = !ir::is_over_rows(graph_) && !ir::is_random(graph_);
  for (const Array& array : call_inputs_) {
    if (array.used() && array.storage != Storage::bfloat16) all_bfloat16_ = false;
  }
  for (std::size_t k = 0; k < call_outputs_.size(); ++k) {
    const bool halves = call_outputs_[k].storage == Storage::bfloat16;
    if (!halves && (!is_total(k) || stored(k) == Stored::column_totals)) all_bfloat16_ = false;
  }
  if (all_bfloat16_) find_exact();
  builder_.CreateCondBr(builder_.CreateIsNotNull(bad_stride), refuse, setup, unlikely);

  builder_.SetInsertPoint(refuse);
  builder_.CreateRet(builder_.getInt32(ACTC_BAD_STRIDE));

  builder_.SetInsertPoint(setup);
  DefaultEnvironment environment(builder_, processor_);
  environment.enter();
  scalars_.assign(graph_.size(), nullptr);
  splats_.assign(graph_.size(), nullptr);
  emit_uniform(plan_.call_values);
  for (const Loop& loop : plan_.loops) spread(loop, false);
  make_totals();
  begin_totals(Stored::total);
  if (ir::is_random(graph_)) {
    place_step_ = load_field(call, offsetof(actc_call, index_column_step), word);
    row_step_ = load_field(call, offsetof(actc_call, index_row_step), word);
    first_place_ = load_field(call, offsetof(actc_call, offset), word);
    draws_.emplace(builder_, spec_.format, lanes_,
                   load_field(call, offsetof(actc_call, seed), word),
                   has_rows_in_lanes() ? row_step_ : place_step_);
  }
  llvm::BasicBlock* row = block("row");
  builder_.CreateCondBr(builder_.CreateIsNull(rows), done, row, unlikely);
  llvm::BasicBlock* before_rows = builder_.GetInsertBlock();
  builder_.SetInsertPoint(row);
  if (has_rows_in_lanes()) {
    emit_vectors_of_rows(rows, done);
  } else {
    llvm::PHINode* row_index = builder_.CreatePHI(word, 2);
    row_index->addIncoming(i64(0), before_rows);
    go_to_row(row_index);
    emit_row();
    llvm::Value* next_row = builder_.CreateAdd(row_index, i64(1));
    row_index->addIncoming(next_row, builder_.GetInsertBlock());
    builder_.CreateCondBr(builder_.CreateICmpULT(next_row, rows), row, done, unlikely);
  }

  builder_.SetInsertPoint(done);
  end_streaming();
  store_totals(Stored::total, call_outputs_);
  environment.leave();
  builder_.CreateRet(builder_.getInt32(ACTC_OK));
  if (!allocas_.empty()) {
    llvm::DominatorTree dominators(*function_);
    llvm::PromoteMemToReg(allocas_, dominators);
  }
}

void KernelWriter::go_to_row(llvm::Value* row) {
  const auto at_row = [&](std::span<const Array> arrays) {
    std::vector<Array> current(arrays.begin(), arrays.end());
    for (Array& array : current) {
      if (!array.used() || array.one_row) continue;
      llvm::Value* offset = builder_.CreateMul(row, array.row_stride);
      array.data = builder_.CreateGEP(builder_.getInt8Ty(), array.data, offset);
    }
    return current;
  };
  row_inputs_ = at_row(call_inputs_);
  row_outputs_ = at_row(call_outputs_);
  if (draws_) row_place_ = builder_.CreateAdd(first_place_, builder_.CreateMul(row, row_step_));
}

void KernelWriter::cut_block(std::size_t& in_block, std::size_t instructions) {
  in_block += instructions;
  if (!huge_ || in_block < huge_block) return;
  in_block = 0;
  llvm::BasicBlock* next = block("next");
  builder_.CreateBr(next);
  builder_.SetInsertPoint(next);
}

void KernelWriter::emit_uniform(std::span<const NodeId> nodes) {
  std::vector<llvm::Value*> args;
  std::size_t in_block = 0;
  for (const NodeId id : nodes) {
    cut_block(in_block);
    if (graph_[id].arg_count == 0) {
      scalars_[id] = uniform(id);
      continue;
    }
    args.clear();
    for (const NodeId a : graph_.args(id)) args.push_back(scalars_[a]);
    scalars_[id] = emitter_.emit(graph_, id, args);
  }
}

llvm::Value* KernelWriter::uniform(NodeId id) {
  const ir::Node& node = graph_[id];
  llvm::Type* type = type_of(context_, node.format, 0);
  switch (node.op) {
    case Operation::Parameter: {
      assert(node.format == spec_.format);
      const auto fixed = spec_.fixed_parameters.find(node.payload);
      if (fixed != spec_.fixed_parameters.end()) return llvm::ConstantFP::get(type, fixed->second);
      return builder_.CreateAlignedLoad(
          type, builder_.CreateConstInBoundsGEP1_64(type, parameters_, node.payload),
          llvm::Align(bytes_of(computed_)));
    }
    case Operation::Columns:
      return builder_.CreateUIToFP(columns_, type);
    case Operation::Input: {
      const Array& input = row_inputs_[node.payload];
      return arrays_.load_one(input.storage, input.data);
    }
    default:
      return constant_of(context_, graph_, id);
  }
}

// Only what elements need is spread over a vector; the rest stays scalar.
void KernelWriter::spread(const Loop& loop, bool once_a_row) {
  const auto one = [&](NodeId id) {
    if (varies_along_row(graph_[id].shape) || splats_[id] != nullptr ||
        plan_.once_a_row[id] != once_a_row) {
      return;
    }
    splats_[id] = builder_.CreateVectorSplat(lanes_, scalars_[id]);
  };
  const auto args_of = [&](const Region& region) {
    for (const Step& step : region) {
      if (step.is_group) {
        for (const NodeId member : loop.schedule.groups[step.index].members) {
          for (const NodeId a : graph_.args(member)) one(a);
        }
      } else if (graph_[step.index].op != Operation::Table) {
        for (const NodeId a : graph_.args(step.index)) one(a);
      }
    }
  };
  args_of(loop.schedule.body);
  for (const RareGroup& group : loop.schedule.groups) args_of(group.region);
  if (&loop != &plan_.loops.back()) return;
  for (std::size_t k = 0; k < outputs_.size(); ++k) {
    if (stored(k) == Stored::elements) one(outputs_[k]);
  }
  for (const Total& total : totals_) {
    if (totals_columns(total)) one(total.summed);
  }
}

bool is_huge(const ModuleSpec& spec) {
  const Graph& graph = *spec.graph;
  if (graph.size() + philox_instructions * ir::stream_count(graph) / 4 >= huge_graph) return true;
  // How many reductions are over before a node can be computed, and in which loops one kernel of
  // all outputs would compute it (a bit each).
  std::vector<std::size_t> chain(graph.size(), 0);
  std::size_t last = 0;
  for (NodeId id = 0; id < graph.size(); ++id) {
    for (const NodeId a : graph.args(id)) chain[id] = std::max(chain[id], chain[a]);
    if (ir::info(graph[id].op).klass == ir::OperationClass::reduction) ++chain[id];
    last = std::max(last, chain[id]);
  }
  if (last == 0) return false;
  const auto loop = [](std::size_t k) { return std::uint64_t{1} << std::min<std::size_t>(k, 63); };
  std::vector<std::uint64_t> loops(graph.size(), 0);
  for (const NodeId id : graph.outputs) loops[id] = loop(last);
  std::size_t size = 0;
  for (NodeId id = static_cast<NodeId>(graph.size()); id-- > 0;) {
    const bool reduces = ir::info(graph[id].op).klass == ir::OperationClass::reduction;
    for (const NodeId a : graph.args(id)) loops[a] |= reduces ? loop(chain[id] - 1) : loops[id];
    size += ir::varies_along_row(graph[id].shape)
                ? static_cast<std::size_t>(std::popcount(loops[id]))
                : 1;
  }
  return size >= 2 * huge_graph;
}

std::string kernel_symbol(std::size_t k) { return "actc_kernel_" + std::to_string(k); }

std::unique_ptr<llvm::Module> generate(llvm::LLVMContext& context, const ModuleSpec& spec,
                                       const Processor& processor,
                                       const llvm::TargetMachine& machine) {
  assert(ir::is_float(spec.format));
  auto module = std::make_unique<llvm::Module>("actc", context);
  module->setDataLayout(machine.createDataLayout());
  set_triple(*module, machine.getTargetTriple());
  for (std::size_t k = 0; k < spec.kernels.size(); ++k) {
    KernelWriter(*module, spec, k, processor).write();
  }
  return module;
}

}  // namespace actc::jit
