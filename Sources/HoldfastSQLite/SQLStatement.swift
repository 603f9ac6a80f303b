import GRDB
import GRDBSQLite
import Holdfast

/// A prepared statement of GRDB's, bound and stepped through SQLite's own interface: on the commit path a bound value costs
/// some nanoseconds that way instead of a microsecond.
///
/// Belongs to the queue of its connection, like the statement inside.
final class SQLStatement {
    private let statement: Statement
    private let pointer: OpaquePointer
    private var bindingCode = SQLITE_OK

    init(_ statement: Statement) {
        self.statement = statement
        pointer = statement.sqliteStatement
    }

    /// Starts anew with these values for `?1`, `?2`, ….
    func bind<each Value: SQLBindable>(_ values: repeat each Value) {
        reset()
        bindingCode = SQLITE_OK
        var index: Int32 = 0
        repeat bindNext(each values, &index)
    }

    private func bindNext(_ value: some SQLBindable, _ index: inout Int32) {
        index += 1
        bind(value, at: index)
    }

    /// Binds one more value; for statements that are put together.
    func bind(_ value: some SQLBindable, at index: Int32) {
        let code = value.bind(to: pointer, at: index)
        if code != SQLITE_OK { bindingCode = code }
    }

    /// Whether there is a row.
    func step() throws(SQLiteFailure) -> Bool {
        guard bindingCode == SQLITE_OK else { throw failure(bindingCode) }
        switch sqlite3_step(pointer) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        case let code: throw failure(code)
        }
    }

    /// Runs it to its end.
    func run<each Value: SQLBindable>(_ values: repeat each Value) throws(SQLiteFailure) {
        bind(repeat each values)
        defer { reset() }
        while try step() {}
    }

    private func failure(_ code: Int32) -> SQLiteFailure {
        SQLiteFailure(sqlite3_db_handle(pointer), code: code)
    }

    /// Ends the reading; a statement left in the middle of its rows holds their snapshot.
    func reset() { sqlite3_reset(pointer) }

    // MARK: - The row

    func isNull(_ column: Int32) -> Bool { sqlite3_column_type(pointer, column) == SQLITE_NULL }

    func int(_ column: Int32) -> Int64 { sqlite3_column_int64(pointer, column) }

    func optionalInt(_ column: Int32) -> Int64? { isNull(column) ? nil : int(column) }

    func text(_ column: Int32) -> String { String(decoding: bytes(column), as: UTF8.self) }

    func optionalText(_ column: Int32) -> String? { isNull(column) ? nil : text(column) }

    /// Of a text or a blob; valid until the next step.
    func bytes(_ column: Int32) -> UnsafeBufferPointer<UInt8> {
        let start = sqlite3_column_blob(pointer, column)
        let count = Int(sqlite3_column_bytes(pointer, column))
        return UnsafeBufferPointer(start: start?.assumingMemoryBound(to: UInt8.self), count: start == nil ? 0 : count)
    }
}

/// What can be bound to a statement.
protocol SQLBindable {
    func bind(to statement: OpaquePointer, at index: Int32) -> Int32
}

/// SQLite copies the bytes before the call returns.
private let transient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

extension Int64: SQLBindable {
    func bind(to statement: OpaquePointer, at index: Int32) -> Int32 { sqlite3_bind_int64(statement, index, self) }
}

extension Int: SQLBindable {
    func bind(to statement: OpaquePointer, at index: Int32) -> Int32 { Int64(self).bind(to: statement, at: index) }
}

extension Bool: SQLBindable {
    func bind(to statement: OpaquePointer, at index: Int32) -> Int32 {
        Int64(self ? 1 : 0).bind(to: statement, at: index)
    }
}

extension Timestamp: SQLBindable {
    func bind(to statement: OpaquePointer, at index: Int32) -> Int32 { milliseconds.bind(to: statement, at: index) }
}

extension String: SQLBindable {
    func bind(to statement: OpaquePointer, at index: Int32) -> Int32 {
        var copy = self
        return copy.withUTF8 { UTF8Text.bind($0, to: statement, at: index) }
    }
}

/// Text that is there as bytes already.
struct UTF8Text: SQLBindable {
    var bytes: [UInt8]

    func bind(to statement: OpaquePointer, at index: Int32) -> Int32 {
        bytes.withUnsafeBufferPointer { Self.bind($0, to: statement, at: index) }
    }

    static func bind(_ bytes: UnsafeBufferPointer<UInt8>, to statement: OpaquePointer, at index: Int32) -> Int32 {
        guard let start = bytes.baseAddress else { return sqlite3_bind_text(statement, index, "", 0, nil) }
        return start.withMemoryRebound(to: CChar.self, capacity: bytes.count) {
            sqlite3_bind_text64(statement, index, $0, UInt64(bytes.count), transient, UInt8(SQLITE_UTF8))
        }
    }
}

/// A blob.
struct Blob: SQLBindable {
    var bytes: [UInt8]

    func bind(to statement: OpaquePointer, at index: Int32) -> Int32 {
        bytes.withUnsafeBytes { sqlite3_bind_blob64(statement, index, $0.baseAddress, UInt64($0.count), transient) }
    }
}

extension ChangesetID: SQLBindable {
    func bind(to statement: OpaquePointer, at index: Int32) -> Int32 {
        withUnsafeBytes(of: (high.bigEndian, low.bigEndian)) {
            sqlite3_bind_blob64(statement, index, $0.baseAddress, UInt64($0.count), transient)
        }
    }
}

extension ChangesetID {
    /// Nil unless it is 16 bytes.
    init?(bytes: UnsafeBufferPointer<UInt8>) {
        guard bytes.count == 16 else { return nil }
        let words = UnsafeRawBufferPointer(bytes)
        self.init(
            high: UInt64(bigEndian: words.loadUnaligned(as: UInt64.self)),
            low: UInt64(bigEndian: words.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
    }
}

extension Digest: SQLBindable {
    func bind(to statement: OpaquePointer, at index: Int32) -> Int32 {
        Blob(bytes: bytes).bind(to: statement, at: index)
    }

    /// The 32 bytes that the digits stand for.
    var bytes: [UInt8] {
        let digits = hexadecimal.utf8.map { $0 < 0x3A ? $0 - 0x30 : $0 - 0x57 }
        return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }

    init?(bytes: UnsafeBufferPointer<UInt8>) {
        let digits = Array("0123456789abcdef".utf8)
        self.init(
            hexadecimal: String(
                decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self))
    }
}

extension Optional: SQLBindable where Wrapped: SQLBindable {
    func bind(to statement: OpaquePointer, at index: Int32) -> Int32 {
        self?.bind(to: statement, at: index) ?? sqlite3_bind_null(statement, index)
    }
}

extension SQLStatement {
    /// For statements that are put together: a parameter that the text leaves out can't be bound.
    func bind(_ value: some SQLBindable, at index: Int32, ifUsed isUsed: Bool) {
        if isUsed { bind(value, at: index) }
    }
}
