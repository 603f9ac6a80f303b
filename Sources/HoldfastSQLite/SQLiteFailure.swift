import GRDB
import GRDBSQLite
import Holdfast

/// Why something inside the store did not happen: a refusal, which wrote nothing and concerns one caller, or an error of
/// SQLite, which concerns everybody in the transaction.
enum SQLiteFailure: Error {
    case refused(StoreError)
    /// An extended result code.
    case failed(code: Int32, message: String)

    /// The failure of the last call on a connection.
    init(_ connection: OpaquePointer?, code: Int32) {
        let message = connection.flatMap { sqlite3_errmsg($0) } ?? sqlite3_errstr(code)
        self = .failed(code: code, message: message.map { String(cString: $0) } ?? "error \(code)")
    }

    /// What GRDB or a closure run by it has thrown.
    init(_ error: any Error) {
        switch error {
        case let failure as SQLiteFailure: self = failure
        case let error as StoreError: self = .refused(error)
        case let error as DatabaseError:
            self = .failed(code: error.extendedResultCode.rawValue, message: error.message ?? "no message")
        default:
            self = .refused(StoreError(.unavailable, subject: "database", detail: "interrupted", cause: error))
        }
    }

    /// The class of the result code; nil for a refusal.
    var primaryCode: Int32? {
        if case .failed(let code, _) = self { code & 0xFF } else { nil }
    }

    /// Whether the kernel said that data may not have reached the disk.
    var isSyncFailure: Bool {
        guard case .failed(let code, _) = self else { return false }
        return code == Self.fsyncFailed || code == Self.folderFsyncFailed
    }

    // The header defines extended codes by macros that Swift can't import.
    private static let fsyncFailed = SQLITE_IOERR | 4 << 8
    private static let folderFsyncFailed = SQLITE_IOERR | 5 << 8

    func storeError(_ path: String) -> StoreError {
        guard case .failed(let code, let message) = self else {
            if case .refused(let error) = self { return error }
            return StoreError(.unavailable, subject: path)
        }
        let (meaning, advice) = Self.meaning(of: code & 0xFF)
        return StoreError(
            meaning, subject: path, detail: advice.map { "\(message); \($0)" } ?? message,
            cause: DatabaseError(resultCode: ResultCode(rawValue: code), message: message))
    }

    private static func meaning(of primaryCode: Int32) -> (StoreError.Code, advice: String?) {
        switch primaryCode {
        case SQLITE_BUSY, SQLITE_LOCKED: (.unavailable, "another program keeps the database locked")
        case SQLITE_CORRUPT, SQLITE_NOTADB, SQLITE_CONSTRAINT, SQLITE_ERROR, SQLITE_MISMATCH:
            (.corrupt, "run `holdfast verify` to see what is damaged, or restore the file from a backup")
        case SQLITE_FULL: (.full, "free some space on this file system, then try again")
        case SQLITE_IOERR: (.unavailable, "the disk reports an error; see the kernel's log before writing on")
        case SQLITE_READONLY, SQLITE_CANTOPEN, SQLITE_PERM, SQLITE_AUTH:
            (.unavailable, "check that the file and its folder exist and that this user may write to both")
        default: (.unavailable, nil)
        }
    }
}
