// SPDX-License-Identifier: BSL-1.0
#pragma once

// The umbrella of what tests use.
//
// Use it in a test; a program has no business here.
//
// Thread rule: see each header.

#include <tidemark/adaptors/failing_resource.hpp>
#include <tidemark/testing/checked_upstream.hpp>
#include <tidemark/testing/conformance.hpp>
#include <tidemark/testing/fail_each_allocation.hpp>
#include <tidemark/testing/misuse_recorder.hpp>
