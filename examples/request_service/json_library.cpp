// SPDX-License-Identifier: BSL-1.0

// Boost.JSON itself, compiled here: nothing to link with.
#include <boost/json/src.hpp>
