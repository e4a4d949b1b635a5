// SPDX-License-Identifier: BSL-1.0
#pragma once

// Names the scope when a program touches memory of a frame that is over.
//
//   page_resource pages;
//   frame_resource frame{{.name = "parser", .quarantine_count = 8}, &pages};
//   install_quarantine_handler();
//
// A frame with `quarantine_count` and a `page_resource` as upstream keeps the memory of its last
// retired frames (what an outermost checkpoint, or the time up to a reset, used) unreadable: a
// pointer that outlived it faults at once, without a sanitizer. The fault alone ends the program;
// with the handler it first prints which pool, where the scope was opened and where it ended.
//
// Thread rule: any thread; the handler is async-signal-safe.

namespace tidemark {

/// Sets a handler for SIGSEGV and SIGBUS that reports accesses to quarantined memory on stderr,
/// then goes on to the handler that was there before, or to the system's default.
/// Returns:       False if the system refuses or knows no signals. A second call does nothing.
bool install_quarantine_handler() noexcept;

/// Restores the handlers from before, if nobody set others since.
void remove_quarantine_handler() noexcept;

}  // namespace tidemark
