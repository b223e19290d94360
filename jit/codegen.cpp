// The frame of a kernel: checks, rows, the loop over several vectors, the masked loop over the
// rest; and the emission of a schedule into its bodies.
//
//   entry     load the call; a stride that is not the element's size: return ACTC_BAD_STRIDE
//   setup     the default floating-point environment; what does not vary over elements
//   row       for each row:
//   stream      for outputs too large for the cache: some vectors at a time, stored around it
//   full        else: vectors_in_flight vectors at a time, while that many are left
//   rest        one vector at a time, lanes past the end masked: loaded as 0, not stored; before
//               `stream` it does what lies before the first aligned address
//
// Every element goes through the same vector operations in either loop, so its bits do not depend
// on its place. All loads of a body stand before its stores, so outputs may be inputs.
#include "jit/codegen.h"

#include <array>
#include <cassert>
#include <cstddef>
#include <tuple>
#include <utility>
#include <vector>

#include "jit/environment.h"
#include "jit/lanes.h"
#include "jit/schedule.h"
#include "jit/storage.h"

namespace actc::jit {
namespace {

using ir::Format;
using ir::Graph;
using ir::NodeId;
using ir::Operation;
using ir::Shape;

constexpr unsigned max_in_flight = 8;

// How many vectors of a kernel's loop are computed together, a power of two: what hides the latency
// of the operations and leaves the values in registers. A loop of few operations is bound by the
// cache, and there 512-bit loads and stores reach the speed of 256-bit ones only by eights.
// Measured for the built-ins on Zen 5, with AVX2 and AVX-512.
unsigned vectors_in_flight(std::size_t element_nodes, std::size_t rare_nodes,
                           unsigned vector_bits) {
  const std::size_t work = element_nodes + 2 * rare_nodes;
  if (work > 200) return 1;
  return work <= 12 && vector_bits == 512 ? 8 : 4;
}

// Outputs of a row from this size on are stored around the cache: about what a core has of the last
// level where several share it.
constexpr std::uint64_t streaming_bytes = std::uint64_t{16} << 20;
constexpr unsigned stream_vectors = 2;  // memory is the limit there

// Instructions of a block in a huge graph: LLVM's work on a block grows faster than its length.
constexpr std::size_t huge_block = 256;

class KernelWriter {
 public:
  KernelWriter(llvm::Module& module, const ModuleSpec& spec, std::size_t k,
               const Processor& processor)
      : context_(module.getContext()),
        module_(module),
        spec_(spec),
        graph_(*spec.graph),
        kernel_(spec.kernels[k]),
        processor_(processor),
        builder_(context_),
        emitter_(builder_, processor_),
        arrays_(builder_, processor_),
        computed_(spec.format == Format::binary32 ? Storage::binary32 : Storage::binary64) {
    for (const std::size_t output : kernel_.outputs) {
      outputs_.push_back(graph_.outputs[output]);
    }
    schedule_ = schedule(graph_, outputs_);
    huge_ = graph_.size() >= huge_graph;
    lanes_ = (huge_ ? 128 : processor.vector_bits) / (8 * bytes_of(computed_));
    in_flight_ = huge_ ? 1
                       : vectors_in_flight(schedule_.element_nodes, schedule_.rare_nodes,
                                           processor.vector_bits);
    create_function(kernel_symbol(k));
  }

  void write();

 private:
  // The elements that a body computes: `vectors` vectors from element `first` of the row on.
  struct Place {
    llvm::Value* first;
    unsigned vectors;
    Lanes lanes;  // of each vector
    StoreKind stores;
  };
  struct Streaming {
    llvm::Value* possible;
    llvm::Value* head;  // elements before the outputs are aligned
  };
  struct Array {
    llvm::Value* data = nullptr;  // of the first row, then of the current one
    llvm::Value* row_stride = nullptr;
    Storage storage = Storage::binary32;
  };

