import Holdfast

/// Bytes of JSON text, put together by hand where a line is made for every step.
struct LineText: Sendable {
    private(set) var bytes: [UInt8] = []

    init(reserving capacity: Int = 256) { bytes.reserveCapacity(capacity) }

    var count: Int { bytes.count }

    /// Text that is JSON already.
    mutating func raw(_ text: StaticString) {
        text.withUTF8Buffer { bytes.append(contentsOf: $0) }
    }

    mutating func raw(_ text: some Collection<UInt8>) { bytes.append(contentsOf: text) }

    /// Between quotes as it is: only for what needs no escapes, as identifiers.
    mutating func plain(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        bytes.append(contentsOf: text.utf8)
        bytes.append(UInt8(ascii: "\""))
    }

    mutating func quoted(_ text: String) { json(.string(text)) }

    mutating func json(_ value: JSONValue) { bytes.append(contentsOf: value.encoded()) }

    mutating func number(_ number: Int64) {
        var digits: (UInt64, UInt64, UInt64) = (0, 0, 0)
        withUnsafeMutableBytes(of: &digits) { buffer in
            var start = buffer.count
            var rest = number.magnitude
            repeat {
                start -= 1
                buffer[start] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
                rest /= 10
            } while rest > 0
            if number < 0 {
                start -= 1
                buffer[start] = UInt8(ascii: "-")
            }
            bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: buffer[start...]))
        }
    }

    /// `,"name":[…]` with an element for each value; nothing at all when there is none.
    mutating func array<Value>(_ name: StaticString, _ values: [Value], _ write: (inout LineText, Value) -> Void) {
        guard !values.isEmpty else { return }
        raw(",\"")
        raw(name)
        raw("\":[")
        for (index, value) in values.enumerated() {
            if index > 0 { raw(",") }
            write(&self, value)
        }
        raw("]")
    }

    /// `"run":"…"` or `"process":"…"`
    mutating func history(_ id: HistoryID) {
        switch id {
        case .run(let id):
            raw("\"run\":")
            plain(id.rawValue)
        case .process(let id):
            raw("\"process\":")
            plain(id.rawValue)
        }
    }
}
