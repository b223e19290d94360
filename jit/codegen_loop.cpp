// The loops over a row.
//
//   stream      for outputs too large for the cache: some vectors at a time, stored around it
//   full        else: vectors_in_flight vectors at a time, while that many are left
//   rest        one vector at a time, lanes past the end masked: loaded as 0, not stored; before
//               `stream` it does what lies before the first aligned address
//
// Every element goes through the same vector operations in either loop, so its bits do not depend
// on its place; those of a reduction depend on the row's length.
#include <algorithm>
#include <numeric>

#include "jit/kernel_writer.h"

namespace actc::jit {
namespace {

// What is drawn is by itself more than the cache can bound.
std::size_t work_of(const Schedule& s) {
  return s.element_nodes + 2 * s.rare_nodes + 20 * s.draws.size();
}

// A loop of at most so many operations is bound by the cache.
constexpr std::size_t little_work = 12;

// How many vectors of a kernel's loop are computed together, a power of two: what hides the latency
// of the operations and leaves the values in registers. Where the cache is the bound, 512-bit loads
// and stores reach the speed of 256-bit ones only by eights. Measured for the built-ins on Zen 5,
// with AVX2 and AVX-512.
unsigned vectors_in_flight(const Schedule& s, unsigned vector_bits) {
  if (work_of(s) > 200) return 1;
  return work_of(s) <= little_work && vector_bits == 512 ? 8 : 4;
}

// Outputs from this size on are stored around the cache: about what a core has of the last level
// where several share it. Not those of short rows, most of whose lines begin or end a row.
constexpr std::uint64_t streaming_bytes = std::uint64_t{16} << 20;
constexpr std::uint64_t streaming_columns = 256;
constexpr unsigned stream_vectors = 2;  // memory is the limit there
// What memory from an allocator is aligned to: stores of it go around the cache too.
constexpr std::uint64_t part_bytes = 16;

}  // namespace

void KernelWriter::emit_row() {
  begin_totals(Stored::row_totals);
  for (const Loop& loop : plan_.loops) {
    emit_uniform(loop.row_values);
    const bool last = &loop == &plan_.loops.back();
    if (last && !uses_elements()) break;
    spread(loop, true);
    emit_loop(loop);
  }
  store_row_values(0);
  take_row_totals();
  end_total_blocks();
  store_totals(Stored::row_totals, row_outputs_);
}

std::optional<std::size_t> KernelWriter::only_elements() const {
  std::optional<std::size_t> only;
  for (std::size_t k = 0; k < outputs_.size(); ++k) {
    if (stored(k) != Stored::elements) continue;
    if (only || storage_in(kernel_.output_storage, k) != computed_) return std::nullopt;
    only = k;
  }
  return only;
}

bool KernelWriter::stores_elements() const {
  for (std::size_t k = 0; k < outputs_.size(); ++k) {
    if (stored(k) == Stored::elements) return true;
  }
  return false;
}

bool KernelWriter::totals_elements() const {
  return std::ranges::any_of(totals_, [&](const Total& t) { return sums_elements(t); });
}

bool KernelWriter::uses_elements() const {
  const auto to_columns = [&](const Total& t) { return totals_columns(t); };
  return stores_elements() || totals_elements() || std::ranges::any_of(totals_, to_columns);
}

// Where the cache is the bound and 512 bits move no faster, 256 do: measured on Zen 4, 2 to 3 %
// less time in the second level. What is widened from 16 bits gains by 512.
unsigned KernelWriter::vector_bits() const {
  if (huge_) return 128;
  const auto computed = [&](const std::vector<Storage>& storages) {
    return std::ranges::all_of(storages, [&](Storage s) { return s == computed_; });
  };
  const bool moves = plan_.loops.size() == 1 && totals_.empty() &&
                     work_of(plan_.loops[0].schedule) <= little_work &&
                     computed(kernel_.input_storage) && computed(kernel_.output_storage);
  return processor_.splits_512 && moves ? 256 : processor_.vector_bits;
}

unsigned KernelWriter::vectors_of(const Loop& loop) const {
  const Schedule& s = loop.schedule;
  if (huge_) return 1;
  const unsigned vectors = vectors_in_flight(s, vector_bits());
  if (loop.reductions.empty()) return vectors;
  if (vectors <= 4) return std::min(vectors, 2U);
  // A sum holds two registers a vector.
  std::size_t registers = 0;
  for (const NodeId id : loop.reductions) registers += graph_[id].op == Operation::Sum ? 2 : 1;
  return registers <= 1 ? vectors : registers <= 2 ? 4 : 2;
}

// All rows that are in lanes stay there from loop to loop.
unsigned KernelWriter::max_vectors() const {
  if (!has_rows_in_lanes()) return vectors_of(plan_.loops.back());
  unsigned vectors = max_in_flight;
  for (const Loop& loop : plan_.loops) vectors = std::min(vectors, vectors_of(loop));
  return vectors;
}

void KernelWriter::make_totals() {
  for (Total& total : totals_) {
    if (totals_columns(total) && !has_rows_in_lanes()) continue;
    const bool elements = varies_along_row(graph_[total.summed].shape);
    const bool vectors = elements || has_rows_in_lanes();
    llvm::Type* type = type_of(context_, graph_[total.summed].format, vectors ? lanes_ : 1);
    total.reduction.emplace(builder_, Operation::Sum, llvm::cast<llvm::FixedVectorType>(type),
                            builder_.getDoubleTy(), vectors ? max_vectors() : 1,
                            &function_->getEntryBlock(),
                            has_rows_in_lanes() && stored(total.output) == Stored::row_totals);
    const auto allocas = total.reduction->allocas();
    allocas_.insert(allocas_.end(), allocas.begin(), allocas.end());
  }
}

void KernelWriter::begin_totals(Stored kind) {
  for (Total& total : totals_) {
    if (stored(total.output) == kind) total.reduction->begin();
  }
}

void KernelWriter::take_row_totals() {
  for (Total& total : totals_) {
    if (!total.reduction || sums_elements(total)) continue;
    total.reduction->take(0, builder_.CreateVectorSplat(1, scalars_[total.summed]), nullptr);
  }
}

void KernelWriter::end_total_blocks() {
  for (Total& total : totals_) {
    if (total.reduction) total.reduction->end_block();
  }
}

// An output may be the sum of several.
void KernelWriter::store_totals(Stored kind, std::span<const Array> outputs) {
  for (std::size_t k = 0; k < outputs_.size(); ++k) {
    if (stored(k) != kind) continue;
    Words sum{llvm::ConstantFP::get(builder_.getDoubleTy(), 0.0),
              llvm::ConstantFP::get(builder_.getDoubleTy(), 0.0)};
    for (Total& total : totals_) {
      if (total.output == k) sum = total.reduction->added_to(sum);
    }
    llvm::Type* word = builder_.getDoubleTy();
    builder_.CreateAlignedStore(sum.high, outputs[k].data, llvm::Align(8));
    builder_.CreateAlignedStore(
        sum.low, builder_.CreateConstInBoundsGEP1_64(word, outputs[k].data, 1), llvm::Align(8));
  }
}

void KernelWriter::store_row_values(unsigned vector) {
  for (std::size_t k = 0; k < outputs_.size(); ++k) {
    if (stored(k) != Stored::row_values) continue;
    const Array& output = row_outputs_[k];
    if (has_rows_in_lanes()) {
      arrays_.store(output.storage, operand(outputs_[k], vector), row_address(output, vector),
                    row_lanes_, StoreKind::cached);
    } else {
      arrays_.store_one(output.storage, scalars_[outputs_[k]], output.data);
    }
  }
}

void KernelWriter::begin_reductions(const Loop& loop) {
  reductions_.clear();
  for (const NodeId id : loop.reductions) {
    const Format format = graph_[graph_.arg(id, 0)].format;
    auto* vector = llvm::cast<llvm::FixedVectorType>(type_of(context_, format, lanes_));
    llvm::Type* result = type_of(context_, graph_[id].format, 0);
    reductions_.emplace_back(builder_, graph_[id].op, vector, result, in_flight_,
                             &function_->getEntryBlock(), has_rows_in_lanes());
    const auto allocas = reductions_.back().allocas();
    allocas_.insert(allocas_.end(), allocas.begin(), allocas.end());
    reductions_.back().begin();
  }
}

// The lanes of a vector from `first` on that lie before `limit`; the difference is cut to fit their
// integers.
Lanes KernelWriter::lanes_left(llvm::Value* first, llvm::Value* limit) {
  llvm::Value* left = builder_.CreateBinaryIntrinsic(llvm::Intrinsic::umin,
                                                     builder_.CreateSub(limit, first), i64(lanes_));
  llvm::Type* lane_type = builder_.getIntNTy(8 * bytes_of(computed_));
  std::vector<llvm::Constant*> numbers;
  for (unsigned k = 0; k < lanes_; ++k) numbers.push_back(llvm::ConstantInt::get(lane_type, k));
  llvm::Value* mask = builder_.CreateICmpULT(
      llvm::ConstantVector::get(numbers),
      builder_.CreateVectorSplat(lanes_, builder_.CreateTrunc(left, lane_type)));
  return {lanes_, mask, left};
}

void KernelWriter::emit_loop(const Loop& loop) {
  loop_ = &loop;
  in_flight_ = vectors_of(loop);
  begin_reductions(loop);
  llvm::Value* columns = columns_;
  llvm::Value* full_columns =
      builder_.CreateAnd(columns, i64(~(std::uint64_t{lanes_} * in_flight_ - 1)));
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
  const bool may_stream = processor_.x86 && !huge_ && stores_elements() &&
                          loop.reductions.empty() && !plan_.kept.has_value();
  llvm::BasicBlock* stream = may_stream ? block("stream") : nullptr;
  if (may_stream) {
    // Streaming needs aligned outputs: the masked loop goes up to where all of them are.
    llvm::BasicBlock* cached = block("cached");
    llvm::BasicBlock* head = block("head");
    Streaming streaming = streaming_condition();
    builder_.CreateCondBr(streaming.possible, head, cached,
                          llvm::MDBuilder(context_).createUnlikelyBranchWeights());
    builder_.SetInsertPoint(head);
    enter_rest(i64(0), streaming.head, head);
    builder_.CreateCondBr(builder_.CreateIsNull(streaming.head), stream, rest);

    builder_.SetInsertPoint(stream);
    llvm::PHINode* index = builder_.CreatePHI(word, 3);
    index->addIncoming(i64(0), head);
    stream_index_ = index;
    const unsigned vectors = totals_elements() ? in_flight_ : stream_vectors;
    emit_body({index, vectors, {lanes_, nullptr, nullptr}, StoreKind::streaming});
    const std::uint64_t step = std::uint64_t{lanes_} * vectors;
    llvm::Value* next = builder_.CreateAdd(index, i64(step), "", /*HasNUW=*/true);
    end_blocks(next);
    llvm::BasicBlock* stream_end = builder_.GetInsertBlock();
    index->addIncoming(next, stream_end);
    builder_.CreateCondBr(
        builder_.CreateICmpULE(builder_.CreateAdd(next, i64(step), "", /*HasNUW=*/true), columns),
        stream, rest_check);
    rest_start->addIncoming(next, stream_end);
    streams_ = true;
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
    emit_body({index, in_flight_, {lanes_, nullptr, nullptr}});
    llvm::Value* next = builder_.CreateAdd(index, i64(std::uint64_t{lanes_} * in_flight_), "",
                                           /*HasNUW=*/true);
    end_blocks(next);
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
  emit_body({rest_index, 1, lanes_left(rest_index, rest_limit)});
  llvm::Value* next = builder_.CreateAdd(rest_index, i64(lanes_), "", /*HasNUW=*/true);
  if (huge_) end_blocks(next);
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
  for (std::size_t k = 0; k < reductions_.size(); ++k) {
    scalars_[loop.reductions[k]] = reductions_[k].finish();
  }
}

// After so many turns of the loop as a block has.
void KernelWriter::end_blocks(llvm::Value* next) {
  std::vector<Reduction*> sums;
  for (Reduction& reduction : reductions_) {
    if (reduction.has_blocks()) sums.push_back(&reduction);
  }
  if (reductions_.empty()) {
    for (Total& total : totals_) {
      if (sums_elements(total) && !totals_columns(total)) sums.push_back(&*total.reduction);
    }
  }
  if (sums.empty()) return;
  const std::uint64_t elements = has_rows_in_lanes()
                                     ? reduction_block_of_rows
                                     : std::uint64_t{lanes_} * in_flight_ * reduction_block;
  llvm::BasicBlock* end = block("end_block");
  llvm::BasicBlock* after = block("after_block");
  builder_.CreateCondBr(builder_.CreateIsNull(builder_.CreateAnd(next, i64(elements - 1))), end,
                        after, llvm::MDBuilder(context_).createUnlikelyBranchWeights());
  builder_.SetInsertPoint(end);
  for (Reduction* sum : sums) sum->end_block();
  builder_.CreateBr(after);
  builder_.SetInsertPoint(after);
}

// The order of a sum does not depend on where the outputs lie, and bits begin with a byte: such
// loops cannot go on from where the outputs are aligned.
bool KernelWriter::starts_with_row() const { return totals_elements() || uses_bits(); }

bool KernelWriter::stores_parts() const { return starts_with_row() && !all_bfloat16_; }

void KernelWriter::stream_in_parts(const Array& output, llvm::Value* value, llvm::Value* address) {
  const auto lanes = static_cast<unsigned>(part_bytes / bytes_of(output.storage));
  for (unsigned first = 0; first < lanes_; first += lanes) {
    std::vector<int> taken(lanes);
    std::iota(taken.begin(), taken.end(), static_cast<int>(first));
    llvm::Value* at = builder_.CreateConstGEP1_64(builder_.getInt8Ty(), address,
                                                  std::uint64_t{first} * bytes_of(output.storage));
    arrays_.store(output.storage, builder_.CreateShuffleVector(value, taken), at,
                  {lanes, nullptr, nullptr}, StoreKind::streaming);
  }
}

// Streaming stores become visible in order with what the caller does next.
void KernelWriter::end_streaming() {
  if (!streams_) return;
  llvm::BasicBlock* fence = block("fence");
  llvm::BasicBlock* ordered = block("ordered");
  constexpr std::uint64_t widest = bytes_of(Storage::binary64);
  builder_.CreateCondBr(builder_.CreateICmpUGE(elements_, i64(streaming_bytes / widest)), fence,
                        ordered, llvm::MDBuilder(context_).createUnlikelyBranchWeights());
  builder_.SetInsertPoint(fence);
  builder_.CreateIntrinsic(builder_.getVoidTy(), llvm::Intrinsic::x86_sse_sfence, {});
  builder_.CreateBr(ordered);
  builder_.SetInsertPoint(ordered);
}

// Outputs that will not fit in the cache are stored around it: reading their lines first, and
// evicting the inputs', would cost more than the store.
KernelWriter::Streaming KernelWriter::streaming_condition() {
  llvm::Value* possible = nullptr;
  const auto require = [&](llvm::Value* condition) {
    possible = possible == nullptr ? condition : builder_.CreateAnd(possible, condition);
  };
  llvm::Value* head = nullptr;
  const std::uint64_t vector = all_bfloat16_ ? 2 * lanes_ : lanes_;  // elements in a store
  for (std::size_t k = 0; k < row_outputs_.size(); ++k) {
    if (stored(k) != Stored::elements) continue;
    const Array& output = row_outputs_[k];
    if (output.storage == Storage::bit) continue;
    const std::uint64_t bytes = bytes_of(output.storage);
    require(builder_.CreateICmpUGE(elements_, i64(streaming_bytes / bytes)));
    require(builder_.CreateICmpUGE(columns_, i64(streaming_columns)));
    llvm::Value* to_aligned = builder_.CreateAnd(
        builder_.CreateNeg(builder_.CreatePtrToInt(output.data, builder_.getInt64Ty())),
        i64((stores_parts() ? part_bytes : vector * bytes) - 1));
    require(builder_.CreateIsNull(builder_.CreateAnd(to_aligned, i64(bytes - 1))));
    llvm::Value* elements = builder_.CreateUDiv(to_aligned, i64(bytes));
    if (head == nullptr) {
      head = elements;
    } else {
      require(builder_.CreateICmpEQ(elements, head));
    }
    // In place the lines are in the cache already.
    for (const Array& input : row_inputs_) {
      if (!input.used()) continue;
      require(builder_.CreateICmpNE(output.data, input.data));
    }
  }
  if (starts_with_row()) require(builder_.CreateIsNull(head));
  return {possible, head};
}

}  // namespace actc::jit
