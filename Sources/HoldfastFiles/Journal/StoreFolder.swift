import Holdfast

/// What stands where in the folder of a store, for one tenant: the default one's is the folder itself.
struct StoreFolder: Sendable, Hashable {
    /// Absolute.
    let top: String
    let root: String

    init(_ top: String, _ tenant: Tenant) {
        self.top = top
        root = tenant == .default ? top : "\(top)/tenants/\(tenant)"
    }

    var format: String { "\(top)/FORMAT" }
    var lock: String { "\(root)/lock" }
    var compactionLock: String { "\(root)/compaction.lock" }
    var tail: String { "\(root)/tail" }
    var journal: String { "\(root)/journal" }
    var histories: String { "\(journal)/histories" }
    var blobs: String { "\(root)/blobs" }
    var workers: String { "\(root)/workers" }
    var logs: String { "\(root)/logs" }

    func segment(_ number: Int32) -> String { "\(journal)/\(Self.digits(Int(number))).jsonl" }
    func base(_ number: Int) -> String { "\(journal)/base-\(Self.digits(number)).jsonl" }

    /// By the first characters of a checksum, so that no folder holds too many.
    func historyFolder(_ id: HistoryID) -> String {
        let checksum = id.description.utf8.reduce(into: UInt32(2_166_136_261)) { $0 = ($0 ^ UInt32($1)) &* 16_777_619 }
        let digits = String(checksum & 0xFF, radix: 16)
        return "\(histories)/\(digits.count == 1 ? "0" : "")\(digits)"
    }

    func history(_ id: HistoryID) -> String { "\(historyFolder(id))/\(id.kind.rawValue)-\(id.id).jsonl" }

    private static func digits(_ number: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, 8 - text.count)) + text
    }

    /// The number of a segment by its file's name.
    static func segmentNumber(_ name: String) -> Int32? {
        guard name.hasSuffix(".jsonl"), name.utf8.count == 14 else { return nil }
        return Int32(name.dropLast(6)).flatMap { $0 > 0 ? $0 : nil }
    }

    static func baseNumber(_ name: String) -> Int? {
        guard name.hasPrefix("base-"), name.hasSuffix(".jsonl") else { return nil }
        return Int(name.dropFirst(5).dropLast(6)).flatMap { $0 > 0 ? $0 : nil }
    }
}
