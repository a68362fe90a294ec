#pragma once

#include <vector>

#include "common/record/log_batch_builder.h"
#include "common/record/log_record_reader.h"

// What the tests of strom_record share: the schemas and rows of the recorded batches.
namespace strom::record {

// (id INT, name STRING) and the rows (1,'a'), (2,NULL), (3,'ccc') of the vectors L1 to L14.
RecordSchema SampleSchema(LogFormat format);
const std::vector<Row>& SampleRows();

// Seven columns, five of them nested or rare, and the two rows of L15.
RecordSchema NestedSchema();
std::vector<Row> NestedRows();

// A batch of `rows` with one change type a row, or append-only rows if `types` is empty.
Bytes MakeBatch(const RecordSchema& schema, LogBatchBuilder::Options options,
                const std::vector<ChangeType>& types, const std::vector<Row>& rows,
                WriterId writer_id = kNoWriter, BatchSequence batch_sequence = kNoSequence);

// All records of the one batch in `bytes`.
Result<std::vector<LogRecord>> ReadBatch(BytesView bytes, const RecordSchema& schema,
                                         LogOffset from = LogOffset(0));

}  // namespace strom::record
