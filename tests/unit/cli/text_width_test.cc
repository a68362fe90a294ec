#include "cli/text_width.h"

#include <catch2/catch_test_macros.hpp>

namespace strom::cli {

TEST_CASE("text is as wide as a terminal shows it", "[cli]") {
  CHECK(TextWidth("") == 0);
  CHECK(TextWidth("abc") == 3);
  CHECK(TextWidth("äß") == 2);
  CHECK(TextWidth("水利") == 4);
  CHECK(TextWidth("한글") == 4);
  CHECK(TextWidth("ﾊﾝ") == 2);  // Half-width katakana.
  CHECK(TextWidth("Ａ") == 2);  // Full-width A.
  CHECK(TextWidth("🚀") == 2);
  CHECK(TextWidth("e\xcc\x81") == 1);   // A combining accent.
  CHECK(TextWidth("a\xff\xe6z") == 4);  // Bytes that are no UTF-8.
}

TEST_CASE("what reaches the terminal has no control characters", "[cli]") {
  CHECK(Printable("plain 水") == "plain 水");
  CHECK(Printable("a\nb\tc") == "a\\nb\\tc");
  CHECK(Printable("\x1b[31mred\x07") == "\\x1b[31mred\\x07");
  CHECK(Printable(std::string("\0", 1)) == "\\x00");
  CHECK(Printable("\xc2\x9b") == "\\u009b");      // A control character of ISO 8859-1.
  CHECK(Printable("\xe2\x80\xae") == "\\u202e");  // Turns the direction of what follows.
  CHECK(Printable("\xff\xe6\xb0") == "\\xff\\xe6\\xb0");
  CHECK(Printable("\x7f") == "\\x7f");
}

}  // namespace strom::cli