  void create_function(const std::string& name);
  llvm::BasicBlock* block(const char* name) {
    return llvm::BasicBlock::Create(context_, name, function_);
  }
  llvm::Value* i64(std::uint64_t value) { return builder_.getInt64(value); }
  llvm::Value* load_field(llvm::Value* base, std::size_t offset, llvm::Type* type) {
    return builder_.CreateAlignedLoad(
        type, builder_.CreateConstInBoundsGEP1_64(builder_.getInt8Ty(), base, offset),
        llvm::Align(8));
  }
  Storage storage_in(const std::vector<Storage>& storages, std::size_t position) const {
    return storages.empty() ? computed_ : storages.at(position);
  }
  Array load_array(llvm::Value* arrays, std::size_t position, Storage storage,
                   llvm::Value*& bad_stride);
  // Begins a new block of a huge graph after every huge_block calls.
  void cut_block(std::size_t& in_block);
  void emit_scalars(llvm::Value* parameters);
  void emit_row(llvm::Value* columns, llvm::Value* full_columns);
  Streaming streaming_condition(llvm::Value* columns);
  void emit_body(const Place& place);
  void emit_region(const Region& region, const Place& place);
  void emit_group(const RareGroup& group, const Place& place);
  llvm::Value* address(const Array& array, const Place& place, unsigned vector);
  void load_input(NodeId id, const Place& place, unsigned vector);
  void store_output(std::size_t k, const Place& place, unsigned vector);
  // Whether a body has its vectors in pairs of even and odd elements.
  bool in_pairs(const Place& place) const {
    return all_bfloat16_ && place.vectors % 2 == 0 && place.lanes.mask == nullptr;
  }

  // The value of a node in a vector of the current body.
  llvm::Value*& value(NodeId id, unsigned vector) { return values_[id * max_in_flight + vector]; }
  llvm::Value* operand(NodeId id, unsigned vector) {
    return graph_[id].shape == Shape::element ? value(id, vector) : splats_[id];
  }

