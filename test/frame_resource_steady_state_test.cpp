// SPDX-License-Identifier: BSL-1.0

// The second of two equal frames asks upstream for nothing.

#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <functional>
#include <map>
#include <memory_resource>
#include <string>
#include <tidemark/frame_resource.hpp>
#include <tidemark/literals.hpp>
#include <tidemark/memory_scope.hpp>
#include <tidemark/testing/checked_upstream.hpp>
#include <vector>

#include "support/model_source.hpp"

using namespace tidemark;
using namespace tidemark::literals;

namespace {

// Runs `one_frame` again and again, each time from an empty frame.
void check_steady(std::function<void(frame_resource&)> const& one_frame,
                  frame_options const& options = {}) {
  testing::checked_upstream upstream;
  frame_resource frame{options, &upstream};
  one_frame(frame);
  frame.reset();
  std::size_t const calls = upstream.calls();
  BOOST_TEST(calls > 0U);
  for (int i = 0; i < 5; ++i) {
    one_frame(frame);
    frame.reset();
  }
  BOOST_TEST(upstream.calls() == calls);
  BOOST_TEST(frame.stats().upstream_calls == calls);
}

// A frame that only its seed tells from another: scopes, side chunks, large blocks, keep, frees.
void random_frame(frame_resource& frame, model::command_source& source, int depth,
                  bool unscoped = true) {
  memory_scope scope{frame};
  std::pmr::vector<std::pmr::vector<int>> grown{scope};
  for (std::uint32_t n = source.below(12); n != 0; --n) {
    switch (source.below(8)) {
      case 0:
        if (depth < 9) random_frame(frame, source, depth + 1, unscoped);
        break;
      case 1:
        static_cast<void>(scope.allocate(source.below(1U << 19U), 64));
        break;
      case 2:
        grown.emplace_back().resize(source.below(4000));
        break;
      case 3:
        if (!grown.empty()) source.pick(grown).resize(source.below(90'000));
        break;
      case 4:
        if (unscoped) static_cast<void>(frame.unscoped()->allocate(source.below(3000)));
        break;
      default:
        static_cast<void>(frame.allocate(source.below(3000), std::size_t{1} << source.below(12)));
    }
  }
  if (source.one_in(3)) scope.keep();
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_frame_of_containers_is_steady) {
  check_steady([](frame_resource& frame) {
    std::pmr::map<int, std::pmr::string> table{&frame};
    std::pmr::vector<std::pmr::string> rows{&frame};
    for (int i = 0; i < 2000; ++i) {
      table[i] = "some text that does not fit the small buffer";
      rows.emplace_back(table[i / 2]);
    }
  });
}

BOOST_AUTO_TEST_CASE(nested_scopes_with_side_chunks_are_steady) {
  check_steady([](frame_resource& frame) {
    memory_scope outer{frame};
    std::pmr::vector<std::pmr::string> rows{outer};
    for (int i = 0; i < 300; ++i) {
      memory_scope inner{frame};
      memory_scope innermost{frame};
      std::pmr::vector<int> scratch(500, innermost);
      rows.emplace_back("a row that stays while the scratch falls back, each time");
      static_cast<void>(inner.allocate(400));
    }
  });
}

BOOST_AUTO_TEST_CASE(large_blocks_are_steady) {
  check_steady([](frame_resource& frame) {
    for (std::size_t bytes : {300'000U, 2'000'000U, 300'001U, 700'000U, 5000U, 300'000U}) {
      memory_scope scope{frame};
      static_cast<void>(scope.allocate(bytes));
      static_cast<void>(frame.unscoped()->allocate(bytes));
    }
  });
}

BOOST_AUTO_TEST_CASE(kept_scopes_are_steady) {
  check_steady([](frame_resource& frame) {
    for (int i = 0; i < 60; ++i) {
      memory_scope scope{frame};
      std::pmr::vector<int> numbers{scope};
      numbers.resize(300);
      static_cast<void>(scope.allocate(300'000));
      scope.keep();
    }
  });
}

BOOST_AUTO_TEST_CASE(deep_checkpoints_are_steady) {
  check_steady([](frame_resource& frame) {
    for (int i = 0; i < 200; ++i) {
      static_cast<void>(frame.checkpoint());
      static_cast<void>(frame.allocate(100));
    }
  });
}

BOOST_AUTO_TEST_CASE(a_tiny_first_chunk_and_small_chunks_are_steady) {
  frame_options const options{.initial_bytes = 1, .max_chunk_bytes = 4096};
  check_steady(
      [](frame_resource& frame) {
        for (std::size_t i = 0; i < 500; ++i) static_cast<void>(frame.allocate(i * 7 % 1500, 32));
      },
      options);
}

// The first chunk is made in whole lines: what is larger than the options say, but not than the
// chunk, must lie in it the first time as well.
BOOST_AUTO_TEST_CASE(a_block_a_little_larger_than_the_first_chunk_is_steady) {
  for (std::size_t initial = 1000; initial < 1100; ++initial) {
    frame_options const options{.initial_bytes = initial, .max_chunk_bytes = 2048};
    for (std::size_t over : {1U, 8U, 20U, 63U}) {
      check_steady(
          [=](frame_resource& frame) {
            static_cast<void>(frame.allocate(initial + over, 1));
            static_cast<void>(frame.allocate(200, 1));
          },
          options);
    }
  }
}

// With best fit among idle chunks, b would find only the chunk that c or a1 had, then miss one.
BOOST_AUTO_TEST_CASE(side_chunks_given_back_in_another_order_are_found_again) {
  check_steady([](frame_resource& frame) {
    memory_scope a1{frame};
    memory_scope a2{frame};
    {
      memory_scope c{frame};
      memory_scope above{frame};
      static_cast<void>(c.allocate(7000));
    }
    memory_scope above{frame};
    static_cast<void>(a1.allocate(3000));
    static_cast<void>(a2.allocate(3000));
    static_cast<void>(a1.allocate(7000));
    static_cast<void>(frame.unscoped()->allocate(7000));
  });
}

// The deep checkpoints take the resources that the kept ones had, and would not let them go.
BOOST_AUTO_TEST_CASE(kept_resources_before_deep_checkpoints_are_steady) {
  check_steady([](frame_resource& frame) {
    marker const outer = frame.checkpoint();
    for (int i = 0; i < 40; ++i) {
      marker const inner = frame.checkpoint();
      static_cast<void>(frame.resource_of(inner)->allocate(8));
      frame.keep(inner);
    }
    frame.rewind(outer);
    marker const deep = frame.checkpoint();
    for (int i = 0; i < 40; ++i) static_cast<void>(frame.checkpoint());
    frame.rewind(deep);
  });
}

BOOST_AUTO_TEST_CASE(random_frames_are_steady) {
  for (std::uint64_t seed = 1; seed <= 150; ++seed) {
    check_steady([seed](frame_resource& frame) {
      model::command_source source{seed};
      for (int i = 0; i < 6; ++i) random_frame(frame, source, 0);
    });
  }
}

BOOST_AUTO_TEST_CASE(a_rewound_frame_is_as_steady_as_a_reset_one) {
  testing::checked_upstream upstream;
  frame_resource frame{&upstream};
  static_cast<void>(frame.allocate(100));
  std::size_t calls = 0;
  for (int round = 0; round < 6; ++round) {
    model::command_source source{7};
    marker const mark = frame.checkpoint();
    for (int i = 0; i < 20; ++i) random_frame(frame, source, 0, false);
    frame.rewind(mark);
    if (round == 0) calls = upstream.calls();
  }
  BOOST_TEST(calls > 5U);
  BOOST_TEST(upstream.calls() == calls);
}
