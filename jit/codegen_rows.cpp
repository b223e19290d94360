// Rows in the lanes of vectors: for rows whose elements do not lie side by side, but side by side
// with those of other rows.
//
//   full_rows   in_flight vectors of rows at a time, while that many are left
//   rest_rows   one vector of rows at a time, lanes past the last masked
//
// Every row goes through the same operations in either, so its bits do not depend on its place.
#include <algorithm>

#include "jit/kernel_writer.h"

namespace actc::jit {

void KernelWriter::emit_vectors_of_rows(llvm::Value* rows, llvm::BasicBlock* done) {
  for (const NodeId id : plan_.call_values) {
    splats_[id] = builder_.CreateVectorSplat(lanes_, scalars_[id]);
  }
  const unsigned vectors = max_vectors();
  const std::uint64_t step = std::uint64_t{lanes_} * vectors;
  llvm::Type* word = builder_.getInt64Ty();
  llvm::BasicBlock* before = builder_.GetInsertBlock();
  llvm::BasicBlock* full = block("full_rows");
  llvm::BasicBlock* rest_check = block("rest_check");
  llvm::BasicBlock* rest = block("rest_rows");
  llvm::Value* full_rows = builder_.CreateAnd(rows, i64(~(step - 1)));
  builder_.CreateCondBr(builder_.CreateIsNull(full_rows), rest_check, full);

  builder_.SetInsertPoint(full);
  llvm::PHINode* first = builder_.CreatePHI(word, 2);
  first->addIncoming(i64(0), before);
  emit_rows(first, {lanes_, nullptr, nullptr}, vectors);
  llvm::Value* next = builder_.CreateAdd(first, i64(step), "", /*HasNUW=*/true);
  llvm::BasicBlock* full_end = builder_.GetInsertBlock();
  first->addIncoming(next, full_end);
  builder_.CreateCondBr(builder_.CreateICmpULT(next, full_rows), full, rest_check);

  builder_.SetInsertPoint(rest_check);
  builder_.CreateCondBr(builder_.CreateICmpULT(full_rows, rows), rest, done);

  builder_.SetInsertPoint(rest);
  llvm::PHINode* rest_first = builder_.CreatePHI(word, 2);
  rest_first->addIncoming(full_rows, rest_check);
  emit_rows(rest_first, lanes_left(rest_first, rows), 1);
  next = builder_.CreateAdd(rest_first, i64(lanes_), "", /*HasNUW=*/true);
  rest_first->addIncoming(next, builder_.GetInsertBlock());
  builder_.CreateCondBr(builder_.CreateICmpULT(next, rows), rest, done);
}

void KernelWriter::emit_rows(llvm::Value* first, const Lanes& lanes, unsigned vectors) {
  go_to_row(first);
  in_flight_ = vectors;
  row_lanes_ = lanes;
  row_vectors_.assign(graph_.size() * max_in_flight, nullptr);
  begin_totals(Stored::row_totals);
  for (const Loop& loop : plan_.loops) {
    emit_row_vectors(loop.row_values);
    const bool last = &loop == &plan_.loops.back();
    if (last && !uses_elements()) break;
    emit_loop_over_columns(loop);
  }
  for (unsigned vector = 0; vector < vectors; ++vector) {
    store_row_values(vector);
    for (Total& total : totals_) {
      if (!sums_elements(total)) {
        total.reduction->take(vector, operand(total.summed, vector), lanes.mask);
      }
    }
  }
  end_total_blocks();
  store_row_totals();
}

// What does not vary along a row, for each of the rows.
void KernelWriter::emit_row_vectors(std::span<const NodeId> nodes) {
  std::vector<llvm::Value*> args;
  std::size_t in_block = 0;
  for (const NodeId id : nodes) {
    for (unsigned vector = 0; vector < in_flight_; ++vector) {
      cut_block(in_block);
      llvm::Value*& result = row_vectors_[id * max_in_flight + vector];
      if (graph_[id].op == Operation::Input) {
        const Array& input = row_inputs_[graph_[id].payload];
        result = arrays_.load(input.storage, row_address(input, vector), row_lanes_);
        continue;
      }
      args.clear();
      for (const NodeId a : graph_.args(id)) args.push_back(operand(a, vector));
      result = emitter_.emit(graph_, id, args);
    }
  }
}

void KernelWriter::emit_loop_over_columns(const Loop& loop) {
  loop_ = &loop;
  begin_reductions(loop);
  llvm::BasicBlock* before = builder_.GetInsertBlock();
  llvm::BasicBlock* column = block("column");
  llvm::BasicBlock* row_end = block("row_end");
  builder_.CreateCondBr(builder_.CreateIsNull(columns_), row_end, column,
                        llvm::MDBuilder(context_).createUnlikelyBranchWeights());
  builder_.SetInsertPoint(column);
  llvm::PHINode* index = builder_.CreatePHI(builder_.getInt64Ty(), 2);
  index->addIncoming(i64(0), before);
  emit_body({index, in_flight_, row_lanes_});
  llvm::Value* next = builder_.CreateAdd(index, i64(1), "", /*HasNUW=*/true);
  end_blocks(next);
  index->addIncoming(next, builder_.GetInsertBlock());
  builder_.CreateCondBr(builder_.CreateICmpULT(next, columns_), column, row_end);
  builder_.SetInsertPoint(row_end);
  for (std::size_t k = 0; k < reductions_.size(); ++k) {
    if (reductions_[k].has_blocks()) reductions_[k].end_block();
    for (unsigned vector = 0; vector < in_flight_; ++vector) {
      row_vectors_[loop.reductions[k] * max_in_flight + vector] =
          reductions_[k].finish_lanes(vector);
    }
  }
}

llvm::Value* KernelWriter::row_address(const Array& array, unsigned vector) {
  const std::uint64_t bytes = std::uint64_t{vector} * lanes_ * bytes_of(array.storage);
  return builder_.CreateConstInBoundsGEP1_64(builder_.getInt8Ty(), array.data, bytes);
}

// Of one column: a value for all rows.
llvm::Value* KernelWriter::load_for_all_rows(const Array& array, llvm::Value* column) {
  llvm::Value* offset = builder_.CreateMul(column, array.column_stride);
  llvm::Value* at = builder_.CreateGEP(builder_.getInt8Ty(), array.data, offset);
  return builder_.CreateVectorSplat(lanes_, arrays_.load_one(array.storage, at));
}

// A column's sum over the rows is whole with each turn of the loop.
void KernelWriter::add_to_column(Total& total, const Place& place) {
  total.reduction->begin();
  for (unsigned vector = 0; vector < place.vectors; ++vector) {
    total.reduction->take(vector, operand(total.summed, vector), place.lanes.mask);
  }
  const Array& output = row_outputs_[total.output];
  llvm::Type* word = builder_.getDoubleTy();
  llvm::Value* high = builder_.CreateGEP(word, output.data, place.first);
  llvm::Value* low = builder_.CreateGEP(builder_.getInt8Ty(), high, output.row_stride);
  const bool has_low = spec_.format == Format::binary64;
  Words before{builder_.CreateAlignedLoad(word, high, llvm::Align(8)),
               llvm::ConstantFP::get(word, 0.0)};
  if (has_low) before.low = builder_.CreateAlignedLoad(word, low, llvm::Align(8));
  const Words sum = total.reduction->added_to(before);
  builder_.CreateAlignedStore(sum.high, high, llvm::Align(8));
  if (has_low) builder_.CreateAlignedStore(sum.low, low, llvm::Align(8));
}

// Two words a row, one behind the other.
void KernelWriter::store_row_totals() {
  llvm::Type* words = llvm::FixedVectorType::get(builder_.getDoubleTy(), lanes_);
  llvm::Value* all =
      llvm::ConstantInt::getTrue(llvm::FixedVectorType::get(builder_.getInt1Ty(), lanes_));
  llvm::Value* mask = row_lanes_.mask == nullptr ? all : row_lanes_.mask;
  for (std::size_t k = 0; k < outputs_.size(); ++k) {
    if (stored(k) != Stored::row_totals) continue;
    const Array& output = row_outputs_[k];
    for (unsigned vector = 0; vector < in_flight_; ++vector) {
      Words sum{llvm::Constant::getNullValue(words), llvm::Constant::getNullValue(words)};
      for (Total& total : totals_) {
        if (total.output == k) sum = total.reduction->lanes_added_to(vector, sum);
      }
      std::vector<llvm::Constant*> numbers;
      for (unsigned lane = 0; lane < lanes_; ++lane)
        numbers.push_back(builder_.getInt64(vector * lanes_ + lane));
      llvm::Value* offsets =
          builder_.CreateMul(llvm::ConstantVector::get(numbers),
                             builder_.CreateVectorSplat(lanes_, output.row_stride));
      llvm::Value* at = builder_.CreateGEP(builder_.getInt8Ty(), output.data, offsets);
      builder_.CreateMaskedScatter(sum.high, at, llvm::Align(8), mask);
      builder_.CreateMaskedScatter(sum.low, builder_.CreateGEP(builder_.getDoubleTy(), at, i64(1)),
                                   llvm::Align(8), mask);
    }
  }
}

}  // namespace actc::jit
