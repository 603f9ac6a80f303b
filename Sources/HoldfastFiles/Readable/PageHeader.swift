import Holdfast

/// What a page of a run or a process says of itself, at its beginning.
struct PageHeader: Hashable {
    /// What follows the id and the state.
    static let members = ["position", "as_of"]
    /// Bytes that hold it.
    static let size = 1024

    /// Of a run, or the status of a process.
    let state: String
    let asOf: Int64

    /// Nil: this is no such page.
    init?(_ page: [UInt8]) {
        let members = ReadableJSON.header(of: page)
        guard let state = (members["state"] ?? members["status"])?.stringValue, let asOf = members["as_of"]?.intValue
        else { return nil }
        self.state = state
        self.asOf = asOf
    }
}
