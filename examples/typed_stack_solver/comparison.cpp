// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <array>
#include <assembly.hpp>
#include <chrono>
#include <comparison.hpp>
#include <counted_memory.hpp>
#include <cstring>
#include <memory_resource>
#include <ostream>
#include <string>
#include <support/process_usage.hpp>
#include <support/table_text.hpp>
#include <temporaries.hpp>
#include <tidemark/upstream/mimalloc_resource.hpp>

namespace typed_stack_solver {
namespace {

using support::fixed;

double processor_seconds() noexcept {
  return std::chrono::duration<double>(support::processor_time()).count();
}

template <class Memory>
void run(Memory& memory, job const& work, view wanted, result& end) {
  std::size_t const size = work.system.size;
  sparse_matrix const a = assemble(memory, work.system);
  end.nonzeros = a.value.size();
  end.iterations = 0;
  for (std::size_t k = 0; k < work.solves; ++k) {
    auto s = memory.scope();
    auto b = s.template acquire<double>(size);
    multiply(a, wanted.subspan(k * size, size), b);
    end.iterations += solve(memory, a, b, output{end.found}.subspan(k * size, size), work.stop);
  }
}

// What is made of the memory's arguments is part of the time: nothing is warm.
template <class Memory, class... Heap>
void time(job const& work, view wanted, result& end, Heap... heap) {
  double const start = processor_seconds();
  {
    Memory memory{heap...};
    run(memory, work, wanted, end);
  }
  double const spent = processor_seconds() - start;
  end.seconds = end.seconds == 0 ? spent : std::min(end.seconds, spent);
}

template <class Memory>
void count(job const& work, view wanted, result& end) {
  counted_memory heap{std::pmr::new_delete_resource()};
  {
    Memory memory{&heap};
    run(memory, work, wanted, end);
  }
  end.heap_calls = heap.calls();
  end.peak_bytes = heap.peak_bytes();
}

bool is_identical(result const& one, result const& other) noexcept {
  return one.found.size() == other.found.size() &&
         std::memcmp(one.found.data(), other.found.data(), one.found.size() * sizeof(double)) == 0;
}

}  // namespace

std::vector<double> solutions(job const& work) {
  std::vector<double> wanted(work.system.size * work.solves);
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    wanted[i] = 1 + static_cast<double>(i * i % 17) / 16;
  }
  return wanted;
}

std::vector<result> compare(job const& work, std::size_t rounds) {
  auto* const heap = std::pmr::new_delete_resource();
  auto* const mimalloc = tidemark::mimalloc_resource();
  auto const wanted = solutions(work);

  result vectors{.name = "std::vector"};
  result pmr_vectors{.name = "pmr::vector on mimalloc", .is_absent = mimalloc == heap};
  result stack{.name = "tidemark typed stack"};
  for (result* each : {&vectors, &pmr_vectors, &stack}) each->found.resize(wanted.size());
  count<pmr_vector_memory>(work, wanted, vectors);
  count<stack_memory>(work, wanted, stack);
  pmr_vectors.heap_calls = vectors.heap_calls;
  pmr_vectors.peak_bytes = vectors.peak_bytes;
  for (result* each : {&vectors, &pmr_vectors, &stack}) std::ranges::fill(each->found, 0.0);
  // Round by round, so that a busy minute of the machine meets every row.
  for (std::size_t round = 0; round < rounds; ++round) {
    time<vector_memory>(work, wanted, vectors);
    if (!pmr_vectors.is_absent) time<pmr_vector_memory>(work, wanted, pmr_vectors, mimalloc);
    time<stack_memory>(work, wanted, stack, heap);
  }
  return {vectors, pmr_vectors, stack};
}

bool are_identical(std::span<result const> results) noexcept {
  return std::ranges::all_of(results, [&](result const& each) {
    return each.is_absent || is_identical(each, results.front());
  });
}

void print_table(std::ostream& out, std::span<result const> results) {
  constexpr std::array widths{12, 12, 12, 12};
  auto const line = [&](std::string_view name, std::array<std::string, 4> const& cells,
                        std::string_view verdict) {
    support::write_line(out, name, cells, widths, verdict);
  };
  line("temporaries", {"time", "ratio", "heap calls", "peak"}, "solution");
  for (result const& each : results) {
    if (each.is_absent) {
      line(each.name, {"-", "-", "-", "-"}, "not on this machine");
      continue;
    }
    line(each.name,
         {fixed(each.seconds, 3) + " s", fixed(each.seconds / results.front().seconds, 2),
          std::to_string(each.heap_calls),
          fixed(static_cast<double>(each.peak_bytes) / 1024, 0) + " KiB"},
         is_identical(each, results.front()) ? "identical" : "DIFFERENT");
  }
  out << "\ntime: of the processor, of the fastest round. ratio: to the first row's. heap calls, "
         "peak: of temporaries,\ncounted in a run of its own. A vector clears its elements; an "
         "array "
         "that is acquired is not cleared.\n";
}

}  // namespace typed_stack_solver
