import Holdfast

extension JSONValue {
    /// Reads a column.
    /// - Throws: `corrupt`.
    init(stored bytes: UnsafeBufferPointer<UInt8>, subject: String) throws(StoreError) {
        do throws(JSONSyntaxError) {
            self = try JSONValue(parsing: bytes)
        } catch {
            throw StoreError(.corrupt, subject: subject, detail: error.description, cause: error)
        }
    }
}

/// Runs what reads stored values.
func decodingStored<Value>(_ body: () throws(StoreError) -> Value) throws(SQLiteFailure) -> Value {
    do { return try body() } catch { throw .refused(error) }
}

/// As stored: null when there is nothing in it.
func storedObject(_ members: [String: JSONValue]) -> UTF8Text? {
    members.isEmpty ? nil : UTF8Text(bytes: JSONValue.object(members).encoded())
}