  llvm::LLVMContext& context_;
  llvm::Module& module_;
  const ModuleSpec& spec_;
  const Graph& graph_;
  const KernelSpec& kernel_;
  const Processor& processor_;
  llvm::IRBuilder<> builder_;
  LaneEmitter emitter_;
  StorageEmitter arrays_;
  Storage computed_;  // as the computing format lies in memory: parameters, and arrays by default
  std::vector<NodeId> outputs_;
  Schedule schedule_;
  bool huge_ = false;
  unsigned lanes_ = 0;
  unsigned in_flight_ = 0;
  bool all_bfloat16_ = false;
  llvm::PHINode* stream_index_ = nullptr;
  llvm::Function* function_ = nullptr;
  std::vector<llvm::Value*> splats_;  // by node, for those that do not vary over elements
  std::vector<llvm::Value*> values_;
  std::vector<Array> row_inputs_;   // by position; those that are used
  std::vector<Array> row_outputs_;  // as KernelSpec::outputs
};

void KernelWriter::create_function(const std::string& name) {
  auto* type = llvm::FunctionType::get(llvm::Type::getInt32Ty(context_),
                                       {llvm::PointerType::getUnqual(context_)}, false);
  function_ = llvm::Function::Create(type, llvm::GlobalValue::ExternalLinkage, name, module_);
  function_->setDoesNotThrow();
  function_->addFnAttr("no-builtins");
  set_target_attributes(*function_, processor_);
}

KernelWriter::Array KernelWriter::load_array(llvm::Value* arrays, std::size_t position,
                                             Storage storage, llvm::Value*& bad_stride) {
  const std::size_t base = position * sizeof(actc_array);
  Array result;
  result.storage = storage;
  result.data = load_field(arrays, base + offsetof(actc_array, data), builder_.getPtrTy());
  result.row_stride =
      load_field(arrays, base + offsetof(actc_array, row_stride), builder_.getInt64Ty());
  llvm::Value* column_stride =
      load_field(arrays, base + offsetof(actc_array, column_stride), builder_.getInt64Ty());
  llvm::Value* wrong = builder_.CreateXor(column_stride, i64(bytes_of(storage)));
  bad_stride = bad_stride == nullptr ? wrong : builder_.CreateOr(bad_stride, wrong);
  return result;
}

void KernelWriter::write() {
  llvm::BasicBlock* entry = block("entry");
  llvm::BasicBlock* refuse = block("refuse");
  llvm::BasicBlock* setup = block("setup");
  llvm::BasicBlock* row = block("row");
  llvm::BasicBlock* done = block("done");
  llvm::MDNode* unlikely = llvm::MDBuilder(context_).createUnlikelyBranchWeights();

  builder_.SetInsertPoint(entry);
  llvm::Value* call = function_->getArg(0);
  llvm::Type* pointer = builder_.getPtrTy();
  llvm::Type* word = builder_.getInt64Ty();
  llvm::Value* rows = load_field(call, offsetof(actc_call, rows), word);
  llvm::Value* columns = load_field(call, offsetof(actc_call, columns), word);
  llvm::Value* input_arrays = load_field(call, offsetof(actc_call, inputs), pointer);
  llvm::Value* output_arrays = load_field(call, offsetof(actc_call, outputs), pointer);
  llvm::Value* parameters = load_field(call, offsetof(actc_call, parameters), pointer);

  llvm::Value* bad_stride = nullptr;
  std::vector<Array> inputs;
  const auto use_inputs = [&](const Region& region) {
    for (const Step& step : region) {
      if (step.is_group || graph_[step.index].op != Operation::Input) continue;
      const std::uint32_t position = graph_[step.index].payload;
      if (inputs.size() <= position) inputs.resize(position + 1);
      inputs[position] = load_array(input_arrays, position,
                                    storage_in(kernel_.input_storage, position), bad_stride);
    }
  };
  use_inputs(schedule_.body);
  for (const RareGroup& group : schedule_.groups) use_inputs(group.region);
  std::vector<Array> outputs;
  for (std::size_t k = 0; k < outputs_.size(); ++k) {
    outputs.push_back(
        load_array(output_arrays, k, storage_in(kernel_.output_storage, k), bad_stride));
  }
  all_bfloat16_ = true;
  for (const std::vector<Array>* arrays : {&inputs, &outputs}) {
    for (const Array& array : *arrays) {
      if (array.data != nullptr && array.storage != Storage::bfloat16) all_bfloat16_ = false;
    }
  }
  builder_.CreateCondBr(builder_.CreateIsNotNull(bad_stride), refuse, setup, unlikely);

  builder_.SetInsertPoint(refuse);
  builder_.CreateRet(builder_.getInt32(ACTC_BAD_STRIDE));

  builder_.SetInsertPoint(setup);
  DefaultEnvironment environment(builder_, processor_);
  environment.enter();
  emit_scalars(parameters);
  llvm::Value* full_columns =
      builder_.CreateAnd(columns, i64(~(std::uint64_t{lanes_} * in_flight_ - 1)));
  builder_.CreateCondBr(builder_.CreateIsNull(rows), done, row, unlikely);
  llvm::BasicBlock* before_rows = builder_.GetInsertBlock();

  builder_.SetInsertPoint(row);
  llvm::PHINode* row_index = builder_.CreatePHI(word, 2);
  row_index->addIncoming(i64(0), before_rows);
  const auto at_row = [&](std::span<const Array> arrays) {
    std::vector<Array> current(arrays.size());
    for (std::size_t k = 0; k < arrays.size(); ++k) {
      if (arrays[k].data == nullptr) continue;
      llvm::Value* offset = builder_.CreateMul(row_index, arrays[k].row_stride);
      current[k].storage = arrays[k].storage;
      current[k].data = builder_.CreateGEP(builder_.getInt8Ty(), arrays[k].data, offset);
    }
    return current;
  };
  row_inputs_ = at_row(inputs);
  row_outputs_ = at_row(outputs);
  emit_row(columns, full_columns);
  llvm::Value* next_row = builder_.CreateAdd(row_index, i64(1));
  row_index->addIncoming(next_row, builder_.GetInsertBlock());
  builder_.CreateCondBr(builder_.CreateICmpULT(next_row, rows), row, done, unlikely);

  builder_.SetInsertPoint(done);
  environment.leave();
  builder_.CreateRet(builder_.getInt32(ACTC_OK));
}

void KernelWriter::cut_block(std::size_t& in_block) {
  if (!huge_ || ++in_block % huge_block != 0) return;
  llvm::BasicBlock* next = block("next");
  builder_.CreateBr(next);
  builder_.SetInsertPoint(next);
}

void KernelWriter::emit_scalars(llvm::Value* parameters) {
  splats_.assign(graph_.size(), nullptr);
  std::vector<llvm::Value*> scalars(graph_.size(), nullptr);
  std::vector<llvm::Value*> args;
  std::size_t in_block = 0;
  for (const NodeId id : schedule_.scalars) {
    cut_block(in_block);
    const ir::Node& node = graph_[id];
    if (node.op == Operation::Parameter) {
      assert(node.format == spec_.format);
      llvm::Type* type = type_of(context_, node.format, 0);
      if (const auto fixed = spec_.fixed_parameters.find(node.payload);
          fixed != spec_.fixed_parameters.end()) {
        scalars[id] = llvm::ConstantFP::get(type, fixed->second);
      } else {
        scalars[id] = builder_.CreateAlignedLoad(
            type, builder_.CreateConstInBoundsGEP1_64(type, parameters, node.payload),
            llvm::Align(bytes_of(computed_)));
      }
    } else if (node.arg_count == 0) {
      scalars[id] = constant_of(context_, graph_, id);
    } else {
      args.clear();
      for (const NodeId a : graph_.args(id)) args.push_back(scalars[a]);
      scalars[id] = emitter_.emit(graph_, id, args);
    }
  }
  // Only what elements need is spread over a vector; the rest stays scalar.
  const auto spread = [&](NodeId id) {
    if (graph_[id].shape == Shape::element || splats_[id] != nullptr) return;
    splats_[id] = builder_.CreateVectorSplat(lanes_, scalars[id]);
  };
  const auto spread_args = [&](const Region& region) {
    for (const Step& step : region) {
      if (step.is_group) {
        for (const NodeId member : schedule_.groups[step.index].members) {
          for (const NodeId a : graph_.args(member)) spread(a);
        }
      } else if (graph_[step.index].op != Operation::Table) {
        for (const NodeId a : graph_.args(step.index)) spread(a);
      }
    }
  };
  spread_args(schedule_.body);
  for (const RareGroup& group : schedule_.groups) spread_args(group.region);
  for (const NodeId id : outputs_) spread(id);
}

void KernelWriter::emit_row(llvm::Value* columns, llvm::Value* full_columns) {
  llvm::Type* word = builder_.getInt64Ty();
  llvm::BasicBlock* before = builder_.GetInsertBlock();
  llvm::BasicBlock* rest_check = block("rest_check");
  llvm::BasicBlock* rest = block("rest");
  llvm::BasicBlock* row_end = block("row_end");

  // How the masked loop may be entered: from `first`, up to `limit`.
  builder_.SetInsertPoint(rest);
  llvm::PHINode* rest_index = builder_.CreatePHI(word, 3);
  llvm::PHINode* rest_limit = builder_.CreatePHI(word, 3);
  const auto enter_rest = [&](llvm::Value* first, llvm::Value* limit, llvm::BasicBlock* from) {
    rest_index->addIncoming(first, from);
    rest_limit->addIncoming(limit, from);
  };
  builder_.SetInsertPoint(rest_check);
  llvm::PHINode* rest_start = builder_.CreatePHI(word, 3);

  builder_.SetInsertPoint(before);
  const bool may_stream = processor_.x86 && !huge_;
  llvm::BasicBlock* stream = may_stream ? block("stream") : nullptr;
  if (may_stream) {
    // Streaming needs aligned outputs: the masked loop goes up to where all of them are.
    llvm::BasicBlock* cached = block("cached");
    llvm::BasicBlock* head = block("head");
    Streaming streaming = streaming_condition(columns);
    builder_.CreateCondBr(streaming.possible, head, cached,
                          llvm::MDBuilder(context_).createUnlikelyBranchWeights());
    builder_.SetInsertPoint(head);
    enter_rest(i64(0), streaming.head, head);
    builder_.CreateCondBr(builder_.CreateIsNull(streaming.head), stream, rest);

    builder_.SetInsertPoint(stream);
    llvm::PHINode* index = builder_.CreatePHI(word, 3);
    index->addIncoming(i64(0), head);
    stream_index_ = index;
    emit_body({index, stream_vectors, {lanes_, nullptr, nullptr}, StoreKind::streaming});
    const std::uint64_t step = std::uint64_t{lanes_} * stream_vectors;
    llvm::Value* next = builder_.CreateAdd(index, i64(step), "", /*HasNUW=*/true);
    llvm::BasicBlock* stream_end = builder_.GetInsertBlock();
    index->addIncoming(next, stream_end);
    llvm::BasicBlock* fence = block("fence");
    builder_.CreateCondBr(
        builder_.CreateICmpULE(builder_.CreateAdd(next, i64(step), "", /*HasNUW=*/true), columns),
        stream, fence);
    // Streaming stores become visible in order with what the caller does next.
    builder_.SetInsertPoint(fence);
    builder_.CreateIntrinsic(builder_.getVoidTy(), llvm::Intrinsic::x86_sse_sfence, {});
    rest_start->addIncoming(next, fence);
    builder_.CreateBr(rest_check);
    builder_.SetInsertPoint(cached);
    before = cached;
  }

  // A single vector at a time is what the masked loop does anyway.
  if (!huge_) {
    llvm::BasicBlock* full = block("full");
    builder_.CreateCondBr(builder_.CreateIsNull(full_columns), rest_check, full);
    rest_start->addIncoming(i64(0), before);
    builder_.SetInsertPoint(full);
    llvm::PHINode* index = builder_.CreatePHI(word, 2);
    index->addIncoming(i64(0), before);
    emit_body({index, in_flight_, {lanes_, nullptr, nullptr}, StoreKind::cached});
    llvm::Value* next = builder_.CreateAdd(index, i64(std::uint64_t{lanes_} * in_flight_), "",
                                           /*HasNUW=*/true);
    llvm::BasicBlock* full_end = builder_.GetInsertBlock();
    index->addIncoming(next, full_end);
    builder_.CreateCondBr(builder_.CreateICmpULT(next, full_columns), full, rest_check);
    rest_start->addIncoming(full_columns, full_end);
  } else {
    rest_start->addIncoming(i64(0), before);
    builder_.CreateBr(rest_check);
  }

  builder_.SetInsertPoint(rest_check);
  enter_rest(rest_start, columns, rest_check);
  builder_.CreateCondBr(builder_.CreateICmpULT(rest_start, columns), rest, row_end);

  builder_.SetInsertPoint(rest);
  // Lane k exists where k < limit - index; the difference is cut to fit the lanes' integers.
  llvm::Value* left = builder_.CreateBinaryIntrinsic(
      llvm::Intrinsic::umin, builder_.CreateSub(rest_limit, rest_index), i64(lanes_));
  llvm::Type* lane_type = builder_.getIntNTy(8 * bytes_of(computed_));
  std::vector<llvm::Constant*> numbers;
  for (unsigned k = 0; k < lanes_; ++k) numbers.push_back(llvm::ConstantInt::get(lane_type, k));
  llvm::Value* mask = builder_.CreateICmpULT(
      llvm::ConstantVector::get(numbers),
      builder_.CreateVectorSplat(lanes_, builder_.CreateTrunc(left, lane_type)));
  emit_body({rest_index, 1, {lanes_, mask, left}, StoreKind::cached});
  llvm::Value* next = builder_.CreateAdd(rest_index, i64(lanes_), "", /*HasNUW=*/true);
  llvm::BasicBlock* rest_end = builder_.GetInsertBlock();
  enter_rest(next, rest_limit, rest_end);
  llvm::BasicBlock* rest_done = block("rest_done");
  builder_.CreateCondBr(builder_.CreateICmpULT(next, rest_limit), rest, rest_done);
  builder_.SetInsertPoint(rest_done);
  if (may_stream) {
    stream_index_->addIncoming(rest_limit, rest_done);
    builder_.CreateCondBr(builder_.CreateICmpEQ(rest_limit, columns), row_end, stream);
  } else {
    builder_.CreateBr(row_end);
  }
  builder_.SetInsertPoint(row_end);
}

// Outputs that will not fit in the cache are stored around it: reading their lines first, and
// evicting the inputs', would cost more than the store.
KernelWriter::Streaming KernelWriter::streaming_condition(llvm::Value* columns) {
  llvm::Value* possible = nullptr;
  const auto require = [&](llvm::Value* condition) {
    possible = possible == nullptr ? condition : builder_.CreateAnd(possible, condition);
  };
  llvm::Value* head = nullptr;
  const std::uint64_t aligned = all_bfloat16_ ? 2 * lanes_ : lanes_;  // elements in a store
  for (const Array& output : row_outputs_) {
    const std::uint64_t bytes = bytes_of(output.storage);
    require(builder_.CreateICmpUGE(columns, i64(streaming_bytes / bytes)));
    llvm::Value* to_aligned = builder_.CreateAnd(
        builder_.CreateNeg(builder_.CreatePtrToInt(output.data, builder_.getInt64Ty())),
        i64(aligned * bytes - 1));
    require(builder_.CreateIsNull(builder_.CreateAnd(to_aligned, i64(bytes - 1))));
    llvm::Value* elements = builder_.CreateUDiv(to_aligned, i64(bytes));
    if (head == nullptr) {
      head = elements;
    } else {
      require(builder_.CreateICmpEQ(elements, head));
    }
    // In place the lines are in the cache already.
    for (const Array& input : row_inputs_) {
      if (input.data == nullptr) continue;
      require(builder_.CreateICmpNE(output.data, input.data));
    }
  }
  return {possible, head};
}

llvm::Value* KernelWriter::address(const Array& array, const Place& place, unsigned vector) {
  llvm::Type* element = builder_.getIntNTy(8 * bytes_of(array.storage));
  llvm::Value* first = builder_.CreateGEP(element, array.data, place.first);
  return vector == 0 ? first
                     : builder_.CreateConstGEP1_64(element, first, std::uint64_t{vector} * lanes_);
}

void KernelWriter::emit_body(const Place& place) {
  values_.assign(graph_.size() * max_in_flight, nullptr);
  emit_region(schedule_.body, place);
  for (std::size_t k = 0; k < outputs_.size(); ++k) {
    assert(graph_[outputs_[k]].format == spec_.format);
    for (unsigned vector = 0; vector < place.vectors; ++vector) store_output(k, place, vector);
  }
}

void KernelWriter::load_input(NodeId id, const Place& place, unsigned vector) {
  const Array& input = row_inputs_[graph_[id].payload];
  if (!in_pairs(place)) {
    value(id, vector) = arrays_.load(input.storage, address(input, place, vector), place.lanes);
  } else if (vector % 2 == 0) {
    std::tie(value(id, vector), value(id, vector + 1)) =
        arrays_.load_pairs(address(input, place, vector), lanes_);
  }
}

void KernelWriter::store_output(std::size_t k, const Place& place, unsigned vector) {
  const Array& output = row_outputs_[k];
  if (!in_pairs(place)) {
    arrays_.store(output.storage, operand(outputs_[k], vector), address(output, place, vector),
                  place.lanes, place.stores);
  } else if (vector % 2 == 0) {
    arrays_.store_pairs(operand(outputs_[k], vector), operand(outputs_[k], vector + 1),
                        address(output, place, vector), place.stores);
  }
}

void KernelWriter::emit_region(const Region& region, const Place& place) {
  std::vector<llvm::Value*> args;
  std::size_t in_block = 0;
  for (const Step& step : region) {
    cut_block(in_block);
    if (step.is_group) {
      emit_group(schedule_.groups[step.index], place);
      continue;
    }
    const NodeId id = step.index;
    for (unsigned vector = 0; vector < place.vectors; ++vector) {
      if (graph_[id].op == Operation::Input) {
        assert(graph_[id].format == spec_.format);
        load_input(id, place, vector);
        continue;
      }
      args.clear();
      for (const NodeId a : graph_.args(id)) args.push_back(operand(a, vector));
      value(id, vector) = emitter_.emit(graph_, id, args);
    }
  }
}

void KernelWriter::emit_group(const RareGroup& group, const Place& place) {
  const auto choose = [&](NodeId member, unsigned vector) {
    return builder_.CreateSelect(operand(group.condition, vector),
                                 operand(graph_.arg(member, 1), vector),
                                 operand(graph_.arg(member, 2), vector));
  };
  if (group.region.empty()) {
    for (const NodeId member : group.members) {
      for (unsigned vector = 0; vector < place.vectors; ++vector) {
        value(member, vector) = choose(member, vector);
      }
    }
    return;
  }

  llvm::Value* any = operand(group.condition, 0);
  for (unsigned vector = 1; vector < place.vectors; ++vector) {
    any = builder_.CreateOr(any, operand(group.condition, vector));
  }
  llvm::BasicBlock* before = builder_.GetInsertBlock();
  llvm::BasicBlock* rare = block("rare");
  llvm::BasicBlock* after = block("after_rare");
  builder_.CreateCondBr(builder_.CreateOrReduce(any), rare, after,
                        llvm::MDBuilder(context_).createUnlikelyBranchWeights());

  builder_.SetInsertPoint(rare);
  emit_region(group.region, place);
  std::vector<llvm::Value*> chosen;
  for (const NodeId member : group.members) {
    for (unsigned vector = 0; vector < place.vectors; ++vector) {
      chosen.push_back(choose(member, vector));
    }
  }
  llvm::BasicBlock* rare_end = builder_.GetInsertBlock();
  builder_.CreateBr(after);

  builder_.SetInsertPoint(after);
  std::size_t next = 0;
  for (const NodeId member : group.members) {
    for (unsigned vector = 0; vector < place.vectors; ++vector) {
      llvm::PHINode* phi = builder_.CreatePHI(chosen[next]->getType(), 2);
      phi->addIncoming(operand(graph_.arg(member, 2), vector), before);
      phi->addIncoming(chosen[next++], rare_end);
      value(member, vector) = phi;
    }
  }
}

}  // namespace

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
