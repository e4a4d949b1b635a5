// SPDX-License-Identifier: BSL-1.0
#pragma once

// Everything but the test helpers, which are in `testing/testing.hpp`.

#include <tidemark/adaptors/allocation_statistics.hpp>
#include <tidemark/adaptors/boost_bridge.hpp>
#include <tidemark/adaptors/counting_adaptor.hpp>
#include <tidemark/adaptors/failing_resource.hpp>
#include <tidemark/adaptors/scope_ledger.hpp>
#include <tidemark/adaptors/statistics_resource.hpp>
#include <tidemark/adaptors/synchronized_resource.hpp>
#include <tidemark/adaptors/tag.hpp>
#include <tidemark/adaptors/tag_resource.hpp>
#include <tidemark/allocator.hpp>
#include <tidemark/array_verbs.hpp>
#include <tidemark/bit_span.hpp>
#include <tidemark/check_level.hpp>
#include <tidemark/config.hpp>
#include <tidemark/error.hpp>
#include <tidemark/fixed_block_options.hpp>
#include <tidemark/fixed_block_resource.hpp>
#include <tidemark/frame_options.hpp>
#include <tidemark/frame_resource.hpp>
#include <tidemark/literals.hpp>
#include <tidemark/marker.hpp>
#include <tidemark/memory_scope.hpp>
#include <tidemark/nd_span.hpp>
#include <tidemark/objects/from_resource.hpp>
#include <tidemark/objects/make_in.hpp>
#include <tidemark/objects/pool_ptr.hpp>
#include <tidemark/per_thread.hpp>
#include <tidemark/quarantine.hpp>
#include <tidemark/report.hpp>
#include <tidemark/rewindable_resource.hpp>
#include <tidemark/scratch_scope.hpp>
#include <tidemark/stats.hpp>
#include <tidemark/this_thread_stack.hpp>
#include <tidemark/thread_local_options.hpp>
#include <tidemark/thread_local_resource.hpp>
#include <tidemark/typed_stack_events.hpp>
#include <tidemark/typed_stack_options.hpp>
#include <tidemark/typed_stack_resource.hpp>
#include <tidemark/typed_stack_stats.hpp>
#include <tidemark/upstream/default_upstream.hpp>
#include <tidemark/upstream/mimalloc_resource.hpp>
#include <tidemark/upstream/page_resource.hpp>
#include <tidemark/with_scope.hpp>
