package strom.bench;

import java.util.Random;
import org.apache.fluss.row.BinaryString;
import org.apache.fluss.row.GenericRow;

/**
 * Rows of 100 bytes: a number, a time and 84 hexadecimal digits, which compress to a half. There are so many texts that
 * a batch, 2 MB at most, holds none of them twice.
 */
final class Rows {
  private static final BinaryString[] TEXTS = texts(1 << 16, 84);

  /** `id`, `at`, `text`. */
  static GenericRow row(long id, long at) {
    return GenericRow.of(id, at, TEXTS[(int) (id % TEXTS.length)]);
  }

  private static BinaryString[] texts(int count, int length) {
    Random random = new Random(1);
    BinaryString[] texts = new BinaryString[count];
    for (int i = 0; i < count; i++) {
      StringBuilder text = new StringBuilder(length);
      while (text.length() < length) {
        text.append(Character.forDigit(random.nextInt(16), 16));
      }
      texts[i] = BinaryString.fromString(text.toString());
    }
    return texts;
  }
}
