// SPDX-License-Identifier: BSL-1.0
#include <array>
#include <chrono>
#include <rows/frame_memory.hpp>
#include <rows/mark_arena.hpp>
#include <rows/row.hpp>
#include <rows/scratch_memory.hpp>
#include <support/counted_heap.hpp>
#include <support/process_usage.hpp>
#include <tidemark/upstream/mimalloc_resource.hpp>

namespace cpp_outline {
namespace {

using support::counted_heap;
using support::peak_resident_bytes;
using support::processor_time;

// Returns: whether the outline of the file is the reference's; if not, the report says so.
bool check(outline const& found, std::size_t file, job const& work, row_report& report) {
  if (checksum(found.of_file(file), work.files[file].text) == work.checksums[file]) {
    return true;
  }
  report.wrong = true;
  report.wrong_file = file;
  return false;
}

// Reads every file, up to the first whose outline goes wrong. The clock runs while it reads, not
// while it checks.
template <class Memory>
void measure(Memory& memory, job const& work, row_report& report) {
  std::chrono::nanoseconds spent{};
  outline found{memory.table(), memory.heap()};
  parser<Memory> reader{memory, found};
  auto const resident_before = peak_resident_bytes();
  for (std::size_t i = 0; i != work.files.size(); ++i) {
    report.files_done.store(i, std::memory_order_relaxed);
    auto const start = processor_time();
    reader.read_file(work.files[i].text);
    spent += processor_time() - start;
    if (!check(found, i, work, report)) return;
  }
  report.seconds = std::chrono::duration<double>(spent).count();
  report.peak_bytes = peak_resident_bytes() - resident_before;
  report.counts = reader.counts();
  report.declaration_count = found.declaration_count();
  // A later file may have destroyed the outline of an earlier one.
  for (std::size_t i = 0; i != work.files.size() && check(found, i, work, report); ++i) {
  }
}

template <class Memory>
void measure_on_counted_heap(job const& work, row_report& report) {
  counted_heap heap{std::pmr::new_delete_resource()};
  Memory memory{&heap};
  measure(memory, work, report);
  report.heap_calls = heap.calls();
}

// Here every allocation reaches the heap, so they are counted in a second, untimed reading.
void measure_heap(std::pmr::memory_resource* heap, job const& work, row_report& report) {
  heap_memory memory{heap};
  measure(memory, work, report);
  if (!work.counts_calls) return;
  counted_heap counted{heap};
  heap_memory counted_memory{&counted};
  outline found{&counted, &counted};
  parser<heap_memory> reader{counted_memory, found};
  for (source_file const& file : work.files) reader.read_file(file.text);
  report.heap_calls = counted.calls();
}

void measure_new_delete(job const& work, row_report& report) {
  measure_heap(std::pmr::new_delete_resource(), work, report);
}

void measure_mimalloc(job const& work, row_report& report) {
  auto* const heap = tidemark::mimalloc_resource();
  report.absent = heap == std::pmr::new_delete_resource();
  if (!report.absent) measure_heap(heap, work, report);
}

constexpr std::array all_rows{
    row{"new/delete", measure_new_delete, true},
    row{"mimalloc", measure_mimalloc, true},
    row{"std unsynchronized pool", measure_on_counted_heap<pool_memory>, true},
    row{"std monotonic", measure_on_counted_heap<monotonic_memory>, true},
    row{"mark arena by hand", measure_on_counted_heap<mark_arena_memory>, false},
    row{"tidemark frame", measure_on_counted_heap<frame_memory>, true},
};

}  // namespace

std::span<row const> rows() noexcept { return all_rows; }

}  // namespace cpp_outline
