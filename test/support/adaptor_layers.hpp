// SPDX-License-Identifier: BSL-1.0
#pragma once

// Every adaptor as a layer over any resource, and stacks of them for the battery.
//
//   stacked<frame_resource, tag_layer, budget_layer>     budget -> tag -> frame
//
// A layer has what its adaptor needs beside it, and `resource()`.

#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <memory>
#include <memory_resource>
#include <tidemark/adaptors/boost_bridge.hpp>
#include <tidemark/adaptors/budget_resource.hpp>
#include <tidemark/adaptors/failing_resource.hpp>
#include <tidemark/adaptors/fallback_resource.hpp>
#include <tidemark/adaptors/recovery_resource.hpp>
#include <tidemark/adaptors/statistics_resource.hpp>
#include <tidemark/adaptors/synchronized_resource.hpp>
#include <tidemark/adaptors/tag_resource.hpp>
#include <tidemark/fixed_block_resource.hpp>
#include <tidemark/frame_resource.hpp>
#include <tidemark/testing/conformance.hpp>
#include <tidemark/thread_local_resource.hpp>
#include <tidemark/typed_stack_resource.hpp>
#include <type_traits>
#include <utility>

namespace support {

/// Stands between what is charged and the adaptor: when that has ended nothing is charged any more.
template <class Charged>
struct refund_check {
  ~refund_check() { BOOST_TEST(charged.stats().bytes == 0U); }
  Charged& charged;
};

template <class R>
struct tag_layer {
  explicit tag_layer(R& below) : adaptor(&below, counted) {}
  auto& resource() noexcept { return adaptor; }
  tidemark::tag counted{"counted"};
  refund_check<tidemark::tag> check{counted};
  tidemark::tag_resource<R, tidemark::tag> adaptor;
};

template <class R>
struct shared_tag_layer {
  explicit shared_tag_layer(R& below) : adaptor(&below, counted) {}
  auto& resource() noexcept { return adaptor; }
  tidemark::shared_tag root{"root"};
  tidemark::shared_tag counted{"counted", &root};
  refund_check<tidemark::shared_tag> check{root};
  tidemark::tag_resource<R, tidemark::shared_tag> adaptor;
};

template <class R>
struct statistics_layer {
  explicit statistics_layer(R& below) : adaptor(&below) {}
  auto& resource() noexcept { return adaptor; }
  tidemark::statistics_resource<R> adaptor;
};

template <class R>
struct budget_layer {
  explicit budget_layer(R& below) : adaptor(&below, part) {}
  ~budget_layer() { BOOST_TEST(total.stats().refusals == 0U); }
  auto& resource() noexcept { return adaptor; }
  tidemark::budget total{"total"};
  tidemark::budget part{"part", {}, &total};
  refund_check<tidemark::budget> check{total};
  tidemark::budget_resource<R> adaptor;
};

template <class R>
struct fallback_layer {
  explicit fallback_layer(R& below) : adaptor(&below, std::pmr::null_memory_resource()) {}
  auto& resource() noexcept { return adaptor; }
  tidemark::fallback_resource<R> adaptor;
};

struct gives_up {
  tidemark::recovery_action operator()(tidemark::recovery_request const&) const noexcept {
    return tidemark::recovery_action::give_up;
  }
};

template <class R>
struct recovery_layer {
  explicit recovery_layer(R& below) : adaptor(&below, gives_up{}) {}
  auto& resource() noexcept { return adaptor; }
  tidemark::recovery_resource<R, gives_up> adaptor;
};

template <class R>
struct failing_layer {
  explicit failing_layer(R& below) : adaptor(&below) {}
  auto& resource() noexcept { return adaptor; }
  tidemark::failing_resource adaptor;
};

template <class R>
struct synchronized_layer {
  explicit synchronized_layer(R& below) : adaptor(&below) {}
  auto& resource() noexcept { return adaptor; }
  tidemark::synchronized_resource<R> adaptor;
};

template <class R>
struct boost_layer {
  explicit boost_layer(R& below) : there(&below), back(&there) {}
  auto& resource() noexcept { return back; }
  tidemark::boost_bridge<R> there;
  tidemark::std_bridge back;
};

/// A pool with layers on it, the first one lowest.
template <class Pool, template <class> class... Layers>
struct stacked;

template <class Pool>
struct stacked<Pool> {
  explicit stacked(std::pmr::memory_resource* upstream) : pool(upstream) {}
  auto& resource() noexcept { return pool; }
  Pool pool;
};

template <class Pool, template <class> class Lower>
struct stacked<Pool, Lower> : stacked<Pool> {
  explicit stacked(std::pmr::memory_resource* upstream)
      : stacked<Pool>(upstream), lower(this->pool) {}
  auto& resource() noexcept { return lower.resource(); }
  Lower<Pool> lower;
};

template <class Pool, template <class> class Lower, template <class> class Upper>
struct stacked<Pool, Lower, Upper> : stacked<Pool, Lower> {
  using below = std::remove_reference_t<decltype(std::declval<Lower<Pool>&>().resource())>;
  explicit stacked(std::pmr::memory_resource* upstream)
      : stacked<Pool, Lower>(upstream), upper(this->lower.resource()) {}
  auto& resource() noexcept { return upper.resource(); }
  Upper<below> upper;
};

/// Returns: whether it conforms; says why, if not.
template <class Pool, template <class> class... Layers>
bool conforms() {
  // Of block pools, larger blocks go back upstream when they are freed.
  constexpr bool is_steady = requires(Pool& pool) { pool.template make<int>(1); };
  Pool* newest = nullptr;
  tidemark::testing::conformance_traits traits{.load_operations = 600};  // there are many of them
  if constexpr (is_steady) {
    traits.end_of_run = [&newest](std::pmr::memory_resource&) { newest->reset(); };
  } else {
    traits.not_claimed = {tidemark::testing::rows::steady_state};
  }
  auto const report = tidemark::testing::conformance(
      [&](std::pmr::memory_resource* upstream) {
        auto const made = std::make_shared<stacked<Pool, Layers...>>(upstream);
        newest = &made->pool;
        return std::shared_ptr<std::pmr::memory_resource>{made, &made->resource()};
      },
      traits);
  BOOST_TEST(report.rows.size() > 10U);
  if (!report.passed()) BOOST_ERROR(report);
  return report.passed();
}

template <template <class> class Upper, class Pool>
std::size_t stacks_over() {
  return std::size_t{conforms<Pool, Upper>()} + conforms<Pool, tag_layer, Upper>() +
         conforms<Pool, shared_tag_layer, Upper>() + conforms<Pool, statistics_layer, Upper>() +
         conforms<Pool, budget_layer, Upper>() + conforms<Pool, fallback_layer, Upper>() +
         conforms<Pool, recovery_layer, Upper>() + conforms<Pool, failing_layer, Upper>() +
         conforms<Pool, synchronized_layer, Upper>() + conforms<Pool, boost_layer, Upper>();
}

/// Over every pool: that layer alone, and with each other one below it.
/// Returns: how many of `all_stacks` conform.
template <template <class> class Upper>
std::size_t conforming_stacks() {
  return stacks_over<Upper, tidemark::frame_resource>() +
         stacks_over<Upper, tidemark::typed_stack_resource>() +
         stacks_over<Upper, tidemark::fixed_block_resource>() +
         stacks_over<Upper, tidemark::thread_local_resource>();
}
inline constexpr std::size_t all_stacks = 4 * 10;

}  // namespace support
