// SPDX-License-Identifier: BSL-1.0
#pragma once

// Which sanitizers this program was built with, for tests that they cannot run.
//
// g++ defines a macro for each, clang has a feature for each.

#ifdef __has_feature
#define TEST_HAS_FEATURE(name) __has_feature(name)
#else
#define TEST_HAS_FEATURE(name) 0
#endif

namespace tidemark::test {

#ifdef __SANITIZE_THREAD__
inline constexpr bool thread_sanitized = true;
#else
inline constexpr bool thread_sanitized = TEST_HAS_FEATURE(thread_sanitizer);
#endif

#ifdef __SANITIZE_ADDRESS__
inline constexpr bool address_sanitized = true;
#else
inline constexpr bool address_sanitized = TEST_HAS_FEATURE(address_sanitizer);
#endif

}  // namespace tidemark::test

#undef TEST_HAS_FEATURE
