// One kernel of a module: the state that its parts share while it is written.
//
//   codegen.cpp         the frame: checks, rows, what does not vary along a row
//   codegen_loop.cpp    the loops over a row
//   codegen_rows.cpp    the same where the lanes of vectors are rows
//   codegen_body.cpp    what a loop does with some vectors
#pragma once

#include <algorithm>
#include <cassert>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "jit/codegen.h"
#include "jit/draws.h"
#include "jit/lanes.h"
#include "jit/reduction.h"
#include "jit/schedule.h"
#include "jit/storage.h"

namespace actc::jit {

using ir::Format;
using ir::Graph;
using ir::NodeId;
using ir::Operation;
using ir::Shape;

constexpr unsigned max_in_flight = 8;

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
    std::vector<NodeId> stored;
    std::vector<NodeId> summed;
    for (std::size_t k = 0; k < kernel_.outputs.size(); ++k) {
      outputs_.push_back(graph_.outputs[kernel_.outputs[k]]);
      if (!is_total(k)) {
        stored.push_back(outputs_.back());
        continue;
      }
      for (const NodeId id : summed_over_rows(graph_, outputs_.back())) {
        totals_.push_back({k, id, {}});
        summed.push_back(id);
      }
    }
    plan_ = plan(graph_, stored, summed);
    huge_ = is_huge(spec);
    if (const auto output = only_elements(); output && !huge_ && totals_.empty()) {
      keep_in_output(plan_, graph_, outputs_[*output]);
    }
    lanes_ = vector_bits() / (8 * bytes_of(computed_));
    if (uses_bits()) lanes_ = bits_in_byte;
    create_function(kernel_symbol(k));
  }

  void write();

 private:
  // The elements that a body computes: `vectors` vectors from element `first` of the row on.
  struct Place {
    llvm::Value* first;
    unsigned vectors;
    Lanes lanes;  // of each vector
    StoreKind stores = StoreKind::cached;
  };
  struct Streaming {
    llvm::Value* possible;
    llvm::Value* head;  // elements before the outputs are aligned
  };
  struct Array {
    bool used() const { return data != nullptr; }

    llvm::Value* data = nullptr;  // of the first row, then of the current one
    llvm::Value* row_stride = nullptr;
    llvm::Value* column_stride = nullptr;
    Storage storage = Storage::binary32;
    bool one_row = false;  // for all rows
  };

  // A sum over elements or rows, one of those that output `output` is the sum of.
  struct Total {
    std::size_t output;
    NodeId summed;
    std::optional<Reduction> reduction;  // of columns' none: they are summed in memory
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
  Array load_array(llvm::Value* arrays, std::size_t position, Storage storage);
  // Whether the lanes of vectors are rows, as in codegen_rows.cpp.
  bool has_rows_in_lanes() const { return spec_.lanes == LanesAre::rows; }
  // The arrays of the current row, or of the first in the lanes.
  void go_to_row(llvm::Value* row);
  Lanes lanes_left(llvm::Value* first, llvm::Value* limit);
  void begin_reductions(const Loop& loop);
  // Begins a new block of a huge graph after every huge_block instructions.
  void cut_block(std::size_t& in_block, std::size_t instructions = 1);
  // Values that do not vary along a row, as scalars, and as vectors where a loop needs them.
  void emit_uniform(std::span<const NodeId> nodes);
  llvm::Value* uniform(NodeId id);
  void spread(const Loop& loop, bool once_a_row);
  void emit_row();
  void emit_loop(const Loop& loop);
  void emit_vectors_of_rows(llvm::Value* rows, llvm::BasicBlock* done);
  void emit_rows(llvm::Value* first, const Lanes& lanes, unsigned vectors);
  void emit_row_vectors(std::span<const NodeId> nodes);
  void emit_loop_over_columns(const Loop& loop);
  llvm::Value* row_address(const Array& array, unsigned vector);
  llvm::Value* load_for_all_rows(const Array& array, llvm::Value* column);
  void add_to_column(Total& total, const Place& place);
  void store_row_totals();
  // The one output that has elements, as they are computed; nothing where there are several.
  std::optional<std::size_t> only_elements() const;
  bool stores_elements() const;
  bool uses_bits() const {
    const auto among = [](const std::vector<Storage>& storages) {
      return std::ranges::find(storages, Storage::bit) != storages.end();
    };
    return among(kernel_.input_storage) || among(kernel_.output_storage);
  }
  // Is it a sum that takes something of every element in registers?
  bool sums_elements(const Total& total) const {
    return total.reduction && varies_along_row(graph_[total.summed].shape);
  }
  bool totals_elements() const;
  bool uses_elements() const;
  unsigned vector_bits() const;
  unsigned vectors_of(const Loop& loop) const;
  unsigned max_vectors() const;  // of the loops that take totals
  void make_totals();
  void begin_totals(Stored kind);
  void take_row_totals();
  void end_total_blocks();
  void store_totals(Stored kind, std::span<const Array> outputs);
  void add_to_columns(const Total& total, const Place& place, unsigned vector);
  void store_row_values(unsigned vector);
  Streaming streaming_condition();
  void end_streaming();
  bool starts_with_row() const;
  bool stores_parts() const;
  void stream_in_parts(const Array& output, llvm::Value* value, llvm::Value* address);
  void emit_body(const Place& place);
  void emit_draws(const Place& place);
  void emit_reductions(const Place& place);
  void end_blocks(llvm::Value* next);
  void emit_region(const Region& region, const Place& place);
  void emit_group(const RareGroup& group, const Place& place);
  llvm::Value* address(const Array& array, const Place& place, unsigned vector);
  void load_input(NodeId id, const Place& place, unsigned vector);
  void store_outputs(const Place& place);
  llvm::Value* any_subnormal(const Place& place);
  void store_output(std::size_t k, const Place& place, unsigned vector, Rounding rounding);
  void find_exact();
  llvm::Value* column_index(const Place& place, unsigned vector);
  Stored stored(std::size_t k) const {
    return kernel_.stored.empty() ? Stored::elements : kernel_.stored[k];
  }
  bool is_total(std::size_t k) const { return stored(k) >= Stored::total; }
  bool totals_columns(const Total& total) const {
    return stored(total.output) == Stored::column_totals;
  }
  // Whether a body has its vectors in pairs of even and odd elements.
  bool in_pairs(const Place& place) const {
    return all_bfloat16_ && place.vectors % 2 == 0 && place.lanes.mask == nullptr;
  }

  // The value of a node in a vector of the current body.
  llvm::Value*& value(NodeId id, unsigned vector) { return values_[id * max_in_flight + vector]; }
  llvm::Value* operand(NodeId id, unsigned vector) {
    if (varies_along_row(graph_[id].shape)) return value(id, vector);
    return has_rows_in_lanes() && plan_.once_a_row[id] ? row_vectors_[id * max_in_flight + vector]
                                                       : splats_[id];
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
  std::vector<Total> totals_;
  Plan plan_;
  const Loop* loop_ = nullptr;         // the one being written
  std::vector<Reduction> reductions_;  // of that loop, in its order
  bool huge_ = false;
  unsigned lanes_ = 0;
  unsigned in_flight_ = 0;
  bool all_bfloat16_ = false;
  std::vector<bool> exact_;  // by node, where all_bfloat16_: bfloat16 can represent its value
  std::optional<DrawEmitter> draws_;    // where the kernel draws
  llvm::Value* row_place_ = nullptr;    // the index of the row's first element
  llvm::Value* first_place_ = nullptr;  // that of the first row
  llvm::Value* row_step_ = nullptr;     // how it grows from row to row
  llvm::Value* place_step_ = nullptr;   // and along the row
  llvm::PHINode* stream_index_ = nullptr;
  llvm::Function* function_ = nullptr;
  llvm::Value* parameters_ = nullptr;
  llvm::Value* columns_ = nullptr;
  llvm::Value* elements_ = nullptr;  // actc_call::elements
  bool streams_ = false;             // some stores go around the cache
  std::vector<llvm::AllocaInst*> allocas_;
  std::vector<llvm::Value*> scalars_;  // by node, for those that do not vary along the row
  std::vector<llvm::Value*> splats_;   // the same as vectors, where they are needed
  std::vector<llvm::Value*> values_;
  std::vector<Array> call_inputs_;   // by position; those that are used
  std::vector<Array> call_outputs_;  // as KernelSpec::outputs
  std::vector<Array> row_inputs_;    // the same of the current row
  std::vector<Array> row_outputs_;
  // Where lanes are rows, those that exist, and by node and vector what does not vary along them.
  Lanes row_lanes_;
  std::vector<llvm::Value*> row_vectors_;
};

}  // namespace actc::jit
