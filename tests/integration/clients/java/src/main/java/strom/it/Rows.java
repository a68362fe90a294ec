package strom.it;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntFunction;
import org.apache.fluss.metadata.Schema;
import org.apache.fluss.row.BinaryString;
import org.apache.fluss.row.Decimal;
import org.apache.fluss.row.GenericRow;
import org.apache.fluss.row.InternalRow;
import org.apache.fluss.row.TimestampLtz;
import org.apache.fluss.row.TimestampNtz;
import org.apache.fluss.types.DataType;
import org.apache.fluss.types.DataTypes;

/**
 * The table every client test writes, and row number i of it: a pure function of i. Same columns and formulas as
 * ../python/rows.py, so that one client can scan what the other wrote. Every 11th row of a column is null, each
 * column at another remainder; `id` never is.
 */
final class Rows {
  private record Column(String name, DataType type, IntFunction<Object> value) {}

  private static final List<Column> COLUMNS = List.of(
      new Column("id", DataTypes.INT(), i -> i),
      new Column("tiny", DataTypes.TINYINT(), i -> (byte) (i % 256 - 128)),
      new Column("small", DataTypes.SMALLINT(), i -> (short) (i * 7L % 65536 - 32768)),
      new Column("big", DataTypes.BIGINT(), i -> sign(i) * i * 1_000_000_007L),
      new Column("real", DataTypes.FLOAT(), i -> i / 4f),
      new Column("score", DataTypes.DOUBLE(), i -> i * 0.1),
      new Column("flag", DataTypes.BOOLEAN(), i -> i % 3 == 0),
      new Column("name", DataTypes.STRING(), i -> BinaryString.fromString(i % 13 == 0 ? "" : "row-" + i + "-äß水")),
      new Column("data", DataTypes.BYTES(), Rows::bytes),
      new Column("price", DataTypes.DECIMAL(10, 2),
          i -> Decimal.fromUnscaledLong(sign(i) * (i * 31L % 10_000_000_000L), 10, 2)),
      new Column("amount", DataTypes.DECIMAL(30, 4), Rows::amount),
      new Column("day", DataTypes.DATE(), i -> i % 40_000 - 3_000),
      new Column("at", DataTypes.TIME(3), i -> (int) (i * 997L % 86_400_000)),
      new Column("moment", DataTypes.TIMESTAMP(6), i -> TimestampNtz.fromMillis(millis(i), nanos(i))),
      new Column("instant", DataTypes.TIMESTAMP_LTZ(6), i -> TimestampLtz.fromEpochMillis(millis(i), nanos(i))));

  static final List<String> NAMES = COLUMNS.stream().map(Column::name).toList();

  /** Bytes, when compared, compare by content: see {@link #expect}. */
  static GenericRow row(int i) {
    GenericRow row = new GenericRow(COLUMNS.size());
    for (int column = 0; column < COLUMNS.size(); column++) {
      boolean isNull = column > 0 && (i + column) % 11 == 0;
      row.setField(column, isNull ? null : COLUMNS.get(column).value().apply(i));
    }
    return row;
  }

  static Schema.Builder schema() {
    return schema(NAMES);
  }

  static Schema.Builder schema(List<String> names) {
    Schema.Builder builder = Schema.newBuilder();
    for (String name : names) {
      builder.column(name, COLUMNS.get(NAMES.indexOf(name)).type());
    }
    return builder;
  }

  /** `got` has the columns `names` (all when null), with the values of `want`, which has all columns. */
  static void expect(InternalRow got, GenericRow want, List<String> names) {
    List<String> columns = names == null ? NAMES : names;
    Check.equal(got.getFieldCount(), columns.size(), "number of columns");
    for (int position = 0; position < columns.size(); position++) {
      int column = NAMES.indexOf(columns.get(position));
      Object value = InternalRow.createFieldGetter(COLUMNS.get(column).type(), position).getFieldOrNull(got);
      Object expected = want.getField(column);
      boolean same = value instanceof byte[] a && expected instanceof byte[] b
          ? Arrays.equals(a, b) : java.util.Objects.equals(value, expected);
      Check.that(same, "id %s: column %s is %s, expected %s", want.getField(0), columns.get(position), value, expected);
    }
  }

  static List<GenericRow> rows(int first, int last) {
    List<GenericRow> rows = new ArrayList<>();
    for (int i = first; i < last; i++) {
      rows.add(row(i));
    }
    return rows;
  }

  private static long sign(int i) {
    return i % 2 == 0 ? -1 : 1;
  }

  private static byte[] bytes(int i) {
    byte[] bytes = new byte[i % 20];
    Arrays.fill(bytes, (byte) i);
    return bytes;
  }

  private static Decimal amount(int i) {
    BigInteger unscaled = BigInteger.TEN.pow(20).add(BigInteger.ONE).multiply(BigInteger.valueOf(sign(i) * i));
    return Decimal.fromBigDecimal(new BigDecimal(unscaled, 4), 30, 4);
  }

  // Every fifth row lies before 1970, in whole milliseconds: pyfluss refuses negative parts of one.
  private static long micros(int i) {
    return 1_700_000_000_000_000L + i * 1_234_567L;
  }

  private static long millis(int i) {
    return i % 5 == 0 ? -(1_700_000_000_000L + i * 1_234L) : micros(i) / 1_000;
  }

  private static int nanos(int i) {
    return i % 5 == 0 ? 0 : (int) (micros(i) % 1_000) * 1_000;
  }

  private Rows() {}
}
