// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <chrono>
#include <cstring>
#include <exception>
#include <memory>
#include <rows.hpp>
#include <sstream>
#include <support/counted_heap.hpp>
#include <support/process_usage.hpp>
#include <thread>
#include <tidemark/report.hpp>
#include <tidemark/upstream/mimalloc_resource.hpp>
#include <tidemark_memory.hpp>
#include <vector>
#include <worker.hpp>

namespace request_service {
namespace {

using support::counted_heap;

template <class Memory>
using workers = std::vector<std::unique_ptr<worker<Memory>>>;

template <class Memory>
void run(workers<Memory> const& all) {
  std::vector<std::thread> threads;
  for (std::size_t i = 1; i < all.size(); ++i) threads.emplace_back([&, i] { all[i]->run(); });
  all.front()->run();
  for (std::thread& each : threads) each.join();
  for (auto const& each : all) {
    if (each->failure()) std::rethrow_exception(each->failure());
  }
}

template <std::size_t N>
void copy(std::array<char, N>& to, std::string const& text) {
  std::strncpy(to.data(), text.c_str(), N - 1);
}

template <class Memory>
void tell_usage(typename Memory::shared_part&, workers<Memory> const&, row_report&) {}

void tell_usage(tidemark_memory::shared_part& shared, workers<tidemark_memory> const& all,
                row_report& report) {
  std::ostringstream usage;
  usage << shared.tags() << '\n' << shared.budgets() << '\n';
  std::vector<tidemark::resource_stats> pools;
  for (auto const& each : all) {
    pools.push_back(each->memory().parse().stats());
    pools.push_back(each->memory().answer().stats());
  }
  pools.push_back(shared.cache_pool().stats());
  tidemark::print_report(usage, pools);
  copy(report.usage, usage.str());
  std::string json = R"({"tags":)";
  json.append(to_json(shared.tags())).append(R"(,"budgets":)").append(to_json(shared.budgets()));
  copy(report.json, json.append("}"));
}

void tell_latencies(std::vector<std::uint32_t>& latencies_ns, row_report& report) {
  auto const at = [&](std::size_t percent) {
    auto const place = latencies_ns.begin() +
                       static_cast<std::ptrdiff_t>((latencies_ns.size() - 1) * percent / 100);
    std::ranges::nth_element(latencies_ns, place);
    return static_cast<double>(*place) / 1000;
  };
  report.median_us = at(50);
  report.p99_us = at(99);
}

template <class Memory>
void serve(job const& work, std::pmr::memory_resource* heap, row_report& report) {
  std::vector<std::uint32_t> latencies_ns(work.requests.size());
  auto const resident_before = support::peak_resident_bytes();
  auto const start = support::processor_time();
  typename Memory::shared_part shared{heap, work.limits, work.threads};
  workers<Memory> all;
  for (std::size_t i = 0; i != work.threads; ++i) {
    all.push_back(std::make_unique<worker<Memory>>(work, shared, i, latencies_ns));
  }
  run<Memory>(all);
  report.seconds = std::chrono::duration<double>(support::processor_time() - start).count();
  report.peak_bytes = support::peak_resident_bytes() - resident_before;
  report.wrong_request = SIZE_MAX;
  for (auto const& each : all) {
    report.counts += each->counts();
    report.wrong_request = std::min(report.wrong_request, each->first_wrong());
  }
  report.wrong = report.wrong_request != SIZE_MAX;
  tell_latencies(latencies_ns, report);
  tell_usage(shared, all, report);
}

double calls_of_each(counted_heap const& heap, job const& work) {
  return static_cast<double>(heap.calls()) / static_cast<double>(work.requests.size());
}

template <class Memory>
void measure_on_counted_heap(job const& work, row_report& report) {
  counted_heap heap{std::pmr::new_delete_resource()};
  serve<Memory>(work, &heap, report);
  report.heap_calls = calls_of_each(heap, work);
}

// Here every allocation reaches the heap, so they are counted in a second, untimed run.
template <class Memory>
void measure_heap(std::pmr::memory_resource* heap, job const& work, row_report& report) {
  serve<Memory>(work, heap, report);
  if (!work.counts_calls || report.wrong) return;
  counted_heap counted{heap};
  auto again = std::make_unique<row_report>();
  serve<Memory>(work, &counted, *again);
  report.heap_calls = calls_of_each(counted, work);
}

void measure_new_delete(job const& work, row_report& report) {
  measure_heap<heap_memory>(std::pmr::new_delete_resource(), work, report);
}

void measure_mimalloc(job const& work, row_report& report) {
  auto* const heap = tidemark::mimalloc_resource();
  report.absent = heap == std::pmr::new_delete_resource();
  if (!report.absent) measure_heap<heap_memory>(heap, work, report);
}

void measure_monotonic(job const& work, row_report& report) {
  measure_heap<monotonic_memory>(std::pmr::new_delete_resource(), work, report);
}

std::uint64_t mixed(std::uint64_t word) noexcept {
  word *= 0x9E3779B97F4A7C15u;
  return word ^ (word >> 32);
}

constexpr std::array all_rows{
    row{"new/delete", measure_new_delete, false},
    row{"mimalloc", measure_mimalloc, false},
    row{"std unsynchronized pool", measure_on_counted_heap<pool_memory>, false},
    row{"std monotonic", measure_monotonic, false},
    row{"tidemark", measure_on_counted_heap<tidemark_memory>, true},
};

}  // namespace

std::span<row const> rows() noexcept { return all_rows; }

void make_reference(job const& work) {
  shared_heap heap{std::pmr::new_delete_resource(), work.limits, 1};
  heap_memory memory{heap};
  service<heap_memory> reference{work.data, memory, work.cached_entries};
  for (std::size_t i = 0; i != work.requests.size(); ++i) {
    reference.handle(work.requests[i],
                     [&](std::string_view text) { work.checksums[i] = checksum(text); });
  }
}

// Four words at a time, so that it is little of what is timed.
std::uint64_t checksum(std::string_view text) noexcept {
  std::array<std::uint64_t, 4> sums{text.size(), 1, 2, 3};
  for (; text.size() >= sizeof sums; text.remove_prefix(sizeof sums)) {
    std::array<std::uint64_t, 4> words;
    std::memcpy(words.data(), text.data(), sizeof words);
    for (std::size_t i = 0; i != sums.size(); ++i) sums[i] = mixed(sums[i] ^ words[i]);
  }
  for (char const c : text) sums[0] = mixed(sums[0] ^ static_cast<unsigned char>(c));
  return mixed(mixed(mixed(sums[0]) ^ sums[1]) ^ sums[2]) ^ sums[3];
}

}  // namespace request_service
