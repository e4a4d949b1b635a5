// SPDX-License-Identifier: BSL-1.0
#pragma once

// The precompiled header of all unit tests: what most of them include that is not tidemark's own.
// No test may rely on it.

#include <array>
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <functional>
#include <latch>
#include <map>
#include <memory>
#include <memory_resource>
#include <optional>
#include <random>
#include <set>
#include <span>
#include <string>
#include <thread>
#include <vector>
