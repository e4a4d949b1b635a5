// SPDX-License-Identifier: BSL-1.0
#pragma once

// Tells sanitizers, Valgrind and debuggers which bytes are live.
//
// AddressSanitizer is found by weak symbols when the program runs, so a library built without it
// serves a program built with it. Memory that becomes dead is filled, so that a reader without any
// tool sees a pattern instead of plausible data.
//
// Thread rule: any thread, on memory of its own.

#include <cstddef>

namespace tidemark::detail {

inline constexpr unsigned char dead_fill = 0xDD;   // freed, rewound, not yet handed out
inline constexpr unsigned char fresh_fill = 0xCD;  // handed out, not yet written

inline constexpr unsigned char red_fill = 0xFB;  // behind a block of a checked pool
inline constexpr std::size_t red_zone_bytes = 16;

/// Returns: Whether the program runs under AddressSanitizer.
bool address_sanitizer_present() noexcept;
/// Returns: Whether the program runs under Valgrind.
bool valgrind_present() noexcept;

/// The bytes become inaccessible; they are filled with `dead_fill` first.
void make_dead(void* begin, std::size_t bytes) noexcept;
/// The bytes become a block: accessible, contents undefined (filled with `fresh_fill`).
void make_live(void* begin, std::size_t bytes) noexcept;
/// The bytes become accessible again, contents as they are: for the pool's own links, and before
/// memory goes back upstream.
void make_accessible(void* begin, std::size_t bytes) noexcept;
/// The bytes become inaccessible again, contents as they are.
void make_inaccessible(void* begin, std::size_t bytes) noexcept;

/// `make_live`, and `make_red_zone` behind it.
void make_block(void* begin, std::size_t bytes) noexcept;
/// `red_zone_bytes` from `begin` on become inaccessible and filled with `red_fill`.
void make_red_zone(void* begin) noexcept;
/// Returns: Whether nobody wrote to the zone. It stays inaccessible.
bool is_red_zone_intact(void* begin) noexcept;

// What Valgrind tells of an address: which block of which pool it lies in or beside, where that was
// allocated and where it was freed. `pool` is any address that names the pool. The marks above say
// what may be accessed; these leave it as it is.

/// `zone_bytes`: what lies within them before or behind a block is told to be beside it.
void pool_begins(void const* pool, std::size_t zone_bytes) noexcept;
/// Preconditions: every block of it has ended.
void pool_ends(void const* pool) noexcept;
/// Preconditions: the block was made live; what follows within `zone_bytes` is no block.
void block_begins(void const* pool, void* block, std::size_t bytes) noexcept;
/// Effects:       The bytes from `block` on become inaccessible.
void block_ends(void const* pool, void* block) noexcept;
void block_resized(void const* pool, void* block, std::size_t bytes) noexcept;

}  // namespace tidemark::detail
